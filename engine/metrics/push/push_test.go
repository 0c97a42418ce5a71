package push

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/poll"
)

var _ poll.Source = (*Source)(nil)

const (
	idOne = "0123456789abcdef0123456789abcdef"
	idTwo = "fedcba9876543210fedcba9876543210"
)

var (
	shop  = engine.Service{Name: "web", Replicas: []engine.Replica{{ID: idOne, Name: "shop-web-1"}, {ID: idTwo, Name: "shop-web-2"}}}
	jobs  = engine.Metric{Name: "jobs", Window: time.Minute}
	asked = engine.Metric{Name: "jobs", Query: "queue.jobs", Window: time.Minute}
)

func TestPushRefuses(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		service string
		sample  engine.Sample
		says    string // empty: it is taken
	}{
		"now":                  {"web", engine.Sample{Metric: "jobs", Value: 1}, ""},
		"negative":             {"web", engine.Sample{Metric: "jobs", Value: -1}, ""},
		"as large as can be":   {"web", engine.Sample{Metric: "jobs", Value: 1e308}, ""},
		"a clock ahead":        {"web", engine.Sample{Metric: "jobs", At: now.Add(5 * time.Second)}, ""},
		"the future":           {"web", engine.Sample{Metric: "jobs", At: now.Add(90 * time.Second)}, "is 1m30s in the future; allowed: up to 5s"},
		"the far future":       {"web", engine.Sample{Metric: "jobs", At: now.AddDate(5000, 0, 0)}, "in the future; allowed: up to 5s"},
		"an hour ago":          {"web", engine.Sample{Metric: "jobs", At: now.Add(-time.Hour)}, ""},
		"long ago":             {"web", engine.Sample{Metric: "jobs", At: now.Add(-2 * time.Hour)}, "is 2h0m0s ago; allowed: up to 1h0m0s"},
		"seconds taken for ns": {"web", engine.Sample{Metric: "jobs", At: time.Unix(0, 1)}, "ago; allowed: up to 1h0m0s"},
		"NaN":                  {"web", engine.Sample{Metric: "jobs", Value: math.NaN()}, `the value of metric "jobs" is NaN; allowed: a finite number`},
		"infinity":             {"web", engine.Sample{Metric: "jobs", Value: math.Inf(-1)}, "is -Inf; allowed: a finite number"},
		"no metric":            {"web", engine.Sample{}, "the name of the metric has 0 bytes; allowed: 1 to 200"},
		"a long metric":        {"web", engine.Sample{Metric: strings.Repeat("a", 201)}, "has 201 bytes"},
		"a long replica":       {"web", engine.Sample{Metric: "jobs", Replica: strings.Repeat("a", 201)}, "the name of the replica has 201 bytes"},
		"no service":           {"", engine.Sample{Metric: "jobs"}, "the name of the service has 0 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			s := New()
			good := engine.Sample{Metric: "good", Value: 1}
			err := s.Push(c.service, []engine.Sample{good, c.sample}, now)
			if c.says == "" {
				if err != nil {
					t.Errorf("Push = %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Push = %v; want %q", err, c.says)
			}
			if _, err := s.Sample(t.Context(), []engine.Metric{{Name: "good", Window: time.Minute}}, engine.Service{Name: "web"}); err == nil {
				t.Error("a push that is refused left something behind")
			}
		})
	}
}

func TestSample(t *testing.T) {
	type at = time.Duration // before now
	for name, c := range map[string]struct {
		metric  engine.Metric
		service string
		pushed  map[string][]at // by metric and replica: "metric/replica"
		want    []string        // replica and how long before now
		says    string
	}{
		"a value":                 {jobs, "web", map[string][]at{"jobs/": {0}}, []string{" 0s"}, ""},
		"two windows":             {jobs, "web", map[string][]at{"jobs/": {time.Second, 119 * time.Second, 2 * time.Minute}}, []string{" 1m59s", " 1s"}, ""},
		"nothing young":           {jobs, "web", map[string][]at{"jobs/": {2 * time.Minute}}, nil, ""},
		"of replicas":             {jobs, "web", map[string][]at{"jobs/shop-web-1": {0}, "jobs/" + idTwo: {0}}, []string{idOne + " 0s", idTwo + " 0s"}, ""},
		"of a short id":           {jobs, "web", map[string][]at{"jobs/" + idTwo[:12]: {0}}, []string{idTwo + " 0s"}, ""},
		"one by two names":        {jobs, "web", map[string][]at{"jobs/shop-web-1": {0}, "jobs/" + idOne[:20]: {time.Second}}, []string{idOne + " 0s", idOne + " 1s"}, ""},
		"of a replica gone":       {jobs, "web", map[string][]at{"jobs/shop-web-1": {0}, "jobs/shop-web-9": {0}}, []string{idOne + " 0s"}, ""},
		"of replicas gone only":   {jobs, "web", map[string][]at{"jobs/shop-web-9": {0}}, nil, `replicas that the service does not have, such as "shop-web-9"`},
		"of too short an id":      {jobs, "web", map[string][]at{"jobs/" + idTwo[:11]: {0}}, nil, "does not have"},
		"of more than an id":      {jobs, "web", map[string][]at{"jobs/" + idTwo + "0": {0}}, nil, "does not have"},
		"by query":                {asked, "web", map[string][]at{"queue.jobs/": {0}, "jobs/": {time.Second}}, []string{" 0s"}, ""},
		"not by query":            {asked, "web", map[string][]at{"jobs/": {0}}, nil, `nothing has been pushed yet; POST {"metrics": {"queue.jobs": 12}} to /api/autoscaling/metrics/web`},
		"another metric":          {jobs, "web", map[string][]at{"job/": {0}}, nil, `nothing has been pushed yet; POST {"metrics": {"jobs": 12}} to /api/autoscaling/metrics/web`},
		"another service":         {jobs, "api", map[string][]at{"jobs/": {0}}, nil, "nothing has been pushed yet"},
		"a service with a slash":  {jobs, "a/b", nil, nil, "/api/autoscaling/metrics/a%2Fb"},
		"the same time over":      {jobs, "web", map[string][]at{"jobs/": {0, 0, 0}}, []string{" 0s"}, ""},
		"a clock ahead of others": {jobs, "web", map[string][]at{"jobs/": {-5 * time.Second}}, []string{" -5s"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, now := New(), time.Now()
				for of, times := range c.pushed {
					metric, replica, _ := strings.Cut(of, "/")
					for _, before := range times {
						push(t, s, engine.Sample{Metric: metric, Replica: replica, At: now.Add(-before), Value: 7})
					}
				}
				service := shop
				service.Name = c.service
				samples, err := s.Sample(t.Context(), []engine.Metric{c.metric}, service)
				var got []string
				for _, sample := range samples {
					if sample.Metric != c.metric.Name || sample.Value != 7 {
						t.Errorf("sample %+v", sample)
					}
					got = append(got, sample.Replica+" "+now.Sub(sample.At).String())
				}
				slices.Sort(got)
				if !slices.Equal(got, c.want) {
					t.Errorf("samples %q; want %q", got, c.want)
				}
				var unread engine.Unread
				switch {
				case c.says == "" && err != nil:
					t.Errorf("error %v", err)
				case c.says != "" && (!errors.As(err, &unread) || unread.Metric != c.metric.Name || !strings.Contains(err.Error(), c.says)):
					t.Errorf("error %v; want an engine.Unread with %q", err, c.says)
				}
			})
		})
	}
}

// Two replicas whose ids begin alike are not taken for each other.
func TestShortIDOfTwo(t *testing.T) {
	alike := []engine.Replica{{ID: idOne + "a", Name: "a"}, {ID: idOne + "b", Name: "b"}}
	if id, has := replica(idOne, alike); has {
		t.Errorf("taken for %s", id)
	}
	if id, has := replica(idOne+"b", alike); !has || id != idOne+"b" {
		t.Errorf("its own id is taken for %q", id)
	}
}

// One metric without samples does not hide the others.
func TestSampleOfSeveral(t *testing.T) {
	s := New()
	push(t, s, engine.Sample{Metric: "b", Value: 2}, engine.Sample{Metric: "c", Value: 3})
	var metrics []engine.Metric
	for _, name := range []string{"a", "b", "c"} {
		metrics = append(metrics, engine.Metric{Name: name, Window: time.Minute})
	}
	samples, err := s.Sample(t.Context(), metrics, shop)
	if len(samples) != 2 || samples[0].Metric != "b" || samples[1].Metric != "c" || !strings.Contains(fmt.Sprint(err), "metric a: ") {
		t.Errorf("Sample = %v, %v", samples, err)
	}
}

// In whatever order samples are pushed, and however often, the newest 240 of a series are there.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Now().Round(0)
		numbers := rapid.SliceOfN(rapid.IntRange(0, 3000), 0, 700).Draw(t, "seconds ago")
		order := rapid.Permutation(append(numbers, numbers...)).Draw(t, "order")
		s := New()
		for len(order) > 0 {
			var together []engine.Sample
			for _, n := range order[:rapid.IntRange(1, len(order)).Draw(t, "together")] {
				together = append(together, engine.Sample{Metric: "jobs", At: now.Add(-time.Duration(n) * time.Second), Value: float64(n)})
			}
			order = order[len(together):]
			push(t, s, together...)
		}
		slices.Sort(numbers)
		numbers = slices.Compact(numbers)
		want := numbers[:min(len(numbers), keptSamples)]
		samples, err := s.Sample(context.Background(), []engine.Metric{{Name: "jobs", Window: time.Hour}}, shop)
		if err != nil && len(want) > 0 || len(samples) != len(want) {
			t.Fatalf("%d samples, %v; want %d", len(samples), err, len(want))
		}
		slices.SortFunc(samples, func(a, b engine.Sample) int { return cmp.Compare(a.Value, b.Value) })
		for i, n := range want {
			if sample := samples[i]; sample.Value != float64(n) || !sample.At.Equal(now.Add(-time.Duration(n)*time.Second)) {
				t.Fatalf("sample %d is %+v; want that of %d s ago", i, sample, n)
			}
		}
	})
}

// However many series are pushed, 1000 stay: those that were heard of last.
func TestSeriesAreBounded(t *testing.T) {
	s, now := New(), time.Now()
	series := func(i int, age time.Duration) engine.Sample {
		return engine.Sample{Metric: fmt.Sprint(i), At: now.Add(-age), Value: float64(i)}
	}
	for i := range keptSeries {
		push(t, s, series(i, 30*time.Minute-time.Duration(i)*time.Second))
	}
	push(t, s, series(0, 0))                 // the oldest is heard of again
	push(t, s, series(2000, 0))              // so that the next oldest, 1, makes room
	push(t, s, series(3000, 59*time.Minute)) // older than all: it finds no room
	push(t, s, series(2, 50*time.Minute))    // and another sample of one that is there needs none
	push(t, s, series(2, 40*time.Minute))    // in whatever order
	push(t, s, series(4000, time.Second))    // 2 makes room: its newest is the oldest still
	push(t, s, series(5000, time.Minute))    // then 3
	push(t, s, series(4000, 2*time.Minute))  // for which there is no need
	for i, want := range map[int]bool{0: true, 1: false, 2: false, 3: false, 4: true, 999: true, 2000: true, 3000: false, 4000: true, 5000: true} {
		_, err := s.Sample(t.Context(), []engine.Metric{{Name: fmt.Sprint(i), Window: time.Hour}}, shop)
		if has := err == nil; has != want {
			t.Errorf("series %d is there: %v; want %v", i, has, want)
		}
	}
	if n := len(s.series); n != keptSeries {
		t.Errorf("%d series; want %d", n, keptSeries)
	}
}

func TestAllAtOnce(t *testing.T) {
	s := New()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 50 {
				sample := engine.Sample{Metric: "jobs", At: time.Now().Add(-time.Duration(50*i+j) * time.Millisecond), Value: 1}
				if err := s.Push("web", []engine.Sample{sample}, time.Now()); err != nil {
					t.Error(err)
				}
				if samples, err := s.Sample(t.Context(), []engine.Metric{jobs}, shop); err != nil || len(samples) == 0 {
					t.Errorf("%d samples, %v", len(samples), err)
				}
			}
		})
	}
	all.Wait()
	if samples, _ := s.Sample(t.Context(), []engine.Metric{jobs}, shop); len(samples) != keptSamples {
		t.Errorf("%d samples are kept; want %d", len(samples), keptSamples)
	}
}

func push(t interface {
	Helper()
	Fatal(...any)
}, s *Source, samples ...engine.Sample) {
	t.Helper()
	if err := s.Push("web", samples, time.Now()); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkSample(b *testing.B) {
	s, now := New(), time.Now()
	for i := range keptSeries {
		for j := range keptSamples {
			if err := s.Push("web", []engine.Sample{{Metric: fmt.Sprint(i), At: now.Add(-time.Duration(j) * time.Second), Value: 1}}, now); err != nil {
				b.Fatal(err)
			}
		}
	}
	for b.Loop() {
		if samples, err := s.Sample(b.Context(), []engine.Metric{{Name: "7", Window: time.Minute}}, shop); err != nil || len(samples) == 0 {
			b.Fatal(err)
		}
	}
}

func BenchmarkPush(b *testing.B) {
	s, now := New(), time.Now()
	sample := []engine.Sample{{Metric: "jobs", Value: 1}}
	for b.Loop() {
		now = now.Add(time.Millisecond)
		if err := s.Push("web", sample, now); err != nil {
			b.Fatal(err)
		}
	}
}
