package scrape

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/flyball-dev/flyball/engine"
)

// ordinary is a page of n series: half of them the histogram and the counters that are looked at.
func ordinary(n int) string {
	var b strings.Builder
	b.WriteString("# HELP http_request_duration_seconds How long requests took.\n# TYPE http_request_duration_seconds histogram\n")
	for i := range n / 4 {
		le := fmt.Sprint(0.005 * float64(int(1)<<(i%10)))
		if i%10 == 9 {
			le = "+Inf"
		}
		fmt.Fprintf(&b, "http_request_duration_seconds_bucket{handler=\"/api/%d\",method=\"get\",le=\"%s\"} %d\n", i/10, le, 100*i)
	}
	b.WriteString("# HELP http_requests_total Requests.\n# TYPE http_requests_total counter\n")
	for i := range n / 4 {
		fmt.Fprintf(&b, "http_requests_total{handler=\"/api/%d\",method=\"get\",code=\"%d\"} %d\n", i, 200+i%2*300, 100*i)
	}
	b.WriteString("# HELP go_memstats_things Whatever.\n# TYPE go_memstats_things gauge\n")
	for i := range n / 2 {
		fmt.Fprintf(&b, "go_memstats_things{kind=\"%d\"} %d\n", i, i)
	}
	return b.String()
}

var threeQueries = []engine.Metric{
	{Name: "a", Type: "request_rate", Window: time.Minute},
	{Name: "b", Type: "error_rate", Window: time.Minute},
	{Name: "c", Type: "response_time", Window: time.Minute},
}

// BenchmarkSweep reads 10 pages of 200 series and answers 3 queries, over five looks in a minute.
func BenchmarkSweep(b *testing.B) {
	w := &town{}
	for i := range 10 {
		w.shows(fmt.Sprint("a", i+1), ordinary(200))
	}
	s := w.source(b)
	service := web(10)
	svc := s.service(service, time.Now())
	questions, err := svc.ask(threeQueries, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	at := time.Now()
	sweep := func() look { // as the source's own, one after the other, and at a time of its own
		at = at.Add(15 * time.Second)
		known, _ := svc.sees(service.Replicas, at)
		l := look{at: at, replicas: service.Replicas, known: known, errs: make([]error, len(service.Replicas))}
		for i, r := range service.Replicas {
			known := known[i]
			found, err := s.fetch(b.Context(), r, known, svc.selected)
			if err == nil {
				err = known.keep(page{at: at, selected: svc.selected}, found)
			}
			if err != nil {
				b.Fatal(err)
			}
			l.series = known.now(l.series)
		}
		return l
	}
	for range 4 {
		sweep()
	}
	b.ReportAllocs()
	for b.Loop() {
		l := sweep()
		for _, q := range questions {
			if _, err := s.answer(b.Context(), q.question, l); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkRead reads a page of 200 series, as this package does and as expfmt does.
func BenchmarkRead(b *testing.B) {
	body := []byte(ordinary(200))
	svc := &service{queries: map[string]*known{}}
	if _, err := svc.ask(threeQueries, time.Now()); err != nil {
		b.Fatal(err)
	}
	b.Run("textparse", func(b *testing.B) {
		r := &replica{series: map[string]*series{}}
		at := time.Now()
		b.ReportAllocs()
		for b.Loop() {
			found, err := read(bytes.Clone(body), "text/plain", "web-1", svc.selected, r.series)
			if err != nil || len(found) != 100 {
				b.Fatal(len(found), err)
			}
			at = at.Add(15 * time.Second)
			if err := r.keep(page{at: at, selected: svc.selected}, found); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("expfmt", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p := expfmt.NewTextParser(model.UTF8Validation)
			all, err := p.TextToMetricFamilies(bytes.NewReader(body))
			if err != nil || len(all) != 3 {
				b.Fatal(len(all), err)
			}
		}
	})
}
