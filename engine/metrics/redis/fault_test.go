package redis

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

const canary = "pa55-canary"

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		o    Options
		says string
	}{
		"nothing":                  {Options{}, "not the address of a Redis"},
		"a web address":            {Options{URL: "http://redis:6379"}, "not the address of a Redis"},
		"no scheme":                {Options{URL: "redis:6379"}, "not the address of a Redis"},
		"no address":               {Options{URL: "redis://:6379"}, "not the address of a Redis"},
		"a port that is none":      {Options{URL: "redis://redis:" + canary}, "not the address of a Redis"},
		"a password":               {Options{URL: "redis://:" + canary + "@redis:6379"}, "write username and password beside it"},
		"a user":                   {Options{URL: "redis://me@redis:6379"}, "write username and password beside it"},
		"a password with a slash":  {Options{URL: "redis://:/" + canary + "@redis:6379"}, "url"},
		"settings of a library":    {Options{URL: "redis://redis:6379/0?password=" + canary}, "has a ?"},
		"a database by name":       {Options{URL: "redis://redis:6379/" + canary}, "not the number of a database"},
		"a database below 0":       {Options{URL: "redis://redis:6379/-1"}, "not the number of a database"},
		"a user without password":  {Options{URL: "redis://redis", Username: "me"}, "without a password"},
		"less than no connections": {Options{URL: "redis://redis", Connections: -1}, "connections is -1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(c.o)
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), canary) {
				t.Errorf("New = %v; want %q and no secret", err, c.says)
			}
		})
	}
}

func TestNewTakesAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"redis://redis":        "redis:6379 0 plain",
		"redis://redis:7000/3": "redis:7000 3 plain",
		"redis://[::1]:7000/":  "[::1]:7000 0 plain",
		"rediss://redis":       "redis:6379 0 TLS",
	} {
		s := source(t, Options{URL: text})
		o := s.client.Options()
		kind := "plain"
		if strings.HasPrefix(text, "rediss") {
			kind = "TLS"
		}
		database := "0"
		if first := s.dialer.opening[0]; first[0] == "SELECT" {
			database = first[1]
		}
		if got := fmt.Sprintf("%s %s %s", o.Addr, database, kind); got != want {
			t.Errorf("%s is %s; want %s", text, got, want)
		}
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	o := Options{URL: "redis://redis:6379", Username: "me", Password: canary}
	s := source(t, o)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "options", o, "source", s)
	for _, text := range []string{fmt.Sprint(o), fmt.Sprintf("%+v", o), fmt.Sprintf("%#v", o), fmt.Sprint(s), fmt.Sprintf("%+v", s),
		fmt.Sprintf("%#v", s), log.String()} {
		if strings.Contains(text, canary) || !strings.Contains(text, "redis at redis:6379") {
			t.Errorf("printed: %s", text)
		}
	}
}

// What a server answers decides whether the source is down or the query can't be answered.
func TestReplies(t *testing.T) {
	group := func(rest string) string {
		return "*1\r\n*8\r\n+name\r\n+billing\r\n+consumers\r\n:1\r\n+pending\r\n:7\r\n" + rest
	}
	for name, c := range map[string]struct {
		query, reply string
		down         bool
		says         string // empty: it answers 7
	}{
		"a number":              {"LLEN a", ":7\r\n", false, ""},
		"loading":               {"LLEN a", "-LOADING Redis is loading the dataset in memory\r\n", true, "LOADING"},
		"busy":                  {"LLEN a", "-BUSY Redis is busy running a script.\r\n", true, "BUSY"},
		"no master":             {"LLEN a", "-MASTERDOWN Link with MASTER is down\r\n", true, "MASTERDOWN"},
		"a cluster down":        {"LLEN a", "-CLUSTERDOWN Hash slot not served\r\n", true, "CLUSTERDOWN"},
		"too many clients":      {"LLEN a", "-ERR max number of clients reached\r\n", true, "max number of clients"},
		"a password wanted":     {"LLEN a", "-NOAUTH Authentication required.\r\n", true, "NOAUTH"},
		"another node":          {"LLEN a", "-MOVED 15495 10.0.0.9:6379\r\n", false, "another node of the cluster (MOVED 15495 10.0.0.9:6379)"},
		"not permitted":         {"LLEN a", "-NOPERM this user has no permissions\r\n", false, "NOPERM"},
		"another type":          {"LLEN a", "-WRONGTYPE Operation against a key\r\n", false, "LLEN is of lists"},
		"our password back":     {"LLEN a", "-ERR you said " + canary + "\r\n", false, "you said …"},
		"not a number":          {"LLEN a", "+OK\r\n", false, "no whole number"},
		"nothing":               {"LLEN a", "$-1\r\n", false, "says: redis: nil"},
		"another protocol":      {"LLEN a", "HTTP/1.1 400 Bad Request " + canary + "\r\n\r\n", true, "HTTP/1.1 400 Bad Request …"},
		"the end":               {"LLEN a", "", true, "EOF"},
		"a long text":           {"GET a", "$600\r\n" + strings.Repeat("1", 600) + "\r\n", false, "more than 512 bytes"},
		"a long field":          {"HGET a b", ":600\r\n", false, "a text of 600 bytes"},
		"a text with spaces":    {"GET a", "$5\r\n 7.0 \r\n", false, ""},
		"NaN":                   {"GET a", "$3\r\nNaN\r\n", false, `the text "NaN"; allowed: a finite number`},
		"infinity":              {"GET a", "$4\r\n-Inf\r\n", false, "allowed: a finite number"},
		"too large":             {"GET a", "$8\r\n1e100000\r\n", false, "allowed: a finite number"},
		"our password at a key": {"GET a", "$11\r\n" + canary + "\r\n", false, `the text "…"`},
		"lag":                   {"XLAG a billing", group("+lag\r\n:7\r\n"), false, ""},
		"lag not known":         {"XLAG a billing", group("+lag\r\n$-1\r\n"), false, "Redis can't tell the lag"},
		"lag of an old Redis":   {"XLAG a billing", group("+last-delivered-id\r\n+0-1\r\n"), false, "Redis does since 7.0"},
		"lag below nothing":     {"XLAG a billing", group("+lag\r\n:-990\r\n"), false, "Redis counts a lag of -990: the group was made or set with an ENTRIESREAD that is too high; XGROUP SETID"},
		"pending":               {"XPENDING a billing", group("+last-delivered-id\r\n+0-1\r\n"), false, ""},
		"no groups":             {"XPENDING a billing", "*0\r\n", false, "has no groups"},
		"another group":         {"XPENDING a b", group("+lag\r\n:7\r\n"), false, `no such group; it has "billing"`},
		"groups that are none":  {"XPENDING a b", "*1\r\n:7\r\n", false, "no such group"},
	} {
		t.Run(name, func(t *testing.T) {
			s := source(t, Options{URL: "redis://" + replies(t, c.reply), Password: canary})
			got, err := s.Ask(t.Context(), c.query)
			if c.says == "" {
				if err != nil || got != 7 {
					t.Errorf("Ask = %v, %v; want 7", got, err)
				}
				return
			}
			isError(t, err, c.down, c.says)
		})
	}
}

func TestTLS(t *testing.T) {
	web := httptest.NewTLSServer(nil) // it has a certificate
	defer web.Close()
	address := listen(t, func(c net.Conn) { speaks(":7\r\n")(tls.Server(c, web.TLS)) })
	known := x509.NewCertPool()
	known.AddCert(web.Certificate())
	s := open(Options{}, &dialer{address: address, tls: &tls.Config{RootCAs: known, ServerName: "127.0.0.1"}})
	defer s.Close()
	if got, err := s.Ask(t.Context(), "LLEN a"); err != nil || got != 7 {
		t.Errorf("Ask = %v, %v; want 7", got, err)
	}
	_, err := source(t, Options{URL: "rediss://" + address, Password: canary}).Ask(t.Context(), "LLEN a")
	isError(t, err, true, "certificate signed by unknown authority")
}

// A server that takes connections and says nothing holds nobody longer than asked.
func TestDeadline(t *testing.T) {
	for _, scheme := range []string{"redis", "rediss"} {
		t.Run(scheme, func(t *testing.T) {
			s := source(t, Options{URL: scheme + "://" + listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }), Password: canary})
			ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errors.New("no answer within 50ms"))
			defer cancel()
			_, err := s.Ask(ctx, "LLEN a")
			isError(t, err, true, "no answer within 50ms")
		})
	}
}

// What is cancelled ends at once, although the server still thinks.
func TestCancel(t *testing.T) {
	asked := make(chan struct{})
	s := source(t, Options{URL: "redis://" + listen(t, func(c net.Conn) {
		close(asked)
		_, _ = io.Copy(io.Discard, c)
	})})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if _, err := s.Ask(ctx, "LLEN a"); !errors.Is(err, context.Canceled) {
		t.Errorf("Ask = %v; want that it was cancelled", err)
	}
}

// Nobody at the address, and TLS where there is none, are a source that is down.
func TestUnreached(t *testing.T) {
	plain := listen(t, func(c net.Conn) { fmt.Fprint(c, "-ERR "+canary+"\r\n") })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	for name, c := range map[string]struct{ url, says string }{
		"refused":     {"redis://" + nobody, "connection refused"},
		"without TLS": {"rediss://" + plain, "does not look like a TLS handshake"},
	} {
		t.Run(name, func(t *testing.T) {
			s := source(t, Options{URL: c.url, Password: canary})
			for range 8 { // the library would take to dialling by itself
				_, err := s.Ask(t.Context(), "LLEN a")
				isError(t, err, true, c.says)
			}
		})
	}
}

func isError(t *testing.T, err error, down bool, says string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v; want one line with %q, and no secret", err, says)
	}
	if is := errors.As(err, &engine.Down{}); is != down {
		t.Errorf("down is %v; want %v: %v", is, down, err)
	}
}

func source(tb testing.TB, o Options) *Source {
	tb.Helper()
	s, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() }) // it may be closed
	return s
}

// listen serves connections until the test ends.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			stop := context.AfterFunc(t.Context(), func() { c.Close() })
			open.Go(func() {
				defer c.Close()
				defer stop()
				serve(c)
			})
		}
	})
	t.Cleanup(open.Wait)
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// replies is a server that knows how connections begin, and one reply to what it is asked; empty: it hangs up.
func replies(t *testing.T, reply string) string { return listen(t, speaks(reply)) }

func speaks(reply string) func(net.Conn) {
	return func(c net.Conn) {
		r := bufio.NewReader(c)
		for {
			command, err := read(r)
			if err != nil {
				return
			}
			answer := reply
			switch command {
			case "HELLO":
				answer = "-ERR unknown command\r\n"
			case "AUTH", "CLIENT", "SELECT":
				answer = "+OK\r\n"
			}
			if answer == "" {
				return
			}
			fmt.Fprint(c, answer)
		}
	}
}

// read answers the first word of a command, in capitals.
func read(r *bufio.Reader) (string, error) {
	number := func(prefix byte) (int, error) {
		line, err := r.ReadString('\n')
		if err != nil || line[0] != prefix {
			return 0, cmp.Or(err, errors.New("not a command"))
		}
		return strconv.Atoi(strings.TrimSpace(line[1:]))
	}
	words, err := number('*')
	first := ""
	for i := range words {
		size, err := number('$')
		if err != nil {
			return "", err
		}
		word := make([]byte, size+2)
		if _, err := io.ReadFull(r, word); err != nil {
			return "", err
		}
		if i == 0 {
			first = strings.ToUpper(string(word[:size]))
		}
	}
	return first, err
}
