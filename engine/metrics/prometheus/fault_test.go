package prometheus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/poll"
)

const canary = "c4nary-s3cret"

// vector is an answer with series, each of them a metric and a value in JSON.
func vector(series ...string) string {
	return `{"status":"success","data":{"resultType":"vector","result":[` + strings.Join(series, ",") + `]}}`
}

func one(value string) string { return `{"metric":{"job":"web"},"value":[1700000000,` + value + `]}` }

func says(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	}
}

func TestAsk(t *testing.T) {
	for _, c := range []struct {
		name   string
		server http.HandlerFunc
		want   string // the value, or a part of the error
		down   bool
	}{
		{"one series", says(200, vector(one(`"1.5"`))), "1.5", false},
		{"a scalar", says(200, `{"status":"success","data":{"resultType":"scalar","result":[1700000000,"2"]}}`), "2", false},
		{"zero", says(200, vector(one(`"0"`))), "0", false},
		{"infos do no harm", says(200, `{"status":"success","infos":["not a counter"],"data":{"resultType":"scalar","result":[1,"2"]}}`), "2", false},

		{"none", says(200, vector()), "no series", false},
		{"several", says(200, vector(one(`"1"`), one(`"2"`), one(`"3"`), one(`"4"`))), `4 series, {job="web"}, {job="web"}, {job="web"}, …; allowed: one`, false},
		{"a range", says(200, `{"status":"success","data":{"resultType":"matrix","result":[]}}`), "the answer is a matrix", false},
		{"a text", says(200, `{"status":"success","data":{"resultType":"string","result":[1,"x"]}}`), "the answer is a string", false},
		{"null", says(200, vector(one(`null`))), "the value is null", false},
		{"a number", says(200, vector(one(`1`))), "the value is 1; allowed: a number in quotes", false},
		{"an empty text", says(200, vector(one(`""`))), "the value is ; allowed: a finite number", false},
		{"no value", says(200, vector(`{"metric":{}}`)), "the answer has no value", false},
		{"no time", says(200, vector(`{"metric":{},"value":["1"]}`)), "the answer has no value", false},
		{"a series that is null", says(200, vector(`null`)), "the answer has no value", false},
		{"a scalar that is null", says(200, `{"status":"success","data":{"resultType":"scalar","result":null}}`), "the answer has no value", false},
		{"no data", says(200, `{"status":"success"}`), "the answer is a ;", false},
		{"another shape", says(200, `{"status":"success","data":{"resultType":"vector","result":{}}}`), "can't be read", false},
		{"NaN", says(200, vector(one(`"NaN"`))), "the value is NaN", false},
		{"infinite", says(200, vector(one(`"+Inf"`))), "the value is +Inf", false},
		{"a scalar that is NaN", says(200, `{"status":"success","data":{"resultType":"scalar","result":[1,"NaN"]}}`), "the value is NaN", false},
		{"too large a number", says(200, vector(one(`"1e100000"`))), "the value is 1e100000; allowed: a finite", false},
		{"too large a number of JSON", says(200, vector(one(`1e100000`))), "the value is 1e100000; allowed: a number in quotes", false},
		{"a native histogram", says(200, vector(`{"metric":{},"histogram":[1,{"count":"1","sum":"1","buckets":[]}]}`)), "a native histogram", false},
		{"warnings", says(200, `{"status":"success","warnings":["one store is gone"],"data":{"resultType":"scalar","result":[1,"2"]}}`), "has a warning, so that it is not trusted: one store is gone", false},
		{"partial", says(200, `{"status":"success","isPartial":true,"data":{"resultType":"scalar","result":[1,"2"]}}`), "is partial, so that it is not trusted", false},
		{"not partial", says(200, `{"status":"success","isPartial":false,"data":{"resultType":"scalar","result":[1,"2"]}}`), "2", false},
		{"an underscore", says(200, vector(one(`"5_0"`))), "the value is 5_0; allowed: a finite number", false},
		{"hexadecimal", says(200, vector(one(`"0x1p4"`))), "the value is 0x1p4; allowed: a finite number", false},
		{"infinite, spelt out", says(200, vector(one(`"infinity"`))), "the value is infinity; allowed: a finite number", false},
		{"with an exponent", says(200, vector(one(`"-1.5e+21"`))), "-1.5e+21", false},
		{"a bad query", says(400, `{"status":"error","errorType":"bad_data","error":"1:3: parse error"}`), "says: 1:3: parse error", false},
		{"a query that fails", says(422, `{"status":"error","errorType":"execution","error":"too many samples"}`), "says: too many samples", false},
		{"a huge answer", says(200, vector(one(`"1"`))+strings.Repeat(" ", 2*answerSize)), "larger than 1 MB", false},

		{"a server error", says(500, "oh\n"+strings.Repeat("no ", 5000)), "answers 500 Internal Server Error: oh no no", true},
		{"overloaded", says(429, "slow down"), "answers 429 Too Many Requests: slow down", true},
		{"a query that takes too long", says(503, `{"status":"error","errorType":"timeout","error":"timed out"}`), "timed out", true},
		{"no entry", says(401, "who are you"), "answers 401 Unauthorized: who are you", true},
		{"not allowed", says(403, ""), "answers 403 Forbidden", true},
		{"not there", says(404, "no such page"), "answers 404 Not Found", true},
		{"neither POST nor GET", says(405, ""), "answers 405 Method Not Allowed", true},
		{"HTML", says(200, "<html>Welcome!</html>"), "no JSON of Prometheus; is url its address? <html>", true},
		{"HTML of a bad gateway", says(400, "<html>?</html>"), "no JSON of Prometheus; is url its address? <html>", true},
		{"other JSON", says(200, `{"hello":1}`), "no JSON of Prometheus", true},
		{"half an answer", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "{")
		}, "breaks off", true},
		{"hung up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF", true},
		{"elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/latest", http.StatusTemporaryRedirect)
		}, "redirected to http://169.254.169.254: if that is right, write it as url", true},
		{"the query is lost on the way", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/else", http.StatusFound)
		}, "redirected to http://127.0.0.1", true},
		{"in circles", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"/x", http.StatusPermanentRedirect)
		}, "redirected to", true},
		{"tells our secrets", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			r.Write(w)
		}, "Authorization: Bearer …", true},
		{"tells our secrets in JSON", func(w http.ResponseWriter, r *http.Request) {
			says(400, fmt.Sprintf(`{"status":"error","errorType":"bad_data","error":%q}`, r.Header.Get("Authorization")))(w, r)
		}, "Bearer …", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(c.server)
			defer server.Close()
			s, err := New(Options{URL: server.URL, Token: canary})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			value, err := s.Ask(t.Context(), "sum(up)")
			if err == nil {
				if fmt.Sprint(value) != c.want {
					t.Errorf("%v, want %s", value, c.want)
				}
				return
			}
			text := err.Error()
			if value != 0 || !strings.Contains(text, c.want) || strings.Contains(text, canary) || strings.Contains(text, "\n") || len(text) > 600 {
				t.Errorf("%v, %v; want %s", value, err, c.want)
			}
			if down := (engine.Down{}); errors.As(err, &down) != c.down {
				t.Errorf("%v: down is %v", err, !c.down)
			}
		})
	}
}

// A server that hangs, or sends a byte now and then, is left at the deadline.
func TestAskEndsAtTheDeadline(t *testing.T) {
	for _, c := range []struct{ name, begin string }{{"hangs", ""}, {"drips", `{"status":`}} {
		t.Run(c.name, func(t *testing.T) {
			ctx, deadline := context.WithCancelCause(t.Context())
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_ = r.ParseForm() // only then the server hears that the client left
				if c.begin != "" {
					fmt.Fprint(w, c.begin)
					http.NewResponseController(w).Flush()
				}
				deadline(errors.New("no answer within 5s"))
				for r.Context().Err() == nil && c.begin != "" {
					fmt.Fprint(w, " ")
					http.NewResponseController(w).Flush()
				}
				<-r.Context().Done()
			}))
			defer server.Close()
			s, err := New(Options{URL: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			_, err = s.Ask(ctx, "up")
			if down := (engine.Down{}); !errors.As(err, &down) || !strings.Contains(err.Error(), "no answer within 5s") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestAskSaysWhoAsks(t *testing.T) {
	for _, c := range []struct {
		name    string
		options Options
		want    string
	}{
		{"nobody", Options{}, ""},
		{"a token", Options{Token: "t"}, "Bearer t"},
		{"a user", Options{Username: "u", Password: "p"}, "Basic dTpw"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("Authorization"); got != c.want || r.URL.Path != "/prefix/api/v1/query" || r.FormValue("query") != "up" {
					says(500, r.URL.String()+" "+got)(w, r)
					return
				}
				says(200, vector(one(`"1"`)))(w, r)
			}))
			defer server.Close()
			c.options.URL = server.URL + "/prefix/"
			s, err := New(c.options)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if v, err := s.Ask(t.Context(), "up"); v != 1 || err != nil {
				t.Error(v, err)
			}
		})
	}
}

// A redirect to a place at the same host that keeps the question is followed.
func TestAskFollowsWithinTheHost(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/new") {
			http.Redirect(w, r, "/new"+r.URL.Path, http.StatusPermanentRedirect)
			return
		}
		says(200, vector(one(`"`+r.FormValue("query")+`"`)))(w, r)
	}))
	defer server.Close()
	s, err := New(Options{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if v, err := s.Ask(t.Context(), "7"); v != 7 || err != nil {
		t.Error(v, err)
	}
}

// A server that takes no POST is asked with GET.
func TestAskWithGET(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			says(405, "")(w, r)
			return
		}
		says(200, vector(one(`"`+r.FormValue("query")+`"`)))(w, r)
	}))
	defer server.Close()
	s, err := New(Options{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if v, err := s.Ask(t.Context(), "7"); v != 7 || err != nil {
		t.Error(v, err)
	}
}

func TestNew(t *testing.T) {
	for _, c := range []struct {
		name    string
		options Options
		want    string
	}{
		{"nothing", Options{}, "url is not a web address"},
		{"no scheme", Options{URL: "prometheus:9090"}, "url is not a web address"},
		{"no URL", Options{URL: "http://" + canary + "\x00:9090"}, "url is not a web address"},
		{"another scheme", Options{URL: "unix:///tmp/x"}, "url is not a web address"},
		{"a user in the URL", Options{URL: "http://u:" + canary + "@h"}, "write username and password beside it"},
		{"a query", Options{URL: "http://h/?a=" + canary}, "url has a ? or # in it"},
		{"two ways", Options{URL: "http://h", Token: canary, Username: "u"}, "both a token and a username"},
		{"a line", Options{URL: "http://h", Token: canary + "\n"}, "line break"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := New(c.options)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), canary) {
				t.Errorf("%v; want %s", err, c.want)
			}
		})
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	o := Options{URL: "http://h:9090", Username: "u", Password: canary}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", o, o, o, o), fmt.Sprintf("%v %+v %#v %s", s, s, s, s), o.LogValue().String()} {
		if strings.Contains(text, canary) || !strings.Contains(text, "h:9090") {
			t.Error(text)
		}
	}
}

// answering is a network of one server.
type answering func(r *http.Request) (*http.Response, error)

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

// With a breaker in front a Prometheus that fails gives no sample and an error that names metric and query; then it is left
// alone, and asked again after a rest.
func TestBreakerOpensAndHeals(t *testing.T) {
	for _, c := range []struct {
		name string
		fail answering
		want string
	}{
		{"500", func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 500, Body: io.NopCloser(strings.NewReader("broken"))}, nil
		}, "answers 500 Internal Server Error: broken"},
		{"hangs", func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, "no answer within 5s"},
		{"refused", func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }, "connection refused"},
		{"no JSON", func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("<html>"))}, nil
		}, "no JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked, ill := 0, true
				s, err := New(Options{URL: "http://h"})
				if err != nil {
					t.Fatal(err)
				}
				s.client.Transport = answering(func(r *http.Request) (*http.Response, error) {
					asked++
					if ill {
						return c.fail(r)
					}
					return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(vector(one(`"3"`))))}, nil
				})
				b := poll.NewEach(s, 4, 5*time.Second)
				metrics := []engine.Metric{{Name: "load", Query: "sum(up)"}}
				sample := func() ([]engine.Sample, error) { return b.Sample(t.Context(), metrics, engine.Service{}) }
				for range 3 {
					samples, err := sample()
					if len(samples) > 0 || err == nil || !strings.Contains(err.Error(), `metric load, query "sum(up)": `) || !strings.Contains(err.Error(), c.want) {
						t.Fatalf("%v, %v; want %s", samples, err, c.want)
					}
				}
				if _, err := sample(); asked != 3 || err == nil || !strings.Contains(err.Error(), "not asked before") || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("asked %d times: %v", asked, err)
				}
				ill = false
				time.Sleep(time.Minute)
				samples, err := sample()
				if err != nil || len(samples) != 1 || samples[0].Value != 3 || samples[0].Metric != "load" {
					t.Fatalf("%v, %v", samples, err)
				}
			})
		})
	}
}

// A bad query is not held against Prometheus.
func TestBreakerStaysClosedForABadQuery(t *testing.T) {
	server := httptest.NewServer(says(400, `{"status":"error","errorType":"bad_data","error":"parse error"}`))
	defer server.Close()
	s, err := New(Options{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b := poll.NewEach(s, 4, time.Minute)
	for range 5 {
		_, err := b.Sample(t.Context(), []engine.Metric{{Name: "load", Query: "sum("}}, engine.Service{})
		if err == nil || !strings.Contains(err.Error(), `metric load, query "sum(": prometheus at `) || strings.Contains(err.Error(), "not asked") {
			t.Fatal(err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, body := range []string{"", "{}", vector(), vector(one(`"1"`)), vector(one(`"NaN"`)), vector(one(`null`)), `{"status":"error","error":"x"}`} {
		f.Add(200, []byte(body))
		f.Add(400, []byte(body))
	}
	s, err := New(Options{URL: "http://h"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		value, err := s.read(status, body)
		if err == nil && (status != 200 || math.IsNaN(value) || math.IsInf(value, 0)) || err != nil && value != 0 {
			t.Errorf("%v, %v", value, err)
		}
		if err == nil && !strings.Contains(string(body), `"`) {
			t.Errorf("%v of %q: there is no value in it", value, body)
		}
	})
}
