package sim_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/sim"
)

var (
	web  = engine.Policy{Name: "web-load", Service: "web", Target: engine.Place{Driver: "sim", Project: "demo"}}
	cpu  = engine.Metric{Name: "cpu_usage", Type: "cpu"}
	rate = engine.Metric{Name: "request_rate", Type: "request_rate"}
)

// start has a service web of 10 requests a second a replica, started in 3 s, and a service api without load.
func start(load func(time.Duration) float64) *sim.Target {
	return sim.New(time.Now, map[string]sim.Service{
		"web": {Replicas: 1, Capacity: 600, StartDelay: 3 * time.Second, Load: load},
		"api": {Replicas: 2, Capacity: 600, Load: func(time.Duration) float64 { return 0 }},
	})
}

func steady(demand float64) func(time.Duration) float64 {
	return func(time.Duration) float64 { return demand }
}

func observe(t *testing.T, target *sim.Target, p engine.Policy) engine.Service {
	t.Helper()
	s, err := target.Observe(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func names(s engine.Service) string {
	var all []string
	for _, r := range s.Replicas {
		name := r.Name
		if !r.Ready {
			name += " starting"
		}
		all = append(all, name)
	}
	return strings.Join(all, ", ")
}

func TestScaleUpWaitsUntilReplicasAreReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := start(steady(5))
		began := time.Now()
		ended := make(chan engine.Outcome)
		go func() { ended <- target.Scale(t.Context(), engine.Order{Policy: web, From: 1, To: 3}) }()

		synctest.Wait()
		s := observe(t, target, web)
		if got := names(s); got != "web-1, web-2 starting, web-3 starting" || s.Ready() != 1 || s.Project != "demo" {
			t.Errorf("in the middle: %s; %+v", got, s)
		}
		o := <-ended
		if o.Result != engine.Succeeded || o.Reached != 3 || o.Error != "" || !o.Ended.Equal(time.Now()) {
			t.Errorf("got %+v", o)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("took %s, want 3s", took)
		}
		if got := names(observe(t, target, web)); got != "web-1, web-2, web-3" {
			t.Errorf("afterwards: %s", got)
		}
	})
}

func TestAnOrderBetweenTwoSecondsIsReadyWithTheNextOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := start(steady(5))
		time.Sleep(1500 * time.Millisecond) // the clock of the bubble: no time passes
		began := time.Now()
		target.Scale(t.Context(), engine.Order{Policy: web, From: 1, To: 2})
		if took := time.Since(began); took != 2500*time.Millisecond {
			t.Errorf("took %s, want 2.5s: ready at second 4", took)
		}
	})
}

func TestScaleDownIsImmediateAndTakesTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := start(steady(5))
		target.Scale(t.Context(), engine.Order{Policy: web, From: 1, To: 3})
		before := observe(t, target, web)
		began := time.Now()
		o := target.Scale(t.Context(), engine.Order{Policy: web, From: 3, To: 2})
		if o.Result != engine.Succeeded || o.Reached != 2 || time.Since(began) != 0 {
			t.Errorf("got %+v after %s", o, time.Since(began))
		}
		if got := names(observe(t, target, web)); got != "web-1, web-2" {
			t.Errorf("left: %s", got)
		}
		target.Scale(t.Context(), engine.Order{Policy: web, From: 2, To: 3})
		after := observe(t, target, web)
		if after.Replicas[2].Name != "web-3" || after.Replicas[2].ID == before.Replicas[2].ID {
			t.Errorf("a replica created anew has the name of the one removed and an id of its own: got %+v after %+v",
				after.Replicas[2], before.Replicas[2])
		}
	})
}

func TestScaleIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := start(steady(5))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		o := target.Scale(ctx, engine.Order{Policy: web, From: 1, To: 2})
		if o.Result != engine.Interrupted || o.Reached != 2 || o.Error == "" {
			t.Errorf("got %+v", o)
		}
		time.Sleep(2 * time.Second)
		if got := names(observe(t, target, web)); got != "web-1, web-2" {
			t.Errorf("the replica went on starting: got %s", got)
		}
	})
}

func TestSample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := start(func(since time.Duration) float64 {
			if since < 2*time.Second {
				return 4
			}
			return 25
		})
		began := time.Now()
		sample := func() []engine.Sample {
			samples, err := target.Sample(t.Context(), []engine.Metric{cpu, rate}, engine.Service{Name: "web"})
			if err != nil {
				t.Fatal(err)
			}
			return samples
		}
		if got := sample(); len(got) != 0 {
			t.Errorf("samples before the first second: %v", got)
		}
		time.Sleep(2500 * time.Millisecond)
		got := sample()
		id := observe(t, target, web).Replicas[0].ID
		want := []engine.Sample{
			{Metric: "cpu_usage", Replica: id, At: began.Add(2 * time.Second), Value: 40},
			{Metric: "request_rate", At: began.Add(2 * time.Second), Value: 240},
		}
		if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("got %v\nwant %v", got, want)
		}

		go target.Scale(t.Context(), engine.Order{Policy: web, From: 1, To: 3})
		time.Sleep(time.Second)
		if got := sample(); len(got) != 2 || got[0].Value != 100 || got[1].Value != 1500 {
			t.Errorf("starting replicas report nothing: got %v", got)
		}
		time.Sleep(3 * time.Second)
		if got := sample(); len(got) != 4 {
			t.Errorf("three replicas report: got %v", got)
		}
	})
}

func TestErrors(t *testing.T) {
	target := start(steady(1))
	unknown := engine.Policy{Service: "wbe"}
	const message = `the simulation has no service "wbe", only api, web`

	if _, err := target.Observe(t.Context(), unknown); err == nil || err.Error() != message {
		t.Errorf("Observe: %v", err)
	}
	if _, err := target.Sample(t.Context(), nil, engine.Service{Name: "wbe"}); err == nil || err.Error() != message {
		t.Errorf("Sample: %v", err)
	}
	o := target.Scale(t.Context(), engine.Order{Policy: unknown, From: 1, To: 2})
	if o.Result != engine.Failed || o.Error != message {
		t.Errorf("Scale: %+v", o)
	}
}

func TestSampleNamesTheMetricsItCannotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := start(steady(1))
		time.Sleep(time.Second)
		metrics := []engine.Metric{{Name: "ram", Type: "memory"}, cpu}
		got, err := target.Sample(t.Context(), metrics, engine.Service{Name: "web"})
		if len(got) != 1 || got[0].Value != 10 {
			t.Errorf("the others are read all the same: got %v", got)
		}
		if err == nil || err.Error() != `metric ram: the simulation has no type "memory", only cpu and request_rate` {
			t.Errorf("error: %v", err)
		}
	})
}

func TestStory(t *testing.T) {
	for at, want := range map[time.Duration]float64{
		0: 1, 9 * time.Second: 1, 10 * time.Second: 25, 44 * time.Second: 25, 45 * time.Second: 1, 89 * time.Second: 1,
		99 * time.Second: 1, 100 * time.Second: 25,
	} {
		if got := sim.Story(at); got != want {
			t.Errorf("at %s: %g requests a second, want %g", at, got, want)
		}
	}
}

// Left alone the demo's replica is idle, then drowns, then recovers.
func TestDemoShowsLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := sim.New(time.Now, map[string]sim.Service{"web": sim.Demo()})
		used := func(after time.Duration) float64 {
			time.Sleep(after)
			samples, err := target.Sample(t.Context(), []engine.Metric{cpu}, engine.Service{Name: "web"})
			if err != nil || len(samples) != 1 {
				t.Fatalf("%v, %v", samples, err)
			}
			return samples[0].Value
		}
		if got := used(5 * time.Second); got != 10 {
			t.Errorf("at first: %g %%, want 10", got)
		}
		if got := used(10 * time.Second); got != 100 {
			t.Errorf("under load: %g %%, want 100", got)
		}
	})
}

func TestAddedServiceBeginsThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := start(steady(5))
		observe(t, target, web)
		time.Sleep(time.Hour)
		var asked []time.Duration
		late := sim.Service{Replicas: 2, Capacity: 600, Load: func(since time.Duration) float64 { asked = append(asked, since); return 5 }}
		target.Add(map[string]sim.Service{"late": late, "web": late})
		time.Sleep(2 * time.Second)
		p := web
		p.Service = "late"
		if s := observe(t, target, p); names(s) != "late-1, late-2" || len(asked) != 2 || asked[0] != 0 {
			t.Errorf("%s under the load of %v", names(s), asked)
		}
		if got := names(observe(t, target, web)); got != "web-1" {
			t.Errorf("a service that was there is now %s", got)
		}
	})
}
