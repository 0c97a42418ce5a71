package sql

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/poll"
)

var _ poll.Asker = (*Source)(nil)

const canary = "pa55-canary-7d1f"

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		o    Options
		says string
	}{
		"nothing":                       {Options{}, "dsn is empty"},
		"no driver":                     {Options{DSN: canary}, "allowed: postgres, mysql (MariaDB, too), sqlite"},
		"another driver":                {Options{Driver: "oracle", DSN: canary}, `driver is "oracle"`},
		"less than no time":             {Options{Driver: "sqlite", DSN: "a", Timeout: -1}, "timeout is -1ns"},
		"less than no connections":      {Options{Driver: "sqlite", DSN: "a", Connections: -1}, "connections is -1"},
		"postgres, a word":              {Options{Driver: "postgres", DSN: canary}, "not the address of a PostgreSQL"},
		"postgres, a port":              {Options{Driver: "postgres", DSN: "postgres://me:" + canary + "@db:port/app"}, "percent-encoded"},
		"postgres, an @ in a password":  {Options{Driver: "postgres", DSN: "postgres://me:a@" + canary + "@db/app"}, "percent-encoded"},
		"postgres, a / in a password":   {Options{Driver: "postgres", DSN: "postgres://me:1/" + canary + "@db/app"}, "percent-encoded"},
		"postgres, a / and letters":     {Options{Driver: "postgres", DSN: "postgres://me:" + canary + "/@db/app"}, "percent-encoded"},
		"postgres, a / and a ?":         {Options{Driver: "postgres", DSN: "postgres://me:1/2?" + canary + "@db/app"}, "percent-encoded"},
		"postgres, a % in a password":   {Options{Driver: "postgres", DSN: "postgres://me:%" + canary + "@db/app"}, "percent-encoded"},
		"postgres, a space in one":      {Options{Driver: "postgres", DSN: "host=db password=a " + canary}, "not the address"},
		"postgres, a quote in one":      {Options{Driver: "postgres", DSN: "host=db password='" + canary}, "not the address"},
		"postgres, a mode of TLS":       {Options{Driver: "postgres", DSN: "postgres://me:a@db/app?sslmode=" + canary}, "not the address"},
		"postgres, a file that is gone": {Options{Driver: "postgres", DSN: "postgres://me:" + canary + "@db/app?sslmode=verify-full&sslrootcert=/gone/" + canary}, "a file that dsn names is not there"},
		"mysql, a word":                 {Options{Driver: "mysql", DSN: canary}, "not the address of a MySQL"},
		"mysql, a URL":                  {Options{Driver: "mysql", DSN: "mysql://me:" + canary + "@db:3306/app"}, "without mysql://"},
		"mysql, no parentheses":         {Options{Driver: "mysql", DSN: "me:" + canary + "@db:3306/app"}, "not the address of a MySQL"},
		"mysql, no end of address":      {Options{Driver: "mysql", DSN: "me:" + canary + "@tcp(db:3306/app"}, "not the address of a MySQL"},
		"mysql, a slash before all":     {Options{Driver: "mysql", DSN: "/me:" + canary + "@tcp(db:3306)"}, "not the address of a MySQL"},
		"mysql, a way of TLS":           {Options{Driver: "mysql", DSN: "me:a@tcp(db)/app?tls=" + canary}, "not the address of a MySQL"},
		"mysql, a wrong setting":        {Options{Driver: "mysql", DSN: "me:a@tcp(db)/app?timeout=" + canary}, "not the address of a MySQL"},
		"sqlite, settings":              {Options{Driver: "sqlite", DSN: "a.db?key=" + canary}, "without settings"},
		"sqlite, memory":                {Options{Driver: "sqlite", DSN: ":memory:"}, "not the path of a file"},
		"sqlite, memory by file":        {Options{Driver: "sqlite", DSN: "file::memory:"}, "not the path of a file"},
		"sqlite, no file":               {Options{Driver: "sqlite", DSN: "file:"}, "not the path of a file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(c.o)
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), canary) {
				t.Errorf("New = %v; want %q and no secret", err, c.says)
			}
		})
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	for name, c := range map[string]struct {
		o     Options
		place string
	}{
		"postgres":          {Options{Driver: "postgres", DSN: "postgres://me:" + canary + "@db/app"}, "postgres at db:5432"},
		"postgres by words": {Options{Driver: "postgres", DSN: "host=db port=7 user=me password=" + canary}, "postgres at db:7"},
		"postgres, a ?":     {Options{Driver: "postgres", DSN: "postgres://me:?" + canary + "@db/app"}, "postgres at db:5432"},
		"mysql":             {Options{Driver: "mysql", DSN: "me:" + canary + "@tcp(db)/app"}, "mysql at db:3306"},
		"mysql, an @":       {Options{Driver: "mysql", DSN: "me:a@/:" + canary + "@tcp(db:7)/app"}, "mysql at db:7"},
	} {
		t.Run(name, func(t *testing.T) {
			s := source(t, c.o)
			var log bytes.Buffer
			slog.New(slog.NewTextHandler(&log, nil)).Info("x", "options", c.o, "source", s)
			for _, text := range []string{fmt.Sprint(c.o), fmt.Sprintf("%+v", c.o), fmt.Sprintf("%#v", c.o), fmt.Sprint(s), fmt.Sprintf("%+v", s),
				fmt.Sprintf("%#v", s), log.String()} {
				if strings.Contains(text, canary) {
					t.Errorf("printed: %s", text)
				}
			}
			if s.String() != c.place {
				t.Errorf("it is %q; want %q", s, c.place)
			}
		})
	}
}

// A password whose special characters are written as they are may be read as something else. That is not shown either.
func TestOddPasswordsAreNotPrinted(t *testing.T) {
	special := rapid.StringOfN(rapid.SampledFrom([]rune(`@:/?#[]%&=()'" \,1`)), 1, 4, -1)
	rapid.Check(t, func(t *rapid.T) {
		password := "zq" + special.Draw(t, "middle") + "qz" + special.Draw(t, "end")
		for _, o := range []Options{
			{Driver: "postgres", DSN: "postgres://me:" + password + "@db/app"},
			{Driver: "postgres", DSN: "host=db user=me password=" + password},
			{Driver: "mysql", DSN: "me:" + password + "@tcp(db)/app"},
			{Driver: "mysql", DSN: "mysql://me:" + password + "@db/app"},
		} {
			s, err := New(o)
			text := fmt.Sprint(s, err)
			if err == nil {
				_ = s.Close() // nothing is open
			}
			if strings.Contains(text, "zq") || strings.Contains(text, "qz") {
				t.Errorf("%s: %s", o.DSN, text)
			}
		}
	})
}

func FuzzNumber(f *testing.F) {
	for _, text := range []string{"7", "-0.5", "1e3", "1e400", "NaN", "0x1p2", "", "."} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := number(text, "TEXT")
		want, wrong := strconv.ParseFloat(text, 64)
		switch {
		case err == nil && (wrong != nil || value != want || math.IsInf(value, 0) || math.IsNaN(value)):
			t.Errorf("%q is %v", text, value)
		case err != nil && (len(err.Error()) > 2000 || strings.Contains(err.Error(), "\n")):
			t.Errorf("the error is no short line: %q", err)
		}
	})
}

// Where nobody listens, hangs up, or says nothing at all, the source is down.
func TestDown(t *testing.T) {
	for server, address := range map[string]string{
		"no name":   "db.invalid:7",
		"nobody":    closed(t),
		"hangs up":  listen(t, func(c net.Conn) {}),
		"is silent": listen(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)); time.Sleep(time.Second) }), // until it is hung up
		"talks web": listen(t, func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 400 Bad Request " + canary + "\r\n\r\n")) }),
		"never ends": listen(t, func(c net.Conn) {
			for err := error(nil); err == nil; {
				_, err = c.Write(make([]byte, 1<<16))
			}
		}),
	} {
		for _, o := range []Options{
			{Driver: "postgres", DSN: "postgres://me:" + canary + "@" + address + "/app?sslmode=disable"},
			{Driver: "postgres", DSN: "postgres://me:" + canary + "@" + address + "/app"},
			{Driver: "mysql", DSN: "me:" + canary + "@tcp(" + address + ")/app"},
		} {
			t.Run(server+", "+o.Driver, func(t *testing.T) {
				o.Timeout = 300 * time.Millisecond
				begun := time.Now()
				_, err := source(t, o).Ask(t.Context(), "SELECT 1")
				if !errors.As(err, &engine.Down{}) || strings.Contains(err.Error(), canary) || !strings.HasPrefix(err.Error(), o.Driver+" at "+address+": ") {
					t.Errorf("Ask = %v; want that the source is down, without secrets", err)
				}
				if took := time.Since(begun); took > 5*time.Second {
					t.Errorf("it took %s", took)
				}
			})
		}
	}
}

func TestAskLooksAtTheQueryFirst(t *testing.T) {
	s := source(t, Options{Driver: "postgres", DSN: "postgres://me:x@" + closed(t) + "/app"})
	_, err := s.Ask(t.Context(), "SELECT 1; DELETE FROM a")
	if err == nil || errors.As(err, &engine.Down{}) || !strings.Contains(err.Error(), "after a semicolon") {
		t.Errorf("Ask = %v", err)
	}
}

func TestNumber(t *testing.T) {
	for name, c := range map[string]struct {
		value any
		kind  string
		want  float64
		says  string // empty: it is want
	}{
		"an integer":              {int64(-7), "BIGINT", -7, ""},
		"a large integer":         {uint64(math.MaxUint64), "UNSIGNED BIGINT", 18446744073709551615, ""},
		"a float":                 {0.25, "DOUBLE", 0.25, ""},
		"a short float":           {float32(0.25), "FLOAT", 0.25, ""},
		"zero":                    {int64(0), "INT", 0, ""},
		"a decimal":               {[]byte("12.50"), "DECIMAL", 12.5, ""},
		"a numeric":               {"-0.000001", "NUMERIC", -0.000001, ""},
		"many digits":             {"0.1000000000000000055511151231257827", "NUMERIC", 0.1, ""},
		"an exponent":             {"1.5e3", "TEXT", 1500, ""},
		"a large exponent":        {"1e308", "TEXT", 1e308, ""},
		"NULL":                    {nil, "INT4", 0, "the answer is NULL; allowed: a number"},
		"true":                    {true, "BOOL", 0, "the answer is true; allowed: a number"},
		"false":                   {false, "BOOL", 0, "the answer is false; allowed: a number"},
		"a time":                  {time.Unix(0, 0), "TIMESTAMPTZ", 0, "the answer is a time"},
		"not a number":            {math.NaN(), "FLOAT8", 0, "the answer is NaN; allowed: a finite number"},
		"infinity":                {math.Inf(-1), "FLOAT8", 0, "the answer is -Inf"},
		"short infinity":          {float32(math.Inf(1)), "FLOAT4", 0, "the answer is +Inf"},
		"a numeric NaN":           {"NaN", "NUMERIC", 0, `the text "NaN"`},
		"a numeric infinity":      {"-Infinity", "NUMERIC", 0, `the text "-Infinity"`},
		"a numeric beyond":        {"1" + strings.Repeat("0", 400), "NUMERIC", 0, "a number of 401 characters, beyond ±1.8e308"},
		"an exponent beyond":      {"-1e400", "TEXT", 0, "beyond ±1.8e308"},
		"hexadecimal":             {"0x10", "TEXT", 0, `the text "0x10"`},
		"thousands":               {"1_000", "TEXT", 0, `the text "1_000"`},
		"a comma":                 {"1,5", "TEXT", 0, `the text "1,5"`},
		"a unit":                  {"4MB", "TEXT", 0, `the text "4MB"`},
		"a date":                  {[]byte("2024-01-02"), "DATE", 0, `the text "2024-01-02"`},
		"an empty text":           {"", "TEXT", 0, `the text ""`},
		"a letter":                {"e", "TEXT", 0, `the text "e"`},
		"spaces":                  {" 7 ", "TEXT", 0, `the text "7"; allowed`},
		"bits":                    {[]byte("7"), "BIT", 0, "of type BIT; allowed: a number"},
		"bytes":                   {[]byte("7"), "MEDIUMBLOB", 0, "of type MEDIUMBLOB"},
		"bytes of Postgres":       {[]byte("7"), "BYTEA", 0, "of type BYTEA"},
		"something else":          {struct{}{}, "POINT", 0, "of type POINT"},
		"a text of a long answer": {strings.Repeat("a", 1000), "TEXT", 0, strings.Repeat("a", 300) + `…"`},
		"a text of several lines": {"a\nb\x1b[31m", "TEXT", 0, `the text "a b [31m"`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := number(c.value, c.kind)
			switch {
			case c.says == "" && (err != nil || got != c.want):
				t.Errorf("number = %v, %v; want %v", got, err, c.want)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("number = %v, %v; want %q", got, err, c.says)
			}
		})
	}
}

func source(t testing.TB, o Options) *Source {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// ask is the answer, or the error's text.
func ask(s *Source, ctx context.Context, query string) string {
	value, err := s.Ask(ctx, query)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(value)
}

func closed(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// listen serves each connection, then hangs up.
func listen(t *testing.T, serve func(net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	return l.Addr().String()
}
