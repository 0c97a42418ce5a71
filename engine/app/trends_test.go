package app

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
)

// annals are what is on record, on paper.
type annals struct {
	series  []engine.Series
	rollups []engine.Rollups
	events  []engine.Event // the newest first
	decided time.Time      // since when decisions are kept

	limits []int // that events were asked for with
}

func (a *annals) Samples(_ context.Context, r engine.Range) (found []engine.Series, _ error) {
	for _, s := range a.series {
		if s.Subject == r.Subject {
			found = append(found, s)
		}
	}
	return found, nil
}

func (a *annals) Rollups(_ context.Context, r engine.Range) (found []engine.Rollups, _ error) {
	for _, s := range a.rollups {
		if s.Subject == r.Subject {
			found = append(found, s)
		}
	}
	return found, nil
}

func (a *annals) History(_ context.Context, _ string, limit int) ([]engine.Event, error) {
	a.limits = append(a.limits, limit)
	return append([]engine.Event{}, a.events[:min(limit, len(a.events))]...), nil
}

func (a *annals) DecisionAt(_ context.Context, _ string, _ engine.Mode, at time.Time) (store.Row, bool, error) {
	return store.Row{}, !a.decided.IsZero() && !at.Before(a.decided), nil
}

var evening = time.Date(2026, 1, 1, 18, 0, 0, 0, time.UTC)

// seconds before the evening.
func ago(n int) time.Time { return evening.Add(-time.Duration(n) * time.Second) }

func simulated(name, service string) engine.Policy {
	return engine.Policy{
		Name: name, Service: service, Mode: engine.Live, Target: engine.Place{Driver: "sim"}, MinReplicas: 1, MaxReplicas: 5, EvaluationInterval: 10 * time.Second,
		Cooldown: engine.UpDown{Up: time.Minute, Down: 5 * time.Minute},
		Metrics: []engine.Metric{
			{Name: "cpu", Type: "cpu", Source: "system", Service: service, Aggregation: "avg", Window: time.Minute, Scope: engine.PerReplica},
			{Name: "half", Type: "custom", Source: "custom", Expr: "cpu / 2", Service: service},
			{Name: "mood", Type: "custom", Source: "custom", Rule: "shop.mood", Service: service},
		},
		Thresholds: []engine.Threshold{{Metric: "cpu", ScaleUp: 70, ScaleDown: 20, Comparison: engine.GreaterThan}},
		Targets:    []engine.Target{{Metric: "half", Value: 30}},
	}
}

// plotted writes trends down: policy: replicas; metric values; …
func plotted(t api.Trends) string {
	var lines []string
	for _, one := range t.Trends {
		parts := []string{one.Policy + ": " + line(one.Replicas)}
		for _, m := range one.Metrics {
			parts = append(parts, m.Metric+" "+line(m.Values))
		}
		lines = append(lines, strings.Join(parts, "; "))
	}
	return strings.Join(lines, "\n")
}

func line[T int | float64](values []*T) string {
	text := ""
	for _, v := range values {
		if v == nil {
			text += " -"
		} else {
			text += " " + fmt.Sprint(*v)
		}
	}
	return strings.TrimSpace(text)
}

func TestTrends(t *testing.T) {
	web, shop, shadow := simulated("web", "web"), simulated("shop", "db"), simulated("eager", "web")
	shadow.Mode = engine.Shadow
	policies := []engine.Policy{web, shop, shadow}
	sampled := func(p engine.Policy, signal string, values ...float64) engine.Series { // every minute, up to 30 s before the evening
		s := engine.Series{Subject: p.Subject(), Metric: "cpu", Signal: signal}
		for i, v := range values {
			s.Points = append(s.Points, engine.Point{At: ago(30 + 60*(len(values)-1-i)), Value: v})
		}
		return s
	}
	signal := web.Metrics[0].Signal()
	newest := map[string]engine.Record{}
	for _, p := range policies {
		r := engine.Record{At: ago(5), Decision: engine.Decision{Action: engine.Hold}}
		r.Snapshot.Service.Replicas.Current = 2
		newest[p.Subject()] = r
	}
	happened := func(p engine.Policy, from, reached, started int) engine.Event {
		return engine.Event{Mode: p.Mode, Policy: p.Name, Target: p.Target, Service: p.Service, From: from, Reached: reached, Started: ago(started), Ended: ago(started - 1)}
	}
	for name, c := range map[string]struct {
		of   annals
		ask  api.TrendsAsk
		want string
		step int
	}{
		"a service, with what watches it": {
			annals{series: []engine.Series{sampled(web, signal, 40, 50, 60), sampled(shadow, signal, 10)}, decided: ago(1000)},
			api.TrendsAsk{Services: []string{"web"}, From: ago(240), To: evening, Points: 4},
			"web: 2 2 2 2; cpu - 40 50 60; half - 20 25 30; mood - - - -\neager: 2 2 2 2; cpu - - - 10; half - - - 5; mood - - - -", 60,
		},
		"by a policy's name, and once": {
			annals{series: []engine.Series{sampled(shop, shop.Metrics[0].Signal(), 40)}},
			api.TrendsAsk{Services: []string{"shop", "db"}, From: ago(240), To: evening, Points: 4},
			"shop: - - - 2; cpu - - - 40; half - - - 20; mood - - - -", 60,
		},
		"what another signal said is left out": {
			annals{series: []engine.Series{sampled(shop, "another", 40)}},
			api.TrendsAsk{Services: []string{"db"}, From: ago(240), To: evening, Points: 4},
			"shop: - - - 2; cpu - - - -; half - - - -; mood - - - -", 60,
		},
		"replicas by events": {
			annals{events: []engine.Event{happened(shop, 3, 2, 100), happened(shadow, 7, 8, 110), happened(shop, 1, 3, 160)}},
			api.TrendsAsk{Services: []string{"db"}, From: ago(240), To: evening, Points: 4},
			"shop: - 3 2 2; cpu - - - -; half - - - -; mood - - - -", 60,
		},
		"rollups beyond six hours": {
			annals{
				series:  []engine.Series{sampled(shop, shop.Metrics[0].Signal(), 40)},
				rollups: []engine.Rollups{{Subject: shop.Subject(), Metric: "cpu", Signal: shop.Metrics[0].Signal(), Rollups: []engine.Rollup{{From: ago(3600), Count: 20, Mean: 50, Min: 10, Max: 90}}}},
			},
			api.TrendsAsk{Services: []string{"db"}, From: ago(12 * 3600), To: evening, Points: 12},
			"shop: - - - - - - - - - - 2 2; cpu - - - - - - - - - - - 50; half - - - - - - - - - - - 25; mood - - - - - - - - - - - -", 3600,
		},
		"rollups where samples are not kept": {
			annals{rollups: []engine.Rollups{{Subject: shop.Subject(), Metric: "cpu", Signal: shop.Metrics[0].Signal(), Rollups: []engine.Rollup{{From: ago(49 * 3600), Count: 20, Mean: 50}}}}},
			api.TrendsAsk{Services: []string{"db"}, From: ago(49*3600 + 300), To: ago(49*3600 - 600), Points: 100},
			"shop: 2 2 2; cpu - 0 -; half - 0 -; mood - - -", 300,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := chronicle{&c.of, newest, ago(48 * 3600)}
			got, err := h.trends(t.Context(), policies, c.ask)
			if err != nil || plotted(got) != c.want || got.Step != c.step {
				t.Errorf("step %d, %v, got\n%s\nwant step %d,\n%s", got.Step, err, plotted(got), c.step, c.want)
			}
			if want := got.From.Add(time.Duration(got.Step*(len(got.Trends[0].Replicas)-1)) * time.Second); !got.To.Equal(want) {
				t.Errorf("it ends at %s, and its last value is of %s", got.To, want)
			}
		})
	}

	t.Run("what metrics are held against", func(t *testing.T) {
		got, err := chronicle{of: &annals{}}.trends(t.Context(), policies, api.TrendsAsk{Services: []string{"db"}, From: ago(60), To: evening, Points: 10})
		if err != nil {
			t.Fatal(err)
		}
		one := got.Trends[0]
		cpu, half := one.Metrics[0], one.Metrics[1]
		if cpu.Comparison != engine.GreaterThan || *cpu.ScaleUp != 70 || *cpu.ScaleDown != 20 || cpu.Target != nil || *half.Target != 30 || half.ScaleUp != nil {
			t.Errorf("cpu %+v, half %+v", cpu, half)
		}
		if one.Cooldown != (api.Cooldown{UpSeconds: 60, DownSeconds: 300}) || one.MaxReplicas != 5 || one.Mode != engine.Live {
			t.Errorf("the trend is %+v", one)
		}
	})
	t.Run("an unknown service", func(t *testing.T) {
		_, err := chronicle{of: &annals{}}.trends(t.Context(), policies, api.TrendsAsk{Services: []string{"web", "wbe"}, From: ago(60), To: evening, Points: 10})
		if err == nil || !strings.Contains(err.Error(), "wbe") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("as many events as are shown", func(t *testing.T) {
		of := annals{}
		for i := range 400 {
			of.events = append(of.events, happened(shop, i%3+1, (i+2)%3+1, 10+i))
		}
		h := chronicle{of: &of}
		all, err := h.events(t.Context(), shop, ago(100))
		if err != nil || len(all) != 400 || fmt.Sprint(of.limits) != "[50 500]" {
			t.Errorf("%d events, asked for %v, %v", len(all), of.limits, err)
		}
	})
}
