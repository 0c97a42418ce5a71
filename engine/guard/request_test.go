package guard

import (
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"pgregory.net/rapid"
)

func TestRequestsKeepToTheLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := draw(t)
		req := engine.Request{
			Kind:     rapid.SampledFrom([]engine.RequestKind{engine.Scale, engine.Rollback, engine.Restore}).Draw(t, "kind"),
			Replicas: rapid.IntRange(0, 40).Draw(t, "asked"), Force: rapid.Bool().Draw(t, "force"), Actor: "anna",
		}
		current := in.s.Service.Replicas.Current
		low, high := limits(in.p, in.s)
		d, after := Obey(in.p, in.s, req, in.st)

		if d.From != current || d.Action != engine.Between(current, d.To) || d.Reason == "" {
			t.Fatalf("%+v", d)
		}
		if d.To == current {
			return
		}
		if in.st.Open != nil || current == 0 {
			t.Fatalf("%d → %d through a closed gate", d.From, d.To)
		}
		if d.To < 1 {
			t.Fatalf("%d → %d stops the service", d.From, d.To)
		}
		if req.Force && d.To != max(1, req.Replicas) && req.Kind != engine.Restore {
			t.Fatalf("forced %d, got %d", req.Replicas, d.To)
		}
		clipped := max(low, min(req.Replicas, high))
		if lo, hi := min(current, clipped), max(current, clipped); !req.Force && (d.To < lo || d.To > hi) {
			t.Fatalf("%d does not lie between current %d and the clipped request %d", d.To, current, clipped)
		}
		if b := in.st.Budget; !req.Force && d.Action == engine.ScaleUp && b.MaxReplicas > 0 && d.To+b.Others+b.Claims > b.MaxReplicas {
			t.Fatalf("%d → %d with %d elsewhere is over %d", d.From, d.To, b.Others, b.MaxReplicas)
		}
		if after.Known != (engine.Count{Replicas: current, At: start}) {
			t.Fatalf("known is %+v", after.Known)
		}
	})
}

// asking is a situation in which a request is granted: a service of 3 replicas, 1 to 5 allowed.
func asking(at time.Time) (engine.Policy, engine.Snapshot, engine.State) {
	p := engine.Policy{Name: "p", Service: "web", Mode: engine.Live, Enabled: true, MinReplicas: 1, MaxReplicas: 5,
		Cooldown: engine.UpDown{Up: 5 * time.Minute, Down: 10 * time.Minute}}
	s := engine.Snapshot{At: at}
	s.Service.Replicas = engine.Replicas{Current: 3, Ready: 3}
	return p, s, engine.State{Enabled: true}
}

func TestObey(t *testing.T) {
	soon := engine.Deadline{Until: start.Add(time.Minute), Wait: time.Minute}
	for name, c := range map[string]struct {
		change func(*engine.State)
		req    engine.Request
		to     int
		reason string
	}{
		"as asked":                    {nil, engine.Request{Kind: engine.Scale, Replicas: 4}, 4, "Requested"},
		"cut to the maximum":          {nil, engine.Request{Kind: engine.Scale, Replicas: 9}, 5, "AtMaximum"},
		"beyond the maximum by force": {nil, engine.Request{Kind: engine.Scale, Replicas: 9, Force: true}, 9, "Requested"},
		"never to nothing":            {nil, engine.Request{Kind: engine.Scale, Replicas: 0, Force: true}, 1, "AtMinimum"},
		"already there":               {nil, engine.Request{Kind: engine.Scale, Replicas: 3}, 3, "Requested"},
		"inside a cooldown":           {func(st *engine.State) { st.Cooldown.Up = soon }, engine.Request{Kind: engine.Scale, Replicas: 4}, 4, "Requested"},
		"with autoscaling off":        {func(st *engine.State) { st.Enabled = false }, engine.Request{Kind: engine.Scale, Replicas: 4}, 4, "Requested"},
		"in back-off":                 {func(st *engine.State) { st.Backoff.Deadline = soon }, engine.Request{Kind: engine.Rollback, Replicas: 4}, 4, "Rollback"},
		"restored in back-off":        {func(st *engine.State) { st.Backoff.Deadline = soon }, engine.Request{Kind: engine.Restore, Replicas: 4}, 3, "BackoffActive"},
		"during a change":             {func(st *engine.State) { st.Open = &engine.Event{Started: start, From: 3, To: 4} }, engine.Request{Kind: engine.Scale, Replicas: 4, Force: true}, 3, "RolloutInProgress"},
		"cut to the budget":           {func(st *engine.State) { st.Budget = engine.Budget{MaxReplicas: 8, Others: 4} }, engine.Request{Kind: engine.Scale, Replicas: 5}, 4, "BudgetExhausted"},
		"beyond the budget by force":  {func(st *engine.State) { st.Budget = engine.Budget{MaxReplicas: 8, Others: 4} }, engine.Request{Kind: engine.Scale, Replicas: 5, Force: true}, 5, "Requested"},
	} {
		t.Run(name, func(t *testing.T) {
			p, s, st := asking(start)
			if c.change != nil {
				c.change(&st)
			}
			c.req.Actor = "anna"
			d, _ := Obey(p, s, c.req, st)
			if d.To != c.to || d.Reason != c.reason {
				t.Errorf("got %d, %s (%s); want %d, %s", d.To, d.Reason, d.Message, c.to, c.reason)
			}
		})
	}
}

func TestWhatWasAskedForStartsBothCooldowns(t *testing.T) {
	p, _, st := asking(start)
	e := engine.Event{Action: engine.ScaleDown, From: 3, To: 2, Started: start, Request: &engine.Request{Kind: engine.Scale}}
	st = Begin(st, p, e)
	if st.Cooldown.Up.Until != start.Add(5*time.Minute) || st.Cooldown.Down.Until != start.Add(10*time.Minute) {
		t.Errorf("cooldowns are %+v", st.Cooldown)
	}
}

func TestBefore(t *testing.T) {
	st := engine.State{Past: []engine.Past{{From: 1, To: 2}, {From: 2, To: 4}, {From: 4, To: 4, Result: engine.RolledBack}}}
	if n, known := Before(st); !known || n != 2 {
		t.Errorf("before the last change there were %d (%v), want 2", n, known)
	}
	if _, known := Before(engine.State{}); known {
		t.Error("something was before nothing")
	}
}

// drifted is a service that flyball left at 4 a minute ago, and has 1 now.
func drifted() (engine.Policy, engine.Snapshot, engine.State) {
	p, s, st := asking(start)
	s.Service.Replicas = engine.Replicas{Current: 1, Ready: 1}
	s.Service.Touched = start.Add(-Quiet)
	st.Known = engine.Count{Replicas: 4, At: start.Add(-time.Minute)}
	return p, s, st
}

func TestRestore(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*engine.Policy, *engine.Snapshot, *engine.State)
		want   int // 0: nothing
	}{
		"once it is quiet":           {func(*engine.Policy, *engine.Snapshot, *engine.State) {}, 4},
		"not yet":                    {func(_ *engine.Policy, s *engine.Snapshot, _ *engine.State) { s.Service.Touched = start.Add(-Quiet + 1) }, 0},
		"no more than the maximum":   {func(p *engine.Policy, _ *engine.Snapshot, _ *engine.State) { p.MaxReplicas = 2 }, 2},
		"added ones stay":            {func(_ *engine.Policy, s *engine.Snapshot, _ *engine.State) { s.Service.Replicas.Current = 5 }, 0},
		"a stopped service stays so": {func(_ *engine.Policy, s *engine.Snapshot, _ *engine.State) { s.Service.Replicas.Current = 0 }, 0},
		"not with autoscaling off":   {func(_ *engine.Policy, _ *engine.Snapshot, st *engine.State) { st.Enabled = false }, 0},
		"not while paused": {func(_ *engine.Policy, _ *engine.Snapshot, st *engine.State) {
			st.Pauses = []engine.Pause{{Actor: "anna"}}
		}, 0},
		"not in shadow": {func(p *engine.Policy, _ *engine.Snapshot, _ *engine.State) { p.Mode = engine.Shadow }, 0},
		"not twice within the cooldown": {func(_ *engine.Policy, _ *engine.Snapshot, st *engine.State) {
			st.Restored = start.Add(-4 * time.Minute)
		}, 0},
		"again after it": {func(_ *engine.Policy, _ *engine.Snapshot, st *engine.State) {
			st.Restored = start.Add(-5 * time.Minute)
		}, 4},
		"not what was there a long while ago": {func(_ *engine.Policy, _ *engine.Snapshot, st *engine.State) {
			st.Known.At = start.Add(-4 * time.Minute)
		}, 0},
		"not during a change":                   {func(_ *engine.Policy, _ *engine.Snapshot, st *engine.State) { st.Open = &engine.Event{} }, 0},
		"not where nothing was ever seen":       {func(_ *engine.Policy, _ *engine.Snapshot, st *engine.State) { st.Known = engine.Count{} }, 0},
		"at least the minimum, which has risen": {func(p *engine.Policy, _ *engine.Snapshot, _ *engine.State) { p.MinReplicas = 5 }, 5},
	} {
		t.Run(name, func(t *testing.T) {
			p, s, st := drifted()
			c.change(&p, &s, &st)
			req := Restore(p, s, st)
			if got := req != nil; got != (c.want > 0) {
				t.Fatalf("request is %+v, want %d", req, c.want)
			}
			if req != nil && req.Replicas != c.want {
				t.Errorf("asks for %d, want %d", req.Replicas, c.want)
			}
		})
	}
}

// The rules hold while compose is at work, and nothing is forgotten meanwhile; then the count is theirs to change.
func TestDriftHoldsUntilQuiet(t *testing.T) {
	p, s, st := drifted()
	up := engine.Recommendation{Action: engine.ScaleUp, Replicas: 2, Confidence: 1, Reasons: []engine.Reason{{Code: "Busy"}}}
	p.Metrics = []engine.Metric{{Name: "cpu"}}
	s.Metrics = map[string]engine.Reading{"cpu": engine.Reads(90)}
	s.Service.Touched = start.Add(-time.Second)
	d, after := Decide(p, s, up, st)
	if d.To != 1 || d.Reason != "Drift" || after.Known.Replicas != 4 {
		t.Errorf("decided %+v, known %+v", d, after.Known)
	}
	s.Service.Touched = start.Add(-Quiet)
	d, after = Decide(p, s, up, st)
	if d.To != 2 || d.Reason != "Busy" || after.Known.Replicas != 1 {
		t.Errorf("decided %+v, known %+v", d, after.Known)
	}
	if said := d.Trace[3]; said.Stage != "drift" || !strings.Contains(said.Message, "found 1 where 4 were left") {
		t.Errorf("the trace says %+v", said)
	}
}

func TestAStoppedServiceIsExpectedToStaySo(t *testing.T) {
	p, s, st := drifted()
	s.Service.Replicas = engine.Replicas{}
	if _, after := Decide(p, s, engine.Recommendation{Action: engine.Hold}, st); after.Known != (engine.Count{}) {
		t.Errorf("known is %+v", after.Known)
	}
}

func TestAnInterruptedEventIsHalfway(t *testing.T) {
	p, _, st := asking(start)
	e := engine.Event{ID: "e", Mode: engine.Live, Action: engine.ScaleUp, From: 1, To: 3, Reached: 2, Started: start, Ended: start, Result: engine.Interrupted}
	st = End(Begin(st, p, e), p, e)
	if st.Halfway == nil || st.Halfway.ID != "e" || st.Known != (engine.Count{}) {
		t.Errorf("halfway %+v, known %+v", st.Halfway, st.Known)
	}
}

// Where there is no place for what was asked for already, nothing more is asked for; less may be.
func TestNoRoomHoldsRaisesAlone(t *testing.T) {
	p, s, st := asking(start)
	s.Service.NoRoom = "no suitable node"
	if d, _ := Obey(p, s, engine.Request{Kind: engine.Scale, Replicas: 4}, st); d.To != 3 || d.Reason != "NoRoom" {
		t.Errorf("up: %+v", d)
	}
	if d, _ := Obey(p, s, engine.Request{Kind: engine.Scale, Replicas: 2}, st); d.To != 2 {
		t.Errorf("down: %+v", d)
	}
}

// What flyball does after a restore is worth restoring again: only what was put back, and goes again, stays.
func TestAChangeOfOursIsWorthRestoringAgain(t *testing.T) {
	p, s, st := drifted()
	st.Restored = start.Add(-time.Minute)
	e := engine.Event{Action: engine.ScaleUp, From: 4, To: 5, Started: start, Request: &engine.Request{Kind: engine.Scale}}
	st = Begin(st, p, e)
	e.Ended, e.Reached, e.Result = start, 5, engine.Succeeded
	st = End(st, p, e)
	if req := Restore(p, s, st); req == nil || req.Replicas != 5 {
		t.Errorf("request %+v", req)
	}
}

func TestFailuresByHandDoNotBackOff(t *testing.T) {
	p, _, st := asking(start)
	e := engine.Event{Action: engine.ScaleUp, From: 3, To: 4, Started: start, Ended: start, Reached: 3, Result: engine.RolledBack,
		Request: &engine.Request{Kind: engine.Scale}}
	if st = End(Begin(st, p, e), p, e); st.Backoff.Failures != 0 {
		t.Errorf("by hand: %+v", st.Backoff)
	}
	e.Request.Kind = engine.Restore
	if st = End(Begin(st, p, e), p, e); st.Backoff.Failures != 1 || !st.Cooldown.Up.Until.Equal(start.Add(5*time.Minute)) {
		t.Errorf("a restore: %+v, %+v", st.Backoff, st.Cooldown)
	}
}
