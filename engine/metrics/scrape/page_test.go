package scrape

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

	"github.com/prometheus/prometheus/model/value"

	"github.com/flyball-dev/flyball/engine"
)

func TestPages(t *testing.T) {
	for _, c := range []struct {
		name, kind, page string
		want, err        string // of sum(x)
	}{
		{"plain", "text/plain", "x 1\n", "=1", ""},
		{"no type", "", "x 1\n", "=1", ""},
		{"OpenMetrics", "application/openmetrics-text; version=1.0.0", "# TYPE x gauge\nx 1 # {id=\"1\"} 0.5\n# EOF\n", "=1", ""},
		{"OpenMetrics without exemplars", "application/openmetrics-text; version=1.0.0", "# TYPE x gauge\nx{a=\"1\"} 1\n# EOF\n", "=1", ""},
		{"OpenMetrics that is cut", "application/openmetrics-text; version=1.0.0", "# TYPE x gauge\nx{a=\"1\"} 1\n", "", "not in Prometheus's format"},
		{"labels in any order, and a comma", "text/plain", "x{b=\"1\",a=\"\\\"\\n\",} 1\n", "=1", ""},
		{"no last line break", "text/plain", "x 1", "=1", ""},
		{"a name in braces", "text/plain", `{"x",a="b"} 2` + "\n", "=2", ""},
		{"a time, which does not count", "text/plain", "x 3 1\n", "=3", ""},
		{"blank lines", "text/plain", "\n\n  \n# HELP y z\n \t x 1\n\n", "=1", ""},
		{"nothing but blank lines", "text/plain", strings.Repeat("\n", 3<<20) + "x 1\n", "=1", ""},
		{"nothing but blanks", "text/plain", strings.Repeat("\n \t", 1<<20) + "x 1\n", "=1", ""},
		{"empty", "text/plain", "", "", "no series: the replicas have nothing that matches x"},
		{"NaN", "text/plain", "x NaN\n", "", "the value is NaN"},
		{"too large a number", "text/plain", "x 1e100000\n", "", "value out of range"},
		{"no number", "text/plain", "x one\n", "", "not in Prometheus's format"},
		{"no value", "text/plain", "x\n", "", "not in Prometheus's format"},
		{"not UTF-8", "text/plain", "x{a=\"\xff\"} 1\n", "", "invalid UTF-8 label value"},
		{"NUL", "text/plain", "x 1\ny\x00 2\n", "", "not in Prometheus's format"},
		{"twice", "text/plain", "x{a=\"1\",b=\"1\"} 1\nx{b=\"1\",a=\"1\"} 1\n", "", `the page has a series twice: {__name__="x", a="1", b="1", replica="web-1"}`},
		{"twice, but nobody looks", "text/plain", "x 1\ny 1\ny 1\n", "=1", ""},
		{"a label twice", "text/plain", "x{a=\"1\",a=\"2\"} 1\n", "", "two labels a"},
		{"HTML", "text/html; charset=utf-8", "<html>", "", "the page is of type \"text/html; charset=utf-8\"; allowed: text/plain or"},
		{"HTML that is called text", "text/plain", "<!doctype html>\n", "", "not in Prometheus's format"},
		{"tells our token", "text/plain", "Authorization: Bearer " + canary + "\n", "", "not in Prometheus's format"},
		{"a type of nonsense", ";;", "x 1\n", "", `the page is of type ";;"`},
		{"as large as is allowed", "text/plain", "x 1\n#" + strings.Repeat(" ", pageSize-6) + "\n", "=1", ""},
		{"too large", "text/plain", "x 1\n#" + strings.Repeat(" ", pageSize-4) + "\n", "", "the page is larger than 4 MB"},
		{"as many series as are allowed", "text/plain", many("x", mostSeries), "=2000", ""},
		{"too many series", "text/plain", many("x", mostSeries+1), "", "the queries look at more than 2000 series of it"},
		{"too many that nobody looks at", "text/plain", many("y", 3*mostSeries) + "x 1\n", "=1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &town{}
				w.answers("a1", func(r *http.Request) (*http.Response, error) {
					if r.Header.Get("Authorization") != "Bearer "+canary || r.URL.String() != "http://a1:8080/metrics" {
						return answer(500, "", r.URL.String()), nil
					}
					return answer(200, c.kind, c.page), nil
				})
				samples, err := w.source(t).Sample(t.Context(), asks("sum(x)"), web(1))
				check(t, samples, err, c.want, c.err)
			})
		})
	}
}

// many are so many series.
func many(name string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s{n=\"%d\"} 1\n", name, i)
	}
	return b.String()
}

func TestAnswersThatAreNoPage(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(*http.Request) (*http.Response, error)
		want   string
	}{
		{"not there", func(*http.Request) (*http.Response, error) { return answer(404, "text/plain", "x 1\n"), nil }, "answers 404 Not Found"},
		{"an error", func(*http.Request) (*http.Response, error) { return answer(500, "text/plain", canary), nil }, "answers 500 Internal Server Error"},
		{"elsewhere", func(*http.Request) (*http.Response, error) {
			a := answer(302, "text/plain", "x 1\n")
			a.Header.Set("Location", "http://169.254.169.254/"+canary)
			return a, nil
		}, "answers 302 Found, to http://169.254.169.254/…, which is not followed; set `path` of the source"},
		{"half a page", func(*http.Request) (*http.Response, error) {
			a := answer(200, "text/plain", "")
			a.Body = io.NopCloser(io.MultiReader(strings.NewReader("x 1\n"), broken{}))
			return a, nil
		}, "the page breaks off: unexpected EOF"},
		{"hangs", func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, "no answer within 3s"},
		{"drips", func(r *http.Request) (*http.Response, error) {
			a := answer(200, "text/plain", "")
			a.Body = io.NopCloser(drip{r})
			return a, nil
		}, "the page breaks off: no answer within 3s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &town{}
				w.shows("a1", "x 1\n")
				w.answers("a2", c.answer)
				s := w.source(t)
				begun := time.Now()
				samples, err := s.Sample(t.Context(), asks("sum(x)"), web(2))
				check(t, samples, err, "", "replica web-2: http://a2:8080/metrics: "+c.want)
				if took := time.Since(begun); took > deadline {
					t.Errorf("took %s", took)
				}
				w.shows("a2", "x 2\n")
				time.Sleep(fresh)
				samples, err = s.Sample(t.Context(), asks("sum(x)"), web(2))
				check(t, samples, err, "=3", "")
			})
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// drip gives a byte a second, for as long as it is asked.
type drip struct{ r *http.Request }

func (d drip) Read(p []byte) (int, error) {
	select {
	case <-d.r.Context().Done():
		return 0, d.r.Context().Err()
	case <-time.After(time.Second):
		p[0] = ' '
		return 1, nil
	}
}

// A sweep that is cut short from outside says nothing about the replicas.
func TestCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &town{}
		w.answers("a1", func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		s := w.source(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errors.New("enough")) })
		samples, err := s.Sample(ctx, asks("sum(x)"), web(1))
		check(t, samples, err, "", "replica web-1: enough")
		w.shows("a1", "x 1\n")
		samples, err = s.Sample(t.Context(), asks("sum(x)"), web(1))
		check(t, samples, err, "=1", "")
	})
}

// A replica that hangs leaves the others time to answer for themselves, also within a short deadline.
func TestTheOthersAnswerInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &town{}
		w.shows("a1", "x 1\n")
		w.answers("a2", func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		s := w.source(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		samples, err := s.Sample(ctx, asks("x"), web(2))
		check(t, samples, err, "i1=1", "replica web-2: http://a2:8080/metrics: no answer within 750ms")
	})
}

func TestWhereThePageIs(t *testing.T) {
	for _, c := range []struct {
		name    string
		options Options
		replica engine.Replica
		want    string
	}{
		{"the only port", Options{}, engine.Replica{Addresses: []string{"10.0.0.2"}, Ports: []int{8080}}, "http://10.0.0.2:8080/metrics"},
		{"a port that is written", Options{Port: 9, Path: "/a?b=c"}, engine.Replica{Addresses: []string{"10.0.0.2"}, Ports: []int{1, 2}}, "http://10.0.0.2:9/a?b=c"},
		{"a port that is not named", Options{Port: 9}, engine.Replica{Addresses: []string{"fd00::2"}}, "http://[fd00::2]:9/metrics"},
		{"two networks", Options{Port: 9}, engine.Replica{Addresses: []string{"10.0.0.2", "10.1.0.2"}}, "http://10.0.0.2:9/metrics http://10.1.0.2:9/metrics"},
		{"several", Options{}, engine.Replica{Addresses: []string{"10.0.0.2"}, Ports: []int{80, 8080}}, "it listens at the ports 80, 8080; set `port` of the source to one of them"},
		{"none", Options{}, engine.Replica{Addresses: []string{"10.0.0.2"}}, "it names no port that it listens at; set `port` of the source"},
		{"no address", Options{Port: 9}, engine.Replica{Ports: []int{80}}, "it has no address that is known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := New(c.options)
			if err != nil {
				t.Fatal(err)
			}
			all, err := s.addresses(c.replica)
			got := strings.Join(all, " ")
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestNew(t *testing.T) {
	for _, c := range []struct {
		name    string
		options Options
		want    string
	}{
		{"no path", Options{Path: "metrics"}, `path is "metrics"; allowed: one that begins with /`},
		{"no URL", Options{Path: "/\x00"}, "path is"},
		{"no port", Options{Port: 65536}, "port is 65536; allowed: 1 to 65535"},
		{"a line", Options{Token: canary + "\n"}, "line break"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := New(c.options); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), canary) {
				t.Errorf("%v; want %s", err, c.want)
			}
		})
	}
}

func TestTheTokenIsNotPrinted(t *testing.T) {
	o := Options{Token: canary, Port: 9}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", o, o, o, o), fmt.Sprintf("%v %+v %#v %s", s, s, s, s), o.LogValue().String()} {
		if strings.Contains(text, canary) || !strings.Contains(text, "port 9") {
			t.Error(text)
		}
	}
}

// Series that come and go do not add up for ever.
func TestSeriesThatComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &town{}
		s := w.source(t)
		refused := 0
		for i := range 100 {
			w.shows("a1", churn(i, 150))
			time.Sleep(15 * time.Second)
			if samples, err := s.Sample(t.Context(), asks("sum(x)"), web(1)); err != nil {
				refused++
				check(t, samples, err, "", "the queries look at more than 2000 series of it")
			}
			r := s.services["compose/shop/web"].replicas["i1"]
			if len(r.series) > mostSeries {
				t.Fatalf("%d series are kept", len(r.series))
			}
			for _, s := range r.series {
				if len(s.points) > 40 {
					t.Fatalf("%d points are kept", len(s.points))
				}
			}
		}
		if refused == 0 || refused == 100 {
			t.Errorf("%d looks of 100 were refused", refused)
		}
	})
}

// churn are series that the next page has others for.
func churn(i, n int) string {
	var b strings.Builder
	for j := range n {
		fmt.Fprintf(&b, "x{page=\"%d\",n=\"%d\"} 1\n", i, j)
	}
	return b.String()
}

// A clock that is put back begins the history anew: a rate is not made of times that lie ahead.
func TestClockIsPutBack(t *testing.T) {
	r := &replica{series: map[string]*series{}}
	q, err := parse("sum(rate(x[1m]))", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	wanted := selects(map[string]*known{q.text: {question: q}})
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for i, at := range []time.Time{noon, noon.Add(10 * time.Second), noon.Add(-time.Hour), noon.Add(10*time.Second - time.Hour)} {
		found, err := read(fmt.Appendf(nil, "x %d\n", i), "", "web-1", wanted, r.series)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.keep(page{at: at, selected: wanted}, found); err != nil {
			t.Fatal(err)
		}
	}
	all := r.now(nil)
	if len(all) != 1 || len(all[0].points) != 2 || all[0].points[0].value != 2 || r.sight(q.text, 0).count != 2 {
		t.Errorf("%+v, %+v", all, r.sight(q.text, 0))
	}
}

func FuzzRead(f *testing.F) {
	for _, page := range []string{"", "x 1", "\n\n \nx{a=\"b\"} 1 2\n", "{\"x\"} 1", "x{a=\"\\n\\\"\",b=\"\xff\"} NaN\n# EOF\n", "# TYPE x histogram\nx{le=\"1\"} 1\n"} {
		f.Add([]byte(page), "text/plain")
		f.Add([]byte(page), "application/openmetrics-text")
	}
	q, err := parse(`sum(x) + sum({__name__=~"y.*",replica!=""})`, time.Time{})
	if err != nil {
		f.Fatal(err)
	}
	narrow, err := parse(`sum(x)`, time.Time{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, page []byte, kind string) {
		for _, q := range []*question{q, narrow} {
			wanted := selects(map[string]*known{q.text: {question: q}})
			all, err := read(append([]byte(nil), page...), kind, "web-1", wanted, nil)
			if err != nil && all != nil {
				t.Error("half a page")
			}
			for _, f := range all {
				l := f.series.labels
				if !wanted.wants(l) || l.Get("replica") != "web-1" || value.IsStaleNaN(f.value) {
					t.Errorf("%s %x", l, math.Float64bits(f.value))
				}
			}
		}
	})
}

// A replica on a network that is apart from ours is read at its other address, and there first the next time.
func TestReplicaOnSeveralNetworks(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "a 1") }))
	t.Cleanup(page.Close)
	gone := httptest.NewServer(nil)
	gone.Close()
	known := &replica{}
	for range 2 {
		got, answer, err := s.reach(t.Context(), known, []string{gone.URL, page.URL})
		if err != nil || got != page.URL || known.reached != page.URL {
			t.Fatalf("read at %q, %v", got, err)
		}
		_ = answer.Body.Close()
	}
	if _, _, err := s.reach(t.Context(), known, []string{gone.URL, gone.URL}); err == nil || !strings.Contains(err.Error(), gone.URL+" and "+gone.URL) {
		t.Errorf("where no address can be reached: %v", err)
	}
}
