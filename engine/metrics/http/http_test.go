package httpjson

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/poll"
)

var _ poll.Asker = (*Source)(nil)

const canary = "t0ken-canary"

const document = `{
	"queues": [{"name": "mail", "length": 12}, {"name": "print", "length": "3.5"}, {"name": "gone", "length": null}],
	"deep": {"a key": {"n": -1e308}}, "text": "abc", "empty": "", "yes": true, "inf": "Infinity", "nan": "NaN"
}`

func TestAsk(t *testing.T) {
	s := source(t, Options{URL: serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, document) })})
	for query, want := range map[string]float64{
		"$.queues[0].length":                       12,
		"$.queues[?(@.name == 'mail')].length":     12,
		"$.queues[1].length":                       3.5,
		"$['deep']['a key'].n":                     -1e308,
		" $.deep['a key'].n ":                      -1e308,
		"$..n":                                     -1e308,
		"$.queues[?(@.length > 10)].length":        12,
		"$.queues[-2].length":                      3.5,
		"$.queues[?(@['name'] == 'print')].length": 3.5,
	} {
		if got, err := s.Ask(t.Context(), query); err != nil || got != want {
			t.Errorf("%s = %v, %v; want %v", query, got, err, want)
		}
	}
	for query, says := range map[string]string{
		"$.nothing":          "nothing is there, in a document that is an object with 7 fields",
		"$.queues[9].length": "nothing is there",
		"$.queues[*].length": "3 values are there; allowed: one",
		"$.queues[2].length": "null is there; allowed: a number",
		"$.yes":              "true is there",
		"$.queues":           "a list of 3 is there",
		"$.deep":             "an object with 1 fields is there",
		"$":                  "an object with 7 fields is there",
		"$.text":             `the text "abc" is there`,
		"$.empty":            `the text "" is there`,
		"$.inf":              `the text "Infinity" is there`,
		"$.nan":              `the text "NaN" is there`,
		"queues":             "does not begin with $",
	} {
		_, err := s.Ask(t.Context(), query)
		isError(t, err, false, says)
	}
}

func TestCheck(t *testing.T) {
	for _, query := range []string{"$", "$.a", "$['a']", "$.a[0]", "$.a[-1].b", "$..a", "$.a[?(@.b == 'c')].d", "$.a[?@.b > 1].d", "$.*"} {
		if err := Check(query); err != nil {
			t.Errorf("Check(%s) = %v", query, err)
		}
	}
	for query, says := range map[string]string{
		"":                                "there is no query; allowed: a JSONPath",
		"  ":                              "there is no query",
		"queues[0].length":                "does not begin with $",
		"@.a":                             "does not begin with $",
		"$.a[":                            "not a JSONPath: ",
		"$.":                              "not a JSONPath: ",
		"$.a[?(@.b == ]":                  "not a JSONPath: ",
		"$.a[(@.length-1)]":               "not a JSONPath: ",
		"$ .a":                            "not a JSONPath: ",
		"$..a..b":                         ".. more than once",
		"$." + strings.Repeat("a", 2000):  "the query has 2002 bytes",
		"$.a[?(@.b == 'c')].d, $.a[0].d ": "not a JSONPath: ",
		"$.a\n.b":                         "not a JSONPath: ",
		"$['a','b'].c":                    "asks for several values, ['a','b']; allowed: one",
		"sum($.a)":                        "does not begin with $",
	} {
		err := Check(query)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("Check(%q) = %v; want one line with %q", query, err, says)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		o    Options
		says string
	}{
		"nothing":            {Options{}, "not a web address"},
		"another scheme":     {Options{URL: "ftp://" + canary}, "not a web address"},
		"no host":            {Options{URL: "http:///" + canary}, "not a web address"},
		"a port":             {Options{URL: "http://host:" + canary}, "not a web address"},
		"a user":             {Options{URL: "http://me:" + canary + "@host/"}, "write username and password beside it"},
		"a fragment":         {Options{URL: "http://host/#" + canary}, "has a # in it"},
		"both":               {Options{URL: "http://host/", Token: canary, Password: canary}, "both a token and"},
		"a token of 2 lines": {Options{URL: "http://host/", Token: canary + "\n"}, "a line break"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(c.o)
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), canary) {
				t.Errorf("New = %v; want %q and no secret", err, c.says)
			}
		})
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	for _, o := range []Options{
		{URL: "http://host:80/" + canary + "?key=" + canary, Token: canary},
		{URL: "http://host:80/", Username: "me", Password: canary},
	} {
		s := source(t, o)
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "options", o, "source", s)
		for _, text := range []string{fmt.Sprint(o), fmt.Sprintf("%+v", o), fmt.Sprintf("%#v", o), fmt.Sprint(s), fmt.Sprintf("%+v", s),
			fmt.Sprintf("%#v", s), log.String()} {
			if strings.Contains(text, canary) || !strings.Contains(text, "JSON document at host:80") {
				t.Errorf("printed: %s", text)
			}
		}
	}
}

// It says who asks, for what, and as whom.
func TestRequest(t *testing.T) {
	for name, c := range map[string]struct {
		o    Options
		want string
	}{
		"nobody":  {Options{}, ""},
		"a token": {Options{Token: canary}, "Bearer " + canary},
		"a user":  {Options{Username: "me", Password: "pw"}, "Basic " + base64.StdEncoding.EncodeToString([]byte("me:pw"))},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.URL = serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method != "GET" || r.URL.String() != "/status?a=b" || r.Header.Get("User-Agent") != "flyball" ||
					r.Header.Get("Accept") != "application/json" || r.Header.Get("Authorization") != c.want {
					t.Errorf("asked %s %s with %v", r.Method, r.URL, r.Header)
				}
				fmt.Fprint(w, "1")
			}) + "/status?a=b"
			if got, err := source(t, c.o).Ask(t.Context(), "$"); err != nil || got != 1 {
				t.Errorf("Ask = %v, %v; want 1", got, err)
			}
		})
	}
}

func TestErrorsAreTyped(t *testing.T) {
	_, err := decode([]byte(`{"a": 1e100000}`), poll.Short)
	if wrong := (&json.UnmarshalTypeError{}); !errors.As(err, &wrong) || wrong.Offset < 6 || wrong.Offset > 15 {
		t.Errorf("decode = %#v; want a *json.UnmarshalTypeError with the offset", err)
	}
	_, err = decode([]byte(`{"a": 1}}`), poll.Short)
	if wrong := (&json.SyntaxError{}); !errors.As(err, &wrong) || wrong.Offset != 9 {
		t.Errorf("decode = %#v; want a *json.SyntaxError with the offset", err)
	}
}

// All metrics of a sweep are of one document.
func TestOneFetchForAll(t *testing.T) {
	var asked atomic.Int64
	hold := make(chan struct{})
	s := source(t, Options{URL: serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		<-hold
		fmt.Fprint(w, document)
	})})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if got, err := s.Ask(t.Context(), "$.queues[0].length"); err != nil || got != 12 {
				t.Errorf("Ask = %v, %v; want 12", got, err)
			}
		})
	}
	for s.waiting() < 20 {
		time.Sleep(time.Millisecond)
	}
	close(hold)
	all.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("%d requests; want 1", n)
	}
}

func (s *Source) waiting() int {
	s.shared.mu.Lock()
	defer s.shared.mu.Unlock()
	if s.shared.last == nil {
		return 0
	}
	return s.shared.last.waiting
}

// The largest and the deepest document there can be is searched in no time.
func TestSearchEnds(t *testing.T) {
	deep := strings.Repeat(`{"a":[`, 4900) + `{"n": 7}` + strings.Repeat("]}", 4900)
	wide := `[{"n": 7}` + strings.Repeat(`,{"a":[[1]]}`, 80000) + "]"
	for name, text := range map[string]string{"deep": deep, "wide": wide} {
		t.Run(name, func(t *testing.T) {
			document, err := decode([]byte(text), poll.Short)
			if err != nil {
				t.Fatal(err)
			}
			for _, query := range []string{"$..n", "$..[?(@.n == 7)].n", "$..[?(@.n > 1)].n"} {
				path, err := parse(query)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := number(path, document, poll.Short); err != nil || got != 7 {
					t.Errorf("%s = %v, %v; want 7", query, got, err)
				}
			}
		})
	}
}

// Whatever is written and whatever the document is, the answer is one finite number or an error of one line.
func FuzzQuery(f *testing.F) {
	for _, query := range []string{"$", "$.queues[0].length", "$.queues[?(@.name == 'mail')].length", "$..n", "$.*", "$['a','b']", "$[1:2:3]",
		"$.a[?length(@.b) > 1]", "$.a[?match(@.b, 'x')]", "$.queues[?(@.name =~ /m.*/)].length", "$[99999999999999999999]", "$[", "$.a[?(@.b in [1,2])]"} {
		f.Add(query, document)
	}
	f.Fuzz(func(t *testing.T, query, document string) {
		err := Check(query)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\r\n") || len(err.Error()) > 4*200+200 {
				t.Fatalf("%q: %q", query, err)
			}
			return
		}
		read, err := decode([]byte(document), poll.Short)
		if err != nil {
			return
		}
		path, err := parse(query)
		if err != nil {
			t.Fatalf("%q passes, and then does not: %v", query, err)
		}
		value, err := number(path, read, poll.Short)
		if err == nil && (math.IsNaN(value) || math.IsInf(value, 0)) {
			t.Fatalf("%q of %q is %v", query, document, value)
		}
	})
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
	tb.Cleanup(func() { _ = s.Close() }) // it never fails
	return s
}

// serve answers on a loopback address until the test ends.
func serve(tb testing.TB, answer http.HandlerFunc) string {
	tb.Helper()
	server := httptest.NewUnstartedServer(answer)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // of hands shaken in vain
	server.Start()
	tb.Cleanup(server.Close)
	return server.URL
}

func BenchmarkAsk(b *testing.B) {
	var large strings.Builder
	for i := range 500 {
		fmt.Fprintf(&large, `%s{"name": "queue-%d", "length": %d}`, strings.Repeat(",", min(i, 1)), i, i)
	}
	for name, text := range map[string]string{"small": document, "40 kB": `{"queues": [` + large.String() + `]}`} {
		address := serve(b, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) })
		for kind, wait := range map[string]bool{"alone": true, "shared": false} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				s := source(b, Options{URL: address})
				for b.Loop() {
					if wait {
						s.shared = shared{}
					}
					if _, err := s.Ask(b.Context(), "$.queues[0].length"); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
