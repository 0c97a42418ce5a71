package control

import (
	"context"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// rules recommend by the name of the policy.
type rules map[string]rule

func (r rules) Recommend(ctx context.Context, p engine.Policy, s engine.Snapshot) (engine.Recommendation, error) {
	return r[p.Name].Recommend(ctx, p, s)
}

func (rules) Calculate(context.Context, engine.Policy, string, engine.Snapshot) (*float64, error) {
	return nil, nil
}

func shadowOf(p engine.Policy, name string) engine.Policy {
	p.Name, p.Mode = name, engine.Shadow
	return p
}

// A live policy and two shadows on one service: each has its own count, cooldown and events, and only the live one acts,
// counts against the budget and knows of drift.
func TestShadowsBesideALivePolicy(t *testing.T) {
	w, live := newPaper(2), policy("web")
	eager, steady := shadowOf(live, "eager"), shadowOf(live, "steady")
	live.Cooldown, eager.Cooldown = engine.UpDown{Up: time.Minute}, engine.UpDown{Up: 3 * time.Minute}
	other := policy("other")
	c := w.cycle(rules{"web": 1, "eager": 2, "steady": 0})
	w.act = func(_ context.Context, o engine.Order) engine.Outcome {
		w.replicas = o.To
		return engine.Outcome{Result: engine.Succeeded, Reached: o.To, Ended: start}
	}
	c.Budget.MaxReplicas = 20
	c.Budget.Watch([]engine.Policy{live, eager, steady, other})
	c.Budget.observed(other, 1, nil)
	counts := map[string][]int{}
	for minute := range 4 {
		for _, p := range []engine.Policy{live, eager, steady} {
			r, _, err := c.Run(t.Context(), p, Moment{At: start.Add(time.Duration(minute) * time.Minute)})
			if err != nil {
				t.Fatal(err)
			}
			counts[p.Name] = append(counts[p.Name], r.Decision.To)
			if r.State.Budget.Others != 1 {
				t.Errorf("%s sees %d replicas of other services, want 1", p.Name, r.State.Budget.Others)
			}
		}
	}
	for name, want := range map[string][]int{"web": {3, 4, 5, 5}, "eager": {5, 5, 5, 5}, "steady": {3, 3, 3, 3}} {
		if got := counts[name]; len(got) != 4 || [4]int(got) != [4]int(want) {
			t.Errorf("%s counts %v, want %v", name, got, want)
		}
	}
	events := map[string]int{}
	for _, e := range w.closed {
		events[e.Subject()]++
		if e.Result == engine.Seen {
			t.Errorf("drift: %+v", e)
		}
	}
	if len(events) != 2 || events["live///web"] != 3 || events["shadow/eager"] != 1 {
		t.Errorf("events by subject: %v", events)
	}
	r := c.Budget.reserve(other, engine.Snapshot{At: start}, engine.Low)
	defer r.release()
	if r.budget.Others != 5 {
		t.Errorf("the budget counts %d replicas of web, want the 5 that run", r.budget.Others)
	}
}

// A shadow's count begins at the real one. From then on it is its own, until there is nothing that it could go on from.
func TestWhatAShadowCountsFrom(t *testing.T) {
	const long = time.Hour
	tests := []struct {
		name  string
		real  []int           // replicas at each look
		after []time.Duration // since the look before
		off   []bool
		boots []string
		want  []int // what the shadow counts
	}{
		{name: "holding keeps the count when the real one changes", real: []int{2, 5, 1}, want: []int{2, 2, 2}},
		{name: "stopped and started", real: []int{2, 4, 0, 3}, want: []int{2, 2, 0, 3}},
		{name: "nobody looked for long", real: []int{2, 4, 4}, after: []time.Duration{0, time.Minute, long}, want: []int{2, 2, 4}},
		{name: "a few evaluations were missed", real: []int{2, 4, 4}, after: []time.Duration{0, time.Minute, 3 * time.Minute}, want: []int{2, 2, 2}},
		{name: "the machine started again", real: []int{2, 4, 4}, boots: []string{"a", "a", "b"}, want: []int{2, 2, 4}},
		{name: "switched off", real: []int{2, 4, 6, 7}, off: []bool{false, true, true, false}, want: []int{2, 2, 6, 7}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, p, now := newPaper(0), shadowOf(policy("web"), "web"), Moment{At: start}
			for i, real := range tt.real {
				w.replicas = real
				if now.At = now.At.Add(time.Minute); tt.after != nil {
					now.At = now.At.Add(tt.after[i] - time.Minute)
				}
				w.off = tt.off != nil && tt.off[i]
				if tt.boots != nil {
					now.Boot = engine.Boot{ID: tt.boots[i], Started: start}
				}
				r, _, err := w.cycle(rule(0)).Run(t.Context(), p, now)
				if err != nil {
					t.Fatal(err)
				}
				if got := r.Snapshot.Service.Replicas.Current; got != tt.want[i] {
					t.Errorf("look %d: it counts %d, want %d", i+1, got, tt.want[i])
				}
			}
		})
	}
}

// What is read on the real replicas is what the load would read on the imagined ones.
func TestSpread(t *testing.T) {
	p := shadowOf(policy("web"), "web")
	cpu := p.Metrics[0]
	metric := func(change func(m *engine.Metric)) engine.Metric {
		m := cpu
		change(&m)
		return m
	}
	idle := []engine.Threshold{{Metric: "cpu", ScaleUp: 20, ScaleDown: 70, Comparison: engine.LessThan}}
	tests := []struct {
		name          string
		current       int
		ready         int
		reporting     int
		virtual       int
		metric        engine.Metric
		thresholds    []engine.Threshold
		value         float64
		wantReporting int
	}{
		{"fewer carry more", 4, 4, 4, 2, cpu, nil, 80, 2},
		{"more carry less", 2, 2, 2, 4, cpu, nil, 20, 4},
		{"who starts carries nothing yet", 4, 2, 2, 4, cpu, nil, 20, 4},
		{"who starts and reports is in the mean", 4, 2, 4, 2, cpu, nil, 80, 2},
		{"nobody is ready", 4, 0, 0, 2, cpu, nil, 80, 0},
		{"of several replicas some are silent", 4, 4, 2, 2, cpu, nil, 80, 1},
		{"of many replicas some are silent", 4, 4, 3, 8, cpu, nil, 20, 3},
		{"one that falls under load", 4, 4, 4, 2, cpu, idle, 20, 2},
		{"the whole service's", 4, 4, 4, 2, metric(func(m *engine.Metric) { m.Scope = engine.Total }), nil, 40, 2},
		{"a sum", 4, 4, 4, 2, metric(func(m *engine.Metric) { m.Aggregation = "sum" }), nil, 40, 2},
		{"a rate, which is a sum", 4, 4, 4, 2, metric(func(m *engine.Metric) { m.Aggregation = "rate" }), nil, 40, 2},
		{"another service's", 4, 4, 4, 2, metric(func(m *engine.Metric) { m.Service = "db" }), nil, 40, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p.Metrics, p.Thresholds = []engine.Metric{tt.metric}, tt.thresholds
			service := engine.Service{Replicas: make([]engine.Replica, tt.current)}
			for i := range tt.ready {
				service.Replicas[i].Ready = true
			}
			r := engine.Reads(40)
			r.Reporting = tt.reporting
			st := engine.State{Virtual: tt.virtual, Known: engine.Count{At: start}}
			s := NewSnapshot(p, service, map[string]engine.Reading{"cpu": r}, st, start)
			if got := s.Metrics["cpu"]; *got.Value != tt.value || got.Reporting != tt.wantReporting {
				t.Errorf("it reads %v, reported by %d; want %v and %d", *got.Value, got.Reporting, tt.value, tt.wantReporting)
			}
			if want := (engine.Replicas{Current: tt.virtual, Ready: tt.virtual}); s.Service.Replicas != want || s.Service.Real != tt.current {
				t.Errorf("it sees %+v, really %d", s.Service.Replicas, s.Service.Real)
			}
		})
	}
}

// A shadow's raise takes nothing of the budget, and what it imagined before counts as if it were there.
func TestABudgetForShadows(t *testing.T) {
	live := policy("web")
	shadow := shadowOf(live, "bold")
	b := &Budget{MaxReplicas: 12, Available: func(engine.Policy) int64 { return 1000 }, PerReplica: func(engine.Policy) int64 { return 300 }}
	b.Watch([]engine.Policy{live, shadow})
	b.observed(live, 2, nil)
	see := func(p engine.Policy, current, real int) engine.Budget {
		s := engine.Snapshot{At: start}
		s.Service.Replicas.Current, s.Service.Real = current, real
		r := b.reserve(p, s, engine.Low)
		defer r.release()
		r.commit(engine.Decision{Action: engine.ScaleUp, From: current, To: current + 1}, engine.Low)
		return r.budget
	}
	for _, tt := range []struct {
		current   int
		available int64
	}{{2, 1000}, {4, 400}, {1, 1300}, {10, 1}} {
		if got := see(shadow, tt.current, 2); got.Available != tt.available || got.Others != 0 {
			t.Errorf("with %d imagined replicas: %+v, want %d available", tt.current, got, tt.available)
		}
	}
	if a := b.accounts[live.Subject()]; len(b.accounts) != 1 || a.reserved != 0 || a.live != 2 {
		t.Errorf("the shadow left its mark: %+v", b.accounts)
	}
}

// weighed is a target whose services have so much memory left for them.
type weighed struct {
	hanging
	free *int64
}

func (w weighed) Observe(_ context.Context, p engine.Policy) (engine.Service, error) {
	return engine.Service{Name: p.Service, Replicas: make([]engine.Replica, 1), Free: *w.free}, nil
}

// Once the live policy has gone, what a shadow sees is what counts.
func TestAShadowThatIsLeftAlone(t *testing.T) {
	free := int64(1000)
	l := &Live{Targets: map[string]Target{"": weighed{free: &free}}, NewWindows: func(engine.Policy) Windows { return &kept{} }, Deadline: time.Second, Budget: &Budget{}}
	p := policy("web")
	shadow := shadowOf(p, "eager")
	for i, look := range []engine.Policy{p, shadow, shadow} {
		if _, err := l.Observe(t.Context(), look, engine.State{}, start.Add(time.Duration(i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
		free -= 100
	}
	if got := l.Available(shadow); got != 800 {
		t.Errorf("%d bytes are available, want the 800 of the newest look", got)
	}
}
