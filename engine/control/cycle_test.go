package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// paper is a world, a ledger and an actor that keep a diary of what was asked of them.
type paper struct {
	mu       sync.Mutex
	diary    []string
	replicas int
	readings map[string]engine.Reading
	states   map[string]engine.State
	closed   []engine.Event
	recorded []engine.Record

	observeErr, recordErr, closeErr, settleErr error
	off                                        bool
	pauses                                     []engine.Pause
	act                                        func(ctx context.Context, o engine.Order) engine.Outcome
}

func newPaper(replicas int) *paper {
	return &paper{replicas: replicas, readings: map[string]engine.Reading{"cpu": engine.Reads(85)}, states: map[string]engine.State{}}
}

func (w *paper) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.diary = append(w.diary, fmt.Sprintf(format, args...))
}

func (w *paper) Observe(_ context.Context, p engine.Policy, st engine.State, at time.Time) (engine.Snapshot, error) {
	w.note("observe")
	w.mu.Lock()
	replicas := make([]engine.Replica, w.replicas)
	w.mu.Unlock()
	for i := range replicas {
		replicas[i].Ready = true
	}
	return NewSnapshot(p, engine.Service{Name: p.Service, Replicas: replicas}, w.readings, st, at), w.observeErr
}

func (w *paper) State(_ context.Context, p engine.Policy) (engine.State, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	st := w.states[p.Subject()]
	st.Enabled, st.Pauses = !w.off, w.pauses
	return st, nil
}

func (w *paper) Record(_ context.Context, r engine.Record, s engine.State) error {
	w.note("record %s", r.Decision.Action)
	if w.recordErr != nil {
		return w.recordErr
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.recorded = append(w.recorded, r)
	w.states[r.Subject()] = s
	return nil
}

func (w *paper) Close(_ context.Context, e engine.Event, p engine.Policy, s engine.State) error {
	w.note("close %s", e.Result)
	if w.closeErr != nil {
		return w.closeErr
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = append(w.closed, e)
	w.states[p.Subject()] = s
	return nil
}

func (w *paper) Scale(ctx context.Context, o engine.Order) engine.Outcome {
	w.note("scale %d → %d", o.From, o.To)
	if w.act != nil {
		return w.act(ctx, o)
	}
	w.replicas = o.To
	return engine.Outcome{Result: engine.Succeeded, Reached: o.To, Ended: start.Add(2 * time.Second)}
}

func (w *paper) Settle(_ context.Context, _ engine.Policy, e engine.Event) error {
	w.note("settle %s", e.ID)
	return w.settleErr
}

// rule recommends so many more replicas than there are.
type rule int

func (r rule) Recommend(_ context.Context, _ engine.Policy, s engine.Snapshot) (engine.Recommendation, error) {
	n := s.Service.Replicas.Current
	return engine.Recommendation{Action: engine.Between(n, n+int(r)), Replicas: n + int(r), Confidence: 1,
		Reasons: []engine.Reason{{Code: "RuleSaidSo", Message: "the rule said so"}}}, nil
}

func (rule) Calculate(context.Context, engine.Policy, string, engine.Snapshot) (*float64, error) {
	return nil, nil
}

type broken struct{ rule }

func (broken) Error() string  { return "shop.rego:3: it loops" }
func (broken) Reason() string { return "RuleTimeout" }
func (broken) Recommend(context.Context, engine.Policy, engine.Snapshot) (engine.Recommendation, error) {
	return engine.Recommendation{Action: engine.ScaleDown, Replicas: 0}, fmt.Errorf("recommend: %w", broken{})
}

func policy(name string) engine.Policy {
	return engine.Policy{
		Name: name, Service: name, Enabled: true, Mode: engine.Live, MinReplicas: 1, MaxReplicas: 5,
		EvaluationInterval: time.Minute, Cooldown: engine.UpDown{Up: 5 * time.Minute, Down: 5 * time.Minute},
		Metrics: []engine.Metric{{Name: "cpu", Scope: engine.PerReplica, Source: "system", Service: name}},
	}
}

func (w *paper) cycle(r Recommender) *Cycle {
	return &Cycle{World: w, Rules: r, Ledger: w, Actor: w, Budget: &Budget{}}
}

func (w *paper) expect(t *testing.T, diary ...string) {
	t.Helper()
	if !slices.Equal(w.diary, diary) {
		t.Errorf("the diary reads\n  %s\nwant\n  %s", strings.Join(w.diary, "\n  "), strings.Join(diary, "\n  "))
	}
}

func TestIntentIsOnRecordBeforeTheCall(t *testing.T) {
	w := newPaper(2)
	_, e, err := w.cycle(rule(1)).Run(t.Context(), policy("web"), Moment{At: start})
	if err != nil {
		t.Fatal(err)
	}
	w.expect(t, "observe", "record scale_up", "scale 2 → 3", "close succeeded")
	if e.Reached != 3 || e.Result != engine.Succeeded || e.Reasons[0].Code != "RuleSaidSo" {
		t.Errorf("the event is %+v", *e)
	}
	st := w.states["live///web"]
	if st.Open != nil || !st.Cooldown.Up.Until.Equal(start.Add(2*time.Second+5*time.Minute)) {
		t.Errorf("the state after: %+v", st)
	}
	if _, e, _ := w.cycle(rule(1)).Run(t.Context(), policy("web"), Moment{At: start.Add(time.Minute)}); e != nil {
		t.Errorf("acted inside the cooldown: %+v", *e)
	}
}

func TestNothingIsDoneThatCanNotBeRecorded(t *testing.T) {
	w := newPaper(2)
	w.recordErr = errors.New("disk full")
	_, e, err := w.cycle(rule(1)).Run(t.Context(), policy("web"), Moment{At: start})
	if err == nil || e != nil || !strings.Contains(err.Error(), "nothing was done: disk full") {
		t.Errorf("event %v, error %v", e, err)
	}
	w.expect(t, "observe", "record scale_up")
}

func TestHoldTouchesNothing(t *testing.T) {
	w := newPaper(2)
	if _, _, err := w.cycle(rule(0)).Run(t.Context(), policy("web"), Moment{At: start}); err != nil {
		t.Fatal(err)
	}
	w.expect(t, "observe", "record hold")
	if st := w.states["live///web"]; !st.Cooldown.Up.Until.IsZero() || !st.Cooldown.Down.Until.IsZero() {
		t.Errorf("a hold started a cooldown: %+v", st.Cooldown)
	}
}

func TestBrokenRuleHolds(t *testing.T) {
	w := newPaper(3)
	r, _, err := w.cycle(broken{}).Run(t.Context(), policy("web"), Moment{At: start})
	if err != nil {
		t.Fatal(err)
	}
	w.expect(t, "observe", "record hold")
	if r.Decision.Reason != "RuleTimeout" || r.Recommendation.Error == "" {
		t.Errorf("decided %+v, error %q", r.Decision, r.Recommendation.Error)
	}
	w = newPaper(7)
	if r, _, _ := w.cycle(broken{}).Run(t.Context(), policy("web"), Moment{At: start}); r.Decision.Action != engine.Hold || r.Decision.Reason != "RuleTimeout" {
		t.Errorf("above its maximum it decided %+v", r.Decision)
	}
	w = newPaper(1)
	p := policy("web")
	p.MinReplicas = 2
	if _, _, err := w.cycle(broken{}).Run(t.Context(), p, Moment{At: start}); err != nil {
		t.Fatal(err)
	}
	w.expect(t, "observe", "record scale_up", "scale 1 → 2", "close succeeded")
}

func TestUnreachableTargetDecidesNothing(t *testing.T) {
	w := newPaper(2)
	w.observeErr = errors.New("connection refused")
	if _, e, err := w.cycle(rule(1)).Run(t.Context(), policy("web"), Moment{At: start}); err == nil || e != nil {
		t.Errorf("event %v, error %v", e, err)
	}
	w.expect(t, "observe")
}

func TestLeftOpenEventIsClosedTruthfully(t *testing.T) {
	w := newPaper(3)
	e := engine.Event{ID: "web-1", Action: engine.ScaleUp, From: 2, To: 4, Started: start.Add(-time.Minute)}
	w.states["live///web"] = engine.State{Open: &e}
	_, next, err := w.cycle(rule(1)).Run(t.Context(), policy("web"), Moment{At: start})
	if err != nil {
		t.Fatal(err)
	}
	if next != nil {
		t.Errorf("acted again at once: %+v", *next)
	}
	got := w.closed[0]
	if got.ID != "web-1" || got.Result != engine.Interrupted || got.Reached != 3 || !got.Ended.Equal(start) {
		t.Errorf("closed as %+v", got)
	}
	if r := w.recorded[0].Decision.Reason; r != "CooldownActive" {
		t.Errorf("then decided for %s", r)
	}
}

func TestOutcomeIsRecordedAlsoWhenStopped(t *testing.T) {
	w := newPaper(2)
	ctx, stop := context.WithCancel(t.Context())
	w.act = func(ctx context.Context, o engine.Order) engine.Outcome {
		stop()
		return engine.Outcome{Result: engine.Interrupted, Reached: 3, Ended: start, Error: context.Cause(ctx).Error()}
	}
	if _, _, err := w.cycle(rule(2)).Run(ctx, policy("web"), Moment{At: start}); err != nil {
		t.Fatal(err)
	}
	w.expect(t, "observe", "record scale_up", "scale 2 → 4", "close interrupted")
}

func TestOutcomeSurvivesAFullDisk(t *testing.T) {
	w, p := newPaper(2), policy("web")
	p.Cooldown = engine.UpDown{}
	w.act = func(_ context.Context, o engine.Order) engine.Outcome {
		return engine.Outcome{Result: engine.RolledBack, Reached: o.From, Ended: start.Add(time.Minute), Error: "crashed", Log: "panic"}
	}
	c := w.cycle(rule(1))
	w.closeErr = errors.New("disk full")
	if _, _, err := c.Run(t.Context(), p, Moment{At: start}); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Fatalf("error %v", err)
	}
	if r, _, err := c.Run(t.Context(), p, Moment{At: start.Add(2 * time.Minute)}); err == nil || r.Decision.Action != "" {
		t.Fatalf("decided %+v before the end was on record, error %v", r.Decision, err)
	}
	w.closeErr = nil
	r, _, err := c.Run(t.Context(), p, Moment{At: start.Add(75 * time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	if e := w.closed[0]; e.Result != engine.RolledBack || e.Log != "panic" {
		t.Errorf("closed as %+v", e)
	}
	if r.Decision.Reason != "BackoffActive" {
		t.Errorf("then decided %+v", r.Decision)
	}
}

func TestSwitchedOffWhileLooking(t *testing.T) {
	w := newPaper(2)
	c := w.cycle(rule(1))
	c.World = looking{w, func() { w.off = true }}
	r, e, err := c.Run(t.Context(), policy("web"), Moment{At: start})
	if err != nil || e != nil || r.Decision.Reason != "Disabled" {
		t.Errorf("decided %+v, event %v, error %v", r.Decision, e, err)
	}
}

func TestPausedWhileLooking(t *testing.T) {
	w := newPaper(2)
	c := w.cycle(rule(1))
	c.World = looking{w, func() { w.pauses = []engine.Pause{{Service: "web", Actor: "ana", Reason: "a sale"}} }}
	r, e, err := c.Run(t.Context(), policy("web"), Moment{At: start})
	if err != nil || e != nil || r.Decision.Reason != "Paused" || len(r.State.Pauses) != 1 {
		t.Errorf("decided %+v on %+v, event %v, error %v", r.Decision, r.State.Pauses, e, err)
	}
	w.pauses = nil
	c.World = w
	if r, e, err = c.Run(t.Context(), policy("web"), Moment{At: start.Add(time.Minute)}); err != nil || e == nil {
		t.Errorf("resumed, decided %+v, error %v", r.Decision, err)
	}
}

// Two hours are counted on the clock of now, and end by themselves.
func TestAPauseEnds(t *testing.T) {
	w := newPaper(2)
	c := w.cycle(rule(1))
	w.pauses = []engine.Pause{{Until: start.Add(2 * time.Hour), Boot: engine.Boot{ID: "a", Started: start}, Actor: "ana", Reason: "a sale"}}
	ahead := engine.Boot{ID: "a", Started: start.Add(time.Hour)}
	for after, reason := range []string{1: "Paused", 2: "Paused", 3: "RuleSaidSo"} {
		r, _, err := c.Run(t.Context(), policy("web"), Moment{At: start.Add(time.Duration(after) * time.Hour), Boot: ahead})
		if err != nil || reason != "" && r.Decision.Reason != reason {
			t.Errorf("after %d hours decided %+v, error %v; want %s", after, r.Decision, err, reason)
		}
	}
}

// A person who scales by hand knows of the pause.
func TestAPauseDoesNotHoldPeople(t *testing.T) {
	w := newPaper(2)
	w.pauses = []engine.Pause{{Actor: "ana", Reason: "a sale"}}
	ask := func(engine.Policy, engine.Snapshot, engine.State) (*engine.Request, error) {
		return &engine.Request{Kind: engine.Scale, Replicas: 4, Actor: "ben"}, nil
	}
	r, e, err := w.cycle(rule(1)).Obey(t.Context(), policy("web"), Moment{At: start}, ask, func(engine.Record, *engine.Event) {})
	if err != nil || e == nil || w.replicas != 4 {
		t.Errorf("decided %+v, event %v, error %v, %d replicas", r.Decision, e, err, w.replicas)
	}
}

// looking is a world in which something happens while it is being observed.
type looking struct {
	World
	meanwhile func()
}

func (l looking) Observe(ctx context.Context, p engine.Policy, st engine.State, at time.Time) (engine.Snapshot, error) {
	l.meanwhile()
	return l.World.Observe(ctx, p, st, at)
}

func TestShadowActsOnPaperOnly(t *testing.T) {
	w := newPaper(2)
	p := policy("web")
	p.Mode = engine.Shadow
	p.Cooldown = engine.UpDown{}
	for i := range 3 {
		if _, _, err := w.cycle(rule(1)).Run(t.Context(), p, Moment{At: start.Add(time.Duration(i) * time.Minute)}); err != nil {
			t.Fatal(err)
		}
	}
	if w.replicas != 2 || slices.ContainsFunc(w.diary, func(s string) bool { return strings.HasPrefix(s, "scale") }) {
		t.Errorf("shadow touched the service: %q", w.diary)
	}
	if st := w.states["shadow/web"]; st.Virtual != 5 {
		t.Errorf("the virtual count is %d, want 5", st.Virtual)
	}
	if cpu := w.recorded[1].Snapshot.Metrics["cpu"]; *cpu.Value != 85.0*2/3 {
		t.Errorf("on 3 virtual replicas cpu reads %v", *cpu.Value)
	}
	if _, touched := w.states["live///web"]; touched {
		t.Error("the shadow wrote the live state")
	}
}

func TestBudgetIsReservedOnce(t *testing.T) {
	budget := &Budget{MaxReplicas: 11}
	var policies []engine.Policy
	for i := range 5 {
		policies = append(policies, policy(fmt.Sprint("s", i)))
	}
	budget.Watch(policies)
	worlds := make([]*paper, len(policies))
	for i := range policies {
		worlds[i] = newPaper(2)
		budget.observed(policies[i], 2, nil)
	}
	var wg sync.WaitGroup
	for i, p := range policies {
		wg.Go(func() {
			c := worlds[i].cycle(rule(1))
			c.Budget = budget
			if _, _, err := c.Run(t.Context(), p, Moment{At: start}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	total := 0
	for _, w := range worlds {
		total += w.replicas
	}
	if total != 11 {
		t.Errorf("%d replicas in all, the limit is 11", total)
	}
}

func TestUnmetClaimOutranksLowerPriorities(t *testing.T) {
	b := &Budget{MaxReplicas: 10}
	important, other := policy("important"), policy("other")
	b.Watch([]engine.Policy{important, other})
	snapshot := func(n int) engine.Snapshot {
		s := engine.Snapshot{At: start}
		s.Service.Replicas.Current = n
		return s
	}
	b.observed(important, 8, nil)
	b.observed(other, 1, nil)
	r := b.reserve(important, snapshot(8), engine.High)
	r.commit(engine.Decision{From: 8, To: 8, Trace: []engine.Step{{Stage: "budget", From: 10, To: 9}}}, engine.High)
	r.release()
	for priority, want := range map[engine.Priority]int{engine.Medium: 1, engine.High: 0} {
		r := b.reserve(other, snapshot(1), priority)
		if r.budget.Claims != want || r.budget.Others != 8 {
			t.Errorf("priority %s sees %+v, want %d claimed", priority, r.budget, want)
		}
		r.release()
	}
	late := snapshot(1)
	late.At = start.Add(important.EvaluationInterval)
	r = b.reserve(other, late, engine.Low)
	if r.budget.Claims != 0 {
		t.Errorf("the claim stands after its interval: %+v", r.budget)
	}
	r.release()
}

func TestBudgetCountsWhatNobodyHasDecidedYet(t *testing.T) {
	a, b, shadow := policy("a"), policy("b"), policy("c")
	shadow.Mode, shadow.MinReplicas = engine.Shadow, 10
	budget := &Budget{MaxReplicas: 12}
	budget.Watch([]engine.Policy{a, b, shadow})
	s := engine.Snapshot{At: start}
	s.Service.Replicas.Current = 2
	look := func() engine.Budget {
		r := budget.reserve(a, s, engine.Low)
		defer r.release()
		return r.budget
	}
	if got := look(); got.Unknown != 1 {
		t.Errorf("before anybody looked: %+v", got)
	}
	budget.observed(b, 10, nil)
	if got := look(); got.Unknown != 0 || got.Others != 10 {
		t.Errorf("with 10 replicas of b: %+v", got)
	}
	budget.observed(b, 0, errors.New("docker is gone"))
	if got := look(); got.Others != 10 {
		t.Errorf("when nobody can look: %+v", got)
	}
}

func TestOpenRaiseHoldsItsPlaceAndMemory(t *testing.T) {
	a, b := policy("a"), policy("b")
	budget := &Budget{MaxReplicas: 12, Available: func(engine.Policy) int64 { return 1000 }, PerReplica: func(engine.Policy) int64 { return 300 }}
	budget.Watch([]engine.Policy{a, b})
	budget.observed(a, 2, nil)
	budget.observed(b, 2, nil)
	var s engine.Snapshot
	s.At, s.Service.Replicas.Current = start, 2
	r := budget.reserve(a, s, engine.Low)
	r.commit(engine.Decision{Action: engine.ScaleUp, From: 2, To: 4}, engine.Low)
	r.release()
	budget.observed(a, 2, nil) // sampled while the new ones start
	budget.Watch([]engine.Policy{b})
	r = budget.reserve(b, s, engine.Low)
	if r.budget.Others != 4 || r.budget.Available != 400 {
		t.Errorf("during the raise: %+v", r.budget)
	}
	r.release()
	budget.ended(a, 3)
	r = budget.reserve(b, s, engine.Low)
	if r.budget.Others != 0 || r.budget.Available != 1000 {
		t.Errorf("after it, with a no longer watched: %+v", r.budget)
	}
	r.release()
}
