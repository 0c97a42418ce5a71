package control

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// diary keeps when each policy ran, since the start.
type diary struct {
	mu   sync.Mutex
	runs map[string][]time.Duration
}

func (d *diary) ran(p engine.Policy, since time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.runs == nil {
		d.runs = map[string][]time.Duration{}
	}
	d.runs[p.Name] = append(d.runs[p.Name], since)
}

func newLoop(w *paper, d *diary) *Loop {
	begun := time.Now()
	return &Loop{
		Cycle:       w.cycle(rule(0)),
		Sample:      func(context.Context, engine.Policy, Part) error { return nil },
		SampleEvery: func([]engine.Metric) time.Duration { return 10 * time.Second },
		Now:         func() Moment { return Moment{At: time.Now()} },
		Sampled:     func(engine.Policy, Part, error) {},
		Ran:         func(p engine.Policy, _ error) { d.ran(p, time.Since(begun)) },
	}
}

func TestLoopSpreadsPoliciesOverTheirInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Second)
		defer cancel()
		sets := make(chan []engine.Policy, 1)
		sets <- []engine.Policy{policy("a"), policy("b"), policy("c")}
		newLoop(newPaper(2), &d).Run(ctx, sets)
		for name, first := range map[string]time.Duration{"a": 0, "b": 20 * time.Second, "c": 40 * time.Second} {
			if want := []time.Duration{first, first + time.Minute, first + 2*time.Minute}; !slices.Equal(d.runs[name][:min(3, len(d.runs[name]))], want[:len(d.runs[name])]) || len(d.runs[name]) < 2 {
				t.Errorf("%s ran at %v, want %v", name, d.runs[name], want)
			}
		}
	})
}

// only recommends one more for the policies named, and nothing for the others.
type only struct {
	name string
	rule
}

func (o only) Recommend(ctx context.Context, p engine.Policy, s engine.Snapshot) (engine.Recommendation, error) {
	if p.Name != o.name {
		return rule(0).Recommend(ctx, p, s)
	}
	return o.rule.Recommend(ctx, p, s)
}

// rollouts are acts of a length, of which never two run at once.
type rollouts struct {
	length       time.Duration
	mu           sync.Mutex
	inside, most int
	cut          bool
}

func (r *rollouts) act(ctx context.Context, o engine.Order) engine.Outcome {
	r.mu.Lock()
	r.inside++
	r.most = max(r.most, r.inside)
	r.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-time.After(r.length):
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inside--
	r.cut = r.cut || ctx.Err() != nil
	return engine.Outcome{Result: engine.RolledBack, Reached: o.From, Ended: time.Now()}
}

func TestSlowPolicyNeitherOverlapsNorDelaysOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		w, r := newPaper(2), &rollouts{length: 150 * time.Second} // two and a half intervals
		w.act = r.act
		l := newLoop(w, &d)
		l.Cycle = w.cycle(only{"slow", 1})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute+time.Second)
		defer cancel()
		sets := make(chan []engine.Policy, 1)
		sets <- []engine.Policy{policy("quick"), policy("slow")}
		l.Run(ctx, sets)
		if r.most != 1 {
			t.Errorf("%d cycles of one policy at once", r.most)
		}
		if n := len(d.runs["quick"]); n != 11 {
			t.Errorf("the quick policy ran %d times in 10 minutes", n)
		}
		if n := len(d.runs["slow"]); n < 3 || n > 9 {
			t.Errorf("the slow policy ran %d times in 10 minutes", n)
		}
	})
}

// A policy that goes, comes back and is renamed while its rollout runs leaves the rollout alone, and waits for it.
func TestServiceHasOneCycleWhateverItsPolicyIsCalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		w, r := newPaper(2), &rollouts{length: 90 * time.Second}
		w.act = r.act
		l := newLoop(w, &d)
		l.Cycle = w.cycle(rule(1))
		ctx, cancel := context.WithTimeout(t.Context(), 80*time.Second)
		defer cancel()
		sets := make(chan []engine.Policy)
		ended := make(chan time.Time)
		begun := time.Now()
		go func() { l.Run(ctx, sets); ended <- time.Now() }()
		p := policy("web")
		for _, set := range [][]engine.Policy{{p}, {}, {p}, {}} {
			sets <- set
			time.Sleep(10 * time.Second)
		}
		renamed := p
		renamed.Name, renamed.Revision = "web-v2", "2"
		sets <- []engine.Policy{renamed}
		time.Sleep(time.Second)
		r.mu.Lock()
		if r.most != 1 || r.cut {
			t.Errorf("%d rollouts at once, cut short %v", r.most, r.cut)
		}
		r.mu.Unlock()
		if at := <-ended; at.Sub(begun) != 80*time.Second || !r.cut {
			t.Errorf("the loop ended after %s, the rollout told %v: want both at the stop", at.Sub(begun), r.cut)
		}
		if n := len(w.closed); n != 1 {
			t.Errorf("%d events were closed, want the one: %+v", n, w.closed)
		}
	})
}

func TestReloadLetsTheCycleEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, r := newPaper(2), &rollouts{length: 90 * time.Second}
		w.act = r.act
		var d diary
		l := newLoop(w, &d)
		l.Cycle = w.cycle(rule(1))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		sets := make(chan []engine.Policy)
		var wg sync.WaitGroup
		wg.Go(func() { l.Run(ctx, sets) })
		p := policy("web")
		sets <- []engine.Policy{p}
		time.Sleep(10 * time.Second)
		p.Revision, p.EvaluationInterval = "2", 30*time.Second
		sets <- []engine.Policy{p}
		synctest.Wait()
		wg.Wait()
		if r.cut {
			t.Error("the reload cut the rollout short")
		}
		if runs := d.runs["web"]; len(runs) < 5 || runs[0] != 90*time.Second || runs[1] != 90*time.Second || runs[2] != 120*time.Second {
			t.Errorf("ran at %v", runs)
		}
	})
}

func TestRemovedPolicyStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		sets := make(chan []engine.Policy)
		var wg sync.WaitGroup
		wg.Go(func() { newLoop(newPaper(2), &d).Run(ctx, sets) })
		sets <- []engine.Policy{policy("kept"), policy("gone")}
		time.Sleep(2*time.Minute + 45*time.Second)
		sets <- []engine.Policy{policy("kept")}
		wg.Wait()
		if kept, gone := len(d.runs["kept"]), len(d.runs["gone"]); kept < 9 || gone != 3 {
			t.Errorf("kept ran %d times, gone %d", kept, gone)
		}
	})
}

func TestOnceSamplesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		l := newLoop(newPaper(2), &d)
		var taken atomic.Int32
		l.Sample = func(context.Context, engine.Policy, Part) error { taken.Add(1); return nil }
		p := policy("web")
		p.Metrics = append(p.Metrics, engine.Metric{Name: "queue", Source: "slow", Service: "web"})
		l.SampleEvery = func(of []engine.Metric) time.Duration {
			if of[0].Name == "queue" { // all at the quickest pace: what is sampled first must not be stale at the end
				return time.Hour
			}
			return 10 * time.Second
		}
		l.Once(t.Context(), []engine.Policy{p}, 3)
		if taken.Load() != 6 || len(d.runs["web"]) != 1 || d.runs["web"][0] != 20*time.Second {
			t.Errorf("%d samples, ran at %v", taken.Load(), d.runs["web"])
		}
	})
}

// target and source that hang until their deadline.
type hanging struct{}

func (hanging) Observe(ctx context.Context, p engine.Policy) (engine.Service, error) {
	<-ctx.Done()
	return engine.Service{}, ctx.Err()
}
func (hanging) Settle(context.Context, engine.Policy, engine.Event) error { return nil }

func (hanging) Scale(context.Context, engine.Order) engine.Outcome { return engine.Outcome{} }
func (hanging) Sample(ctx context.Context, _ []engine.Metric, _ engine.Service) ([]engine.Sample, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

type steady struct{ hanging }

func (steady) Observe(_ context.Context, p engine.Policy) (engine.Service, error) {
	return engine.Service{Name: p.Service, Replicas: []engine.Replica{{ID: p.Service, Ready: true}}}, nil
}

type fine struct{}

func (fine) Sample(_ context.Context, m []engine.Metric, _ engine.Service) ([]engine.Sample, error) {
	return []engine.Sample{{Metric: m[0].Name, Value: 1}}, nil
}

type kept []engine.Sample

func (k *kept) Add(s []engine.Sample) []engine.Sample { *k = append(*k, s...); return s }
func (k *kept) Read(_ engine.Policy, m engine.Metric, _ []engine.Replica, _, _ time.Time) engine.Reading {
	for _, s := range *k {
		if s.Metric == m.Name {
			return engine.Reads(s.Value)
		}
	}
	return engine.Reading{Status: engine.Missing}
}

// stuck hangs until the deadline of its breaker, which here is a plain one.
type stuck struct{}

func (stuck) Sample(ctx context.Context, m []engine.Metric, s engine.Service) ([]engine.Sample, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	_, err := hanging{}.Sample(ctx, m, s)
	return nil, engine.Unread{Metric: m[0].Name, Query: m[0].Query, Err: err}
}

// A slow source holds up its own metrics only: the others are sampled at their pace.
func TestSlowSourceHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cpu, d = &counted{}, diary{}
		live := &Live{
			Targets:    map[string]Target{"": steady{}},
			Sources:    map[string]Feed{"system": {Source: cpu}, "slow": {Source: stuck{}, Whole: true}},
			NewWindows: func(engine.Policy) Windows { return &kept{} },
			Deadline:   5 * time.Second,
		}
		p := policy("web")
		p.Metrics = append(p.Metrics,
			engine.Metric{Name: "queue", Source: "slow", Service: "web", Query: "LLEN q"},
			engine.Metric{Name: "rate", Source: "business", Service: "web"},
			engine.Metric{Name: "each", Source: "custom", Service: "web", Expr: "queue / replicas.ready"})
		l := newLoop(newPaper(1), &d)
		l.Cycle.World, l.Sample = live, live.Sample
		ctx, cancel := context.WithTimeout(t.Context(), 95*time.Second)
		defer cancel()
		sets := make(chan []engine.Policy, 1)
		sets <- []engine.Policy{p}
		l.Run(ctx, sets)
		if cpu.calls != 10 {
			t.Errorf("cpu was sampled %d times in 95s, want 10", cpu.calls)
		}
		s, err := live.Observe(t.Context(), p, engine.State{}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for name, detail := range map[string]string{
			"queue": "context deadline exceeded",
			"rate":  `there is no source "business" here; there are: slow, system`,
		} {
			if got := s.Metrics[name]; got.Status != engine.Missing || got.Detail != detail {
				t.Errorf("%s reads %+v", name, got)
			}
		}
		if s.Metrics["cpu"].Status != engine.OK {
			t.Errorf("cpu reads %+v", s.Metrics["cpu"])
		}
		if _, sampled := s.Metrics["each"]; sampled {
			t.Error("a computed metric was observed")
		}
		if each := Compute(ctx, l.Cycle.Rules, p, s).Metrics["each"]; each.Status != engine.Missing || !strings.Contains(each.Detail, "queue") {
			t.Errorf("each reads %+v", each)
		}
	})
}

// counted counts how often it is asked.
type counted struct{ calls int }

func (c *counted) Sample(ctx context.Context, m []engine.Metric, s engine.Service) ([]engine.Sample, error) {
	c.calls++
	return fine{}.Sample(ctx, m, s)
}

// sampled takes one sample of every part of a policy.
func sampled(t *testing.T, l *Live, p engine.Policy) {
	t.Helper()
	for _, part := range Parts(p) {
		if err := l.Sample(t.Context(), p, part); err != nil {
			t.Fatal(err)
		}
	}
}

// A metric of another service is joined to that service's replicas.
func TestMetricOfAnotherService(t *testing.T) {
	live := &Live{
		Targets: map[string]Target{"": steady{}}, Sources: map[string]Feed{"system": {Source: fine{}}},
		NewWindows: func(engine.Policy) Windows { return &joined{} }, Deadline: time.Second,
	}
	p := policy("web")
	p.Metrics = append(p.Metrics, engine.Metric{Name: "db_cpu", Source: "system", Service: "db"})
	sampled(t, live, p)
	s, err := live.Observe(t.Context(), p, engine.State{}, start)
	if err != nil {
		t.Fatal(err)
	}
	for name, of := range map[string]string{"cpu": "web", "db_cpu": "db"} {
		if got := s.Metrics[name].Detail; got != of {
			t.Errorf("%s is joined to %q, want %q", name, got, of)
		}
	}
}

// joined says in its detail which replicas it was joined to.
type joined struct{ kept }

func (joined) Read(_ engine.Policy, _ engine.Metric, live []engine.Replica, _, _ time.Time) engine.Reading {
	return engine.Reading{Status: engine.OK, Detail: live[0].ID}
}

// growing is a target with more and more replicas; resets says when a window began anew.
type growing struct {
	hanging
	replicas *int
}

func (g growing) Observe(_ context.Context, p engine.Policy) (engine.Service, error) {
	return engine.Service{Name: p.Service, Replicas: make([]engine.Replica, *g.replicas)}, nil
}

type resets struct{ kept }

func (resets) Read(_ engine.Policy, _ engine.Metric, _ []engine.Replica, changed, at time.Time) engine.Reading {
	if changed.IsZero() {
		return engine.Reading{Detail: "never"}
	}
	return engine.Reading{Detail: at.Sub(changed).String()}
}

// The windows begin anew when the real count changes: not at the first look, and not when a shadow imagines a change.
func TestWindowsBeginAnewAfterAChange(t *testing.T) {
	n := 2
	live := &Live{Targets: map[string]Target{"": growing{replicas: &n}}, NewWindows: func(engine.Policy) Windows { return &resets{} }, Deadline: time.Second}
	p := policy("web")
	p.Mode = engine.Shadow
	look := func(after time.Duration, virtual int, want string) {
		t.Helper()
		s, err := live.Observe(t.Context(), p, engine.State{Virtual: virtual}, start.Add(after))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Metrics["cpu"].Detail; got != want {
			t.Errorf("after %s the window began anew %s ago, want %s", after, got, want)
		}
	}
	look(0, 0, "never")
	look(time.Minute, 3, "never")
	n = 4
	look(2*time.Minute, 3, "0s")
	look(3*time.Minute, 3, "1m0s")
	p.Metrics = []engine.Metric{{Name: "cpu", Source: "other", Service: "web"}}
	look(4*time.Minute, 3, "never")
}

func TestHangingTargetHasADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := &Live{Targets: map[string]Target{"": hanging{}}, Deadline: 5 * time.Second, NewWindows: func(engine.Policy) Windows { return &kept{} }}
		begun := time.Now()
		if _, err := live.Observe(t.Context(), policy("web"), engine.State{}, start); err == nil || time.Since(begun) != 5*time.Second {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
	})
}

// A shadow sees the budget of the service as it is, and leaves what is known of it alone.
func TestAShadowLeavesTheViewOfTheLivePolicyAlone(t *testing.T) {
	p := policy("web")
	l := &Live{Targets: map[string]Target{"": steady{}}, NewWindows: func(engine.Policy) Windows { return &kept{} }, Deadline: time.Second, Budget: &Budget{}}
	if _, err := l.Observe(t.Context(), p, engine.State{}, start); err != nil {
		t.Fatal(err)
	}
	v := l.views[p.Subject()]
	shadow := p
	shadow.Mode, shadow.Metrics = engine.Shadow, nil
	l.PerReplica(shadow)
	l.Available(shadow)
	if l.views[p.Subject()] != v || len(l.views) != 1 {
		t.Error("the live policy's view is another one")
	}
}

// A clock that is put back an hour blinds nobody: the windows begin anew.
func TestWindowsBeginAnewWhenTheClockIsPutBack(t *testing.T) {
	made := 0
	live := &Live{Targets: map[string]Target{"": steady{}}, Deadline: time.Second, NewWindows: func(engine.Policy) Windows { made++; return &resets{} }}
	for _, step := range []struct {
		at   time.Duration
		made int
		want string
	}{
		{0, 1, "never"}, {time.Minute, 1, "never"}, {time.Minute - 5*time.Second, 1, "never"},
		{-time.Hour, 2, "0s"}, {-time.Hour + time.Minute, 2, "1m0s"}, {time.Hour, 2, "2h0m0s"},
	} {
		s, err := live.Observe(t.Context(), policy("web"), engine.State{}, start.Add(step.at))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Metrics["cpu"].Detail; got != step.want || made != step.made {
			t.Errorf("at %s: the windows were made %d times and began anew %s ago; want %d and %s", step.at, made, got, step.made, step.want)
		}
	}
}
