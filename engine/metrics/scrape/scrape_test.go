package scrape

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// town is a network of replicas, each with its page, by address.
type town struct {
	mu    sync.Mutex
	pages map[string]func(r *http.Request) (*http.Response, error)
	read  atomic.Int32 // pages that were
}

func (w *town) RoundTrip(r *http.Request) (*http.Response, error) {
	w.read.Add(1)
	w.mu.Lock()
	answer := w.pages[r.URL.Hostname()]
	w.mu.Unlock()
	if answer == nil {
		return nil, errors.New("connection refused")
	}
	return answer(r)
}

// shows has a replica show a page from now on.
func (w *town) shows(address, text string) {
	w.answers(address, func(*http.Request) (*http.Response, error) {
		return answer(200, "text/plain; version=0.0.4", text), nil
	})
}

func (w *town) answers(address string, f func(*http.Request) (*http.Response, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pages == nil {
		w.pages = map[string]func(*http.Request) (*http.Response, error){}
	}
	w.pages[address] = f
}

func answer(status int, contentType, text string) *http.Response {
	h := http.Header{}
	h.Set("Content-Type", contentType)
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(text))}
}

func (w *town) source(tb testing.TB) *Source {
	tb.Helper()
	s, err := New(Options{Transport: w, Token: canary})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

// web is a service of so many ready replicas: web-1 at the address a1 with the id i1, and so on.
func web(n int) engine.Service {
	s := engine.Service{Name: "web", Driver: "compose", Project: "shop"}
	for i := range n {
		s.Replicas = append(s.Replicas, engine.Replica{
			ID: fmt.Sprint("i", i+1), Name: fmt.Sprint("web-", i+1), Addresses: []string{fmt.Sprint("a", i+1)}, Ports: []int{8080}, Ready: true,
		})
	}
	return s
}

func asks(query string) []engine.Metric { return []engine.Metric{{Name: "m", Query: query}} }

// text is the replicas and values of samples.
func text(samples []engine.Sample) string {
	var all []string
	for _, s := range samples {
		all = append(all, fmt.Sprintf("%s=%.6g", s.Replica, s.Value))
	}
	return strings.Join(all, " ")
}

const canary = "c4nary-s3cret"

func TestSampleShapes(t *testing.T) {
	for _, c := range []struct{ name, query, want, err string }{
		{"a number of all", `sum(queue_length)`, "=6", ""},
		{"a scalar", `scalar(sum(queue_length)) * 2`, "=12", ""},
		{"a constant", `7`, "=7", ""},
		{"one series", `queue_length{replica="web-2"} * on () vector(2)`, "=4", ""},
		{"one a replica", `sort(queue_length)`, "i1=1 i2=2 i3=3", ""},
		{"one a replica, other labels away", `sort(sum by (replica) (jobs))`, "i1=3 i2=3 i3=3", ""},
		{"one of the replicas", `topk(1, queue_length)`, "i3=3", ""},
		{"several a replica", `jobs`, "", "6 series, {__name__=\"jobs\", "},
		{"several that are no replicas", `sum by (kind) (jobs)`, "", `2 series, {kind="`},
		{"replicas that there are not", `label_replace(queue_length, "replica", "${1}x", "replica", "(.*)")`, "", "3 series, "},
		{"none", `sum(nothing{a="b"})`, "", `no series: the replicas have nothing that matches nothing{a="b"}`},
		{"none passes", `sum(queue_length) > 10`, "", "no series"},
		{"not a number", `sum(queue_length) * NaN`, "", "the value is NaN"},
		{"infinite", `sum(queue_length) / 0`, "", "the value is +Inf"},
		{"not a number, of one replica", `sort(queue_length / (queue_length != bool 2))`, "i1=1 i3=3", "replica web-2: the value is +Inf"},
		{"it fails", `queue_length * on () jobs`, "", "many-to-many"},
		{"a label of theirs", `sum(mine{exported_replica="theirs"})`, "=3", ""},
		{"bad PromQL", `sum(`, "", "not PromQL at 1:5"},
		{"a warning", `histogram_quantile(2, sum by (le) (b))`, "", "has a warning, so that it is not trusted: PromQL warning: quantile value should be between 0 and 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &town{}
				for i := range 3 {
					w.shows(fmt.Sprint("a", i+1), fmt.Sprintf("# TYPE queue_length gauge\nqueue_length %d\n"+
						"jobs{kind=\"a\"} 1\njobs{kind=\"b\"} 2\nmine{replica=\"theirs\"} 1\n"+
						"b{le=\"1\"} 1\nb{le=\"+Inf\"} 1\n", i+1))
				}
				s := w.source(t)
				begun := time.Now()
				samples, err := s.Sample(t.Context(), asks(c.query), web(3))
				check(t, samples, err, c.want, c.err)
				for _, sample := range samples {
					if sample.Metric != "m" || !sample.At.Equal(begun) {
						t.Errorf("%+v", sample)
					}
				}
			})
		})
	}
}

// check compares the answer of a source with samples as text and a part of the error.
func check(t *testing.T, samples []engine.Sample, err error, want, wrong string) {
	t.Helper()
	if text(samples) != want {
		t.Errorf("%q, want %q", text(samples), want)
	}
	switch {
	case err == nil && wrong == "":
	case err == nil || wrong == "" || !strings.Contains(err.Error(), wrong) || !strings.Contains(err.Error(), "metric "):
		t.Errorf("%v; want %q", err, wrong)
	case strings.Contains(strings.ReplaceAll(err.Error(), "\nmetric ", ""), "\n") || strings.Contains(err.Error(), canary) || len(err.Error()) > 800:
		t.Errorf("%q is not one short line without secrets", err)
	case errors.As(err, new(engine.Down)):
		t.Errorf("%v is a Down: other services would be left alone for it", err)
	}
}

func TestSampleManyMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &town{}
		w.shows("a1", "x 1\ny 2\n")
		samples, err := w.source(t).Sample(t.Context(), []engine.Metric{
			{Name: "x", Query: "sum(x)"}, {Name: "none", Type: "custom"}, {Name: "bad", Query: "x[1m]"}, {Name: "y", Query: "sum(y)"}, {Name: "again", Query: "sum(x)"},
		}, web(1))
		got := map[string]float64{}
		for _, s := range samples {
			got[s.Metric] = s.Value
		}
		if len(got) != 3 || got["x"] != 1 || got["y"] != 2 || got["again"] != 1 {
			t.Error(got)
		}
		for _, part := range []string{"metric none: it has no query", `metric bad, query "x[1m]": the answer is a range`} {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%v; want %s", err, part)
			}
		}
	})
}

func TestReplicaThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &town{}
		w.shows("a1", "x 1\n")
		w.shows("a3", "x 3\n")
		s := w.source(t)
		sample := func(query string, service engine.Service) ([]engine.Sample, error) {
			t.Helper()
			return s.Sample(t.Context(), asks(query), service)
		}
		service := web(3)
		samples, err := sample("sum(x)", service)
		check(t, samples, err, "", `metric m, query "sum(x)": replica web-2: http://a2:8080/metrics: connection refused`)
		samples, err = sample("sort(x)", service)
		check(t, samples, err, "i1=1 i3=3", "replica web-2: http://a2:8080/metrics: connection refused")

		service.Replicas[1].Ready = false
		samples, err = sample("sum(x)", service)
		check(t, samples, err, "=4", "")
		samples, err = sample("sort(x)", service)
		check(t, samples, err, "i1=1 i3=3", "")

		samples, err = sample("sum(x)", web(5))
		check(t, samples, err, "", "replica web-2: http://a2:8080/metrics: connection refused (and 2 more)")
		service.Replicas = service.Replicas[1:2]
		samples, err = sample("sum(x)", service)
		check(t, samples, err, "", "replica web-2: ")
		samples, err = sample("sum(x)", web(0))
		check(t, samples, err, "", "there are no replicas")
	})
}

// A replica that is gone has no value from the first look on. What it did before stays in sums of rates, as long as they
// look back.
func TestNoGhosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &town{}
		s := w.source(t)
		all := []engine.Metric{{Name: "g", Query: "sum(x)"}, {Name: "r", Query: "60 * sum(rate(c_total[1m]))"}, {Name: "e", Query: "sort(sum by (replica) (rate(c_total[1m])))"}}
		for i := range 5 {
			time.Sleep(20 * time.Second)
			for _, a := range []string{"a1", "a2", "a3"} {
				w.shows(a, fmt.Sprintf("x 1\nc_total %d\n", 10*i))
			}
			if _, err := s.Sample(t.Context(), all, web(3)); (err == nil) != (i > 1) {
				t.Fatal(i, err)
			}
		}
		for n, want := range []string{1: "=1 =90 i1=0.5", 2: "=2 =90 i1=0.5 i2=0.5", 3: "=3 =90 i1=0.5 i2=0.5 i3=0.5"} {
			if n == 0 {
				continue
			}
			samples, err := s.Sample(t.Context(), all, web(n))
			check(t, samples, err, want, "")
		}
	})
}

// What a page no longer shows has no value, although its history counts in ranges.
func TestSeriesThatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &town{}
		s := w.source(t)
		look := func(page string) ([]engine.Sample, error) {
			w.shows("a1", page)
			time.Sleep(10 * time.Second)
			return s.Sample(t.Context(), append(asks("sum(y)"), asks("sum(max_over_time(y[20s]))")...), web(1))
		}
		samples, err := look("y 5\n")
		check(t, samples, err, "=5", "needs 2")
		samples, err = look("y 7\n")
		check(t, samples, err, "=7 =7", "")
		samples, err = look("z 1\n")
		check(t, samples, err, "=7", `metric m, query "sum(y)": no series`)
		w.answers("a1", nil)
		service := web(1)
		service.Replicas[0].Ready = false
		samples, err = s.Sample(t.Context(), asks("sum(y)"), service)
		check(t, samples, err, "", "no series")
		for range 6 {
			samples, err = look("z 1\n")
		}
		check(t, samples, err, "", "no series")
		if r := s.services["compose/shop/web"].replicas["i1"]; len(r.series) != 1 {
			t.Errorf("%d series are kept", len(r.series)) // for selectors without a range, 5 minutes
		}
		time.Sleep(lookback)
		look("z 1\n")
		if r := s.services["compose/shop/web"].replicas["i1"]; len(r.series) != 0 {
			t.Errorf("%d series are kept for ever", len(r.series))
		}
	})
}

// A rate needs every ready replica: seen since its range began, or, of one that is new, two looks.
func TestRateIsOfAllOrNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &town{}
		s := w.source(t)
		at := 0
		look := func(service engine.Service, query string, ill ...string) ([]engine.Sample, error) {
			at += 10
			time.Sleep(10 * time.Second)
			for i := range 3 {
				w.shows(fmt.Sprint("a", i+1), fmt.Sprintf("c_total %d\n", at))
			}
			for _, a := range ill {
				w.answers(a, nil)
			}
			return s.Sample(t.Context(), asks(query), service)
		}
		rate := "sum(rate(c_total[30s]))"
		samples, err := look(web(2), rate)
		check(t, samples, err, "", "replica web-1 was read 1 times in the last 30s, and a rate needs 2")
		samples, err = look(web(2), rate)
		check(t, samples, err, "", "replica web-1: seen for 10s of the 30s that the query looks back at (and 1 more)")
		samples, err = look(web(2), rate)
		check(t, samples, err, "=2", "")
		samples, err = look(web(3), rate)
		check(t, samples, err, "", "replica web-3 was read 1 times in the last 30s")
		starting := web(3)
		starting.Replicas[2].Ready = false
		look(web(3), rate)
		samples, err = look(web(3), rate)
		check(t, samples, err, "=3", "")
		samples, err = look(web(3), rate, "a2")
		check(t, samples, err, "", "replica web-2: http://a2:8080/metrics: connection refused")
		samples, err = look(web(3), rate) // one look failed, two are good
		check(t, samples, err, "=3", "")
		look(web(3), rate)
		samples, err = look(starting, rate, "a3") // which is not ready: it may fail
		check(t, samples, err, "=3", "")          // with what the third did before
		samples, err = look(web(3), "sum(rate(c_total[10s]))")
		check(t, samples, err, "", "the range is shorter than the time between two samples")
		samples, err = look(web(3), "sum(rate(c_total[10s]))")
		check(t, samples, err, "", "read 1 times in the last 10s")
	})
}

// Policies that look at one service at one time share its pages, but not blindly.
func TestPagesAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &town{}
		w.shows("a1", "x 1\ny 2\n")
		s := w.source(t)
		look := func(query, want string, pages int32) {
			t.Helper()
			samples, err := s.Sample(t.Context(), asks(query), web(1))
			check(t, samples, err, want, "")
			if got := w.read.Swap(0); got != pages {
				t.Errorf("%d pages, want %d", got, pages)
			}
		}
		look("sum(x)", "=1", 1)
		look("sum(x)", "=1", 0)
		look("sum(y)", "=2", 1) // was not looked for
		look("sum(x) + sum(y)", "=3", 1)
		time.Sleep(400 * time.Millisecond)
		w.shows("a1", "x 3\ny 4\n")
		look("sum(x)", "=1", 0)
		time.Sleep(200 * time.Millisecond)
		look("sum(x)", "=3", 1)
		look("sum(y)", "=4", 0)

		time.Sleep(time.Second)
		release := make(chan struct{})
		w.answers("a1", func(*http.Request) (*http.Response, error) {
			<-release
			return answer(200, "", "x 5\ny 6\n"), nil
		})
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				samples, err := s.Sample(t.Context(), asks("sum(x)"), web(1))
				check(t, samples, err, "=5", "")
			})
		}
		synctest.Wait()
		close(release)
		wg.Wait()
		if got := w.read.Load(); got != 1 {
			t.Errorf("%d pages for 20 that ask at once", got)
		}
	})
}

// Policies that come and go with queries of their own do not disturb each other.
func TestManyPoliciesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &town{}
		for i := range 3 {
			w.answers(fmt.Sprint("a", i+1), func(*http.Request) (*http.Response, error) {
				time.Sleep(time.Duration(i+1) * 100 * time.Millisecond)
				seconds := time.Now().Unix()
				return answer(200, "", fmt.Sprintf("x 1\nc_total{n=\"1\"} %d\nc_total{n=\"2\"} %d\n", seconds, 2*seconds)), nil
			})
		}
		s := w.source(t)
		var wg sync.WaitGroup
		for policy := range 8 {
			wg.Go(func() {
				time.Sleep(time.Duration(policy) * 1700 * time.Millisecond)
				for round := range 20 {
					service := web(2 + round%2)
					query := fmt.Sprintf("sum(x) + %d * (sum(c_total) - sum(c_total) + 1)", policy*100+round/5)
					samples, err := s.Sample(t.Context(), asks(query), service)
					check(t, samples, err, fmt.Sprintf("=%d", policy*100+round/5+len(service.Replicas)), "")
					time.Sleep(time.Duration(100+50*policy) * time.Millisecond)
				}
			})
		}
		wg.Wait()
	})
}

// Two services with replicas of one name are two.
func TestServicesAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &town{}
		w.shows("a1", "x 1\n")
		w.shows("a2", "x 2\n")
		s := w.source(t)
		one, two := web(1), web(2)
		two.Name, two.Replicas = "other", two.Replicas[1:]
		two.Replicas[0].ID, two.Replicas[0].Name = one.Replicas[0].ID, one.Replicas[0].Name
		for range 2 {
			samples, err := s.Sample(t.Context(), asks("sum(x)"), one)
			check(t, samples, err, "=1", "")
			samples, err = s.Sample(t.Context(), asks("sum(x)"), two)
			check(t, samples, err, "=2", "")
		}
	})
}

// What nobody asks for is forgotten.
func TestForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &town{}
		for i := range 9 {
			w.shows(fmt.Sprint("a", i+1), "x 1\ny 2\n")
		}
		s := w.source(t)
		other := web(9)
		other.Name = "other"
		for _, service := range []engine.Service{web(9), other} {
			if _, err := s.Sample(t.Context(), append(asks("sum(x)"), asks("sum(y)")...), service); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			time.Sleep(forget - time.Minute)
			if _, err := s.Sample(t.Context(), asks("sum(x)"), web(1)); err != nil {
				t.Fatal(err)
			}
		}
		svc := s.services["compose/shop/web"]
		if len(s.services) != 1 || len(svc.replicas) != 1 || len(svc.queries) != 1 || len(svc.selected.selectors) != 1 {
			t.Errorf("%d services, %d replicas, %d queries", len(s.services), len(svc.replicas), len(svc.queries))
		}
		if r := svc.replicas["i1"]; len(r.series) != 1 || len(r.pages) != 1 {
			t.Errorf("%d series, %d pages", len(r.series), len(r.pages))
		}
	})
}
