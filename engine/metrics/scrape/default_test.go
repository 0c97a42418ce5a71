package scrape

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

func TestDefaultQueries(t *testing.T) {
	for _, c := range []struct {
		name string
		m    engine.Metric
		want string
	}{
		{"request rate", engine.Metric{Type: "request_rate", Window: 30 * time.Second}, "60 * sum(rate(http_requests_total[30s]))"},
		{"a long window", engine.Metric{Type: "request_rate", Window: time.Hour}, "60 * sum(rate(http_requests_total[1m]))"},
		{"a short window", engine.Metric{Type: "request_rate", Window: time.Second}, "60 * sum(rate(http_requests_total[5s]))"},
		{"an odd window", engine.Metric{Type: "request_rate", Window: 7500*time.Millisecond + 3}, "60 * sum(rate(http_requests_total[7s500ms]))"},
		{"queue", engine.Metric{Type: "queue_length"}, "sum(queue_length)"},
		{"median", engine.Metric{Type: "response_time", Aggregation: "p50", Window: time.Minute}, "1000 * (histogram_quantile(0.5, "},
		{"p90", engine.Metric{Type: "response_time", Aggregation: "p90", Window: time.Minute}, "1000 * (histogram_quantile(0.9, "},
		{"p99", engine.Metric{Type: "response_time", Aggregation: "p99", Window: time.Minute}, "1000 * (histogram_quantile(0.99, "},
		{"an average", engine.Metric{Type: "response_time", Aggregation: "avg", Window: time.Minute}, "1000 * (histogram_quantile(0.95, "},
		{"errors", engine.Metric{Type: "error_rate", Window: time.Minute}, "100 * (sum(rate(http_requests_total{code=~\"5..\"}[1m])"},
		{"none", engine.Metric{Type: "cpu"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := Default(c.m)
			if !strings.HasPrefix(got, c.want) || ok != (c.want != "") {
				t.Errorf("%q, want %q", got, c.want)
			}
			if err := Check(got); ok && err != nil {
				t.Error(err)
			}
		})
	}
}

// Each page is that of a minute's work: counters that grow by what stands there, every 15 s.
func TestDefaultAnswers(t *testing.T) {
	const buckets = "http_request_duration_seconds_bucket"
	for _, c := range []struct {
		name, kind, aggregation string
		grows                   string
		want, err               string
	}{
		{"requests", "request_rate", "", "http_requests_total{code=\"200\"} 30\nhttp_requests_total{code=\"500\"} 15\n", "=360", ""},
		{"no requests", "request_rate", "", "http_requests_total{code=\"200\"} 0\n", "=0", ""},
		{"no counter", "request_rate", "", "", "", "nothing that matches http_requests_total"},

		{"errors by code", "error_rate", "", "http_requests_total{code=\"200\"} 30\nhttp_requests_total{code=\"503\"} 10\n", "=25", ""},
		{"errors by status", "error_rate", "", "http_requests_total{status=\"200\"} 30\nhttp_requests_total{status=\"500\"} 10\n", "=25", ""},
		{"errors by class", "error_rate", "", "http_requests_total{status=\"2xx\"} 30\nhttp_requests_total{status=\"5xx\"} 10\n", "=25", ""},
		{"errors by both", "error_rate", "", "http_requests_total{code=\"200\",status=\"200\"} 30\nhttp_requests_total{code=\"500\",status=\"500\"} 10\n", "=25", ""},
		{"errors by either", "error_rate", "", "http_requests_total{code=\"200\"} 20\nhttp_requests_total{code=\"500\"} 10\nhttp_requests_total{status=\"500\"} 10\n", "=50", ""},
		{"nothing but errors", "error_rate", "", "http_requests_total{code=\"500\"} 10\n", "=100", ""},
		{"few requests, all of them errors", "error_rate", "", "http_requests_total{code=\"200\"} 0\nhttp_requests_total{code=\"500\"} 0.01\n", "=100", ""},
		{"no errors", "error_rate", "", "http_requests_total{code=\"200\"} 30\nhttp_requests_total{code=\"404\"} 30\n", "=0", ""},
		{"no requests, no errors", "error_rate", "", "http_requests_total{code=\"200\"} 0\n", "=0", ""},
		{"no requests after errors", "error_rate", "", "http_requests_total{code=\"500\"} 0\n", "=0", ""},
		{"errors by status_code", "error_rate", "", "http_requests_total{status_code=\"200\"} 30\nhttp_requests_total{status_code=\"500\"} 10\n", "=25", ""},
		{"nothing but errors by status_code", "error_rate", "", "http_requests_total{status_code=\"500\"} 30\n", "=100", ""},
		{"no errors by status_code", "error_rate", "", "http_requests_total{status_code=\"200\"} 30\n", "=0", ""},
		{"errors by all three", "error_rate", "", "http_requests_total{code=\"200\",status=\"2xx\",status_code=\"200\"} 30\n" +
			"http_requests_total{code=\"500\",status=\"5xx\",status_code=\"500\"} 10\n", "=25", ""},
		{"no status", "error_rate", "", "http_requests_total 30\n", "", "nothing that matches http_requests_total"},
		{"a label of another name", "error_rate", "", "http_requests_total{result=\"500\"} 30\n", "", "nothing that matches http_requests_total"},
		{"a status that is no number", "error_rate", "", "http_requests_total{status=\"error\"} 30\n", "", "nothing that matches http_requests_total"},
		{"a status on some", "error_rate", "", "http_requests_total 30\nhttp_requests_total{code=\"200\"} 10\nhttp_requests_total{code=\"500\"} 10\n", "=50", ""},
		{"no counter of errors", "error_rate", "", "other 1\n", "", "nothing that matches http_requests_total"},

		{"time", "response_time", "", buckets + "{le=\"0.1\"} 0\n" + buckets + "{le=\"0.2\"} 100\n" + buckets + "{le=\"+Inf\"} 100\n", "=195", ""},
		{"half the time", "response_time", "p50", buckets + "{le=\"0.1\"} 0\n" + buckets + "{le=\"0.2\"} 100\n" + buckets + "{le=\"+Inf\"} 100\n", "=150", ""},
		{"time by path", "response_time", "p50", buckets + "{path=\"/\",le=\"0.1\"} 100\n" + buckets + "{path=\"/\",le=\"+Inf\"} 100\n" +
			buckets + "{path=\"/a\",le=\"0.1\"} 0\n" + buckets + "{path=\"/a\",le=\"0.2\"} 100\n" + buckets + "{path=\"/a\",le=\"+Inf\"} 100\n", "=100", ""},
		{"beyond all buckets", "response_time", "", buckets + "{le=\"0.1\"} 0\n" + buckets + "{le=\"+Inf\"} 100\n", "=100", ""},
		{"nobody waits", "response_time", "", buckets + "{le=\"0.1\"} 0\n" + buckets + "{le=\"+Inf\"} 0\n", "=0", ""},
		{"no bucket but the last", "response_time", "", buckets + "{le=\"+Inf\"} 100\n", "", "no series"},
		{"no last bucket", "response_time", "", buckets + "{le=\"0.1\"} 100\n", "", "no series"},
		{"no histogram", "response_time", "", "http_request_duration_seconds_sum 1\n", "", "nothing that matches http_request_duration_seconds_bucket"},

		{"queue", "queue_length", "", "queue_length 4\n", "=32", ""},
		{"no queue", "queue_length", "", "", "", "nothing that matches queue_length"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &town{}
				s := w.source(t)
				var samples []engine.Sample
				var err error
				for i := range 5 {
					page := grown(c.grows, i)
					w.shows("a1", page)
					w.shows("a2", page)
					time.Sleep(15 * time.Second)
					samples, err = s.Sample(t.Context(), []engine.Metric{{Name: "m", Type: c.kind, Aggregation: c.aggregation, Window: 5 * time.Minute}}, web(2))
				}
				check(t, samples, err, c.want, c.err)
			})
		})
	}
}

// grown is a page after so many times of growth, on top of what was there before.
func grown(page string, times int) string {
	var b strings.Builder
	for line := range strings.Lines(page) {
		name, by, _ := strings.Cut(line, " ")
		var n float64
		fmt.Sscan(by, &n)
		if name == "queue_length" {
			fmt.Fprintln(&b, name, float64(times)*n)
			continue
		}
		fmt.Fprintln(&b, name, 1000+float64(times)*n)
	}
	return b.String()
}

func TestCheck(t *testing.T) {
	for _, c := range []struct{ name, query, want string }{
		{"a rate", "sum(rate(x[1m]))", ""},
		{"as far back as is allowed", "sum(rate(x[10m] offset 5m))", ""},
		{"a subquery", "max_over_time(sum(rate(x[1m]))[10m:30s])", ""},
		{"bad", "sum(", "not PromQL at 1:5"},
		{"too far", "sum(rate(x[16m]))", "looks back 16m0s; allowed: at most 15m0s"},
		{"too far, all in all", "sum(max_over_time(rate(x[5m] offset 5m)[5m:] offset 1m))", "looks back 16m0s"},
		{"too far without a range", "sum(x offset 11m)", "looks back 16m0s"},
		{"a time", "sum(x @ 1)", "has an @"},
		{"a time of a subquery", "max_over_time(x[1m:] @ end())", "has an @"},
		{"the future", "sum(rate(x[1m] offset -1m))", "has an offset into the future"},
		{"the future of a subquery", "max_over_time(x[1m:] offset -1m)", "has an offset into the future"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Check(c.query)
			if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%v; want %s", err, c.want)
			}
		})
	}
}

func FuzzCheck(f *testing.F) {
	for _, q := range []string{"sum(rate(x[1m]))", "x @ end()", "max_over_time(x[1m:] offset -1m)", "{a=\"b\"}", "1", "sum(x[", "x offset 1e9s"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if Check(text) != nil {
			return
		}
		q, err := parse(text, time.Time{})
		if err != nil || q.reach < 0 || q.reach > farthest || q.span < 0 || q.span > q.back || q.back > q.reach {
			t.Fatalf("%+v, %v", q, err)
		}
		l := look{at: time.Unix(1e9, 0), replicas: web(1).Replicas, errs: make([]error, 1), known: []*replica{{}}}
		s, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, sample := range first(s.answer(t.Context(), q, l)) {
			if finite(sample.Value) != nil {
				t.Errorf("%+v", sample)
			}
		}
	})
}

func first[T any](v T, _ error) T { return v }
