package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/guard"
)

// steadyRule never wants a change.
var steadyRule = rule(0)

func wants(replicas int) Ask {
	return func(engine.Policy, engine.Snapshot, engine.State) (*engine.Request, error) {
		return &engine.Request{Kind: engine.Scale, Replicas: replicas, Actor: "anna"}, nil
	}
}

func TestARequestTakesTheSameWay(t *testing.T) {
	w := newPaper(2)
	w.off = true
	var told *engine.Event
	record, event, err := w.cycle(broken{}).Obey(t.Context(), policy("web"), Moment{At: start}, wants(4), func(_ engine.Record, e *engine.Event) {
		told = e
		w.note("begun")
	})
	if err != nil || event == nil || event.To != 4 || event.Actor != "anna" || event.Request == nil || event.Result != engine.Succeeded {
		t.Fatalf("%+v, %v", event, err)
	}
	w.expect(t, "observe", "record scale_up", "begun", "scale 2 → 4", "close succeeded")
	if told == nil || record.Request == nil || record.Recommendation.Reasons[0].Code != "Requested" {
		t.Errorf("record %+v, told %+v", record, told)
	}
	if st := w.states[policy("web").Subject()]; st.Cooldown.Up.Until != start.Add(5*time.Minute+2*time.Second) || st.Known.Replicas != 4 {
		t.Errorf("afterwards cooldown %+v, known %+v", st.Cooldown, st.Known)
	}
}

func TestARefusedRequestDoesNothing(t *testing.T) {
	w := newPaper(2)
	no := errors.New("nothing to roll back")
	_, event, err := w.cycle(steadyRule).Obey(t.Context(), policy("web"), Moment{At: start},
		func(engine.Policy, engine.Snapshot, engine.State) (*engine.Request, error) { return nil, no },
		func(engine.Record, *engine.Event) { t.Error("it has begun") })
	if event != nil || !errors.Is(err, no) {
		t.Errorf("%+v, %v", event, err)
	}
	w.expect(t, "observe")
}

// While a change is carried out, what is asked for is answered at once, and the rules hold.
func TestNothingBesideAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := newPaper(1), policy("web")
		busy, release := make(chan struct{}), make(chan struct{})
		w.act = func(_ context.Context, o engine.Order) engine.Outcome {
			close(busy)
			<-release
			w.replicas = o.To
			return engine.Outcome{Result: engine.Succeeded, Reached: o.To, Ended: start.Add(time.Minute)}
		}
		c := w.cycle(rule(1))
		var all sync.WaitGroup
		all.Go(func() {
			if _, _, err := c.Run(t.Context(), p, Moment{At: start}); err != nil {
				t.Error(err)
			}
		})
		<-busy
		for range 2 {
			record, event, err := c.Obey(t.Context(), p, Moment{At: start.Add(time.Second)}, wants(4), func(engine.Record, *engine.Event) {})
			if err != nil || event != nil || record.Decision.Reason != "RolloutInProgress" {
				t.Errorf("asked: %+v, %+v, %v", record.Decision, event, err)
			}
		}
		if record, event, err := c.Run(t.Context(), p, Moment{At: start.Add(2 * time.Second)}); err != nil || event != nil || record.Decision.Reason != "RolloutInProgress" {
			t.Errorf("the rules: %+v, %+v, %v", record.Decision, event, err)
		}
		close(release)
		all.Wait()
		if st := w.states[p.Subject()]; st.Open != nil || len(w.closed) != 1 || w.closed[0].Result != engine.Succeeded {
			t.Errorf("open %+v, closed %+v", st.Open, w.closed)
		}
	})
}

func TestDriftIsUndoneOnce(t *testing.T) {
	w, p := newPaper(1), policy("web")
	st := engine.State{Known: engine.Count{Replicas: 4, At: start.Add(-time.Minute)},
		Cooldown: engine.Deadlines{Up: engine.Deadline{Until: start.Add(time.Hour), Wait: time.Hour}}}
	w.states[p.Subject()] = st
	c := w.cycle(steadyRule)
	_, event, err := c.Run(t.Context(), p, Moment{At: start})
	if err != nil || event == nil || event.To != 4 || event.Reasons[0].Code != "Drift" || event.Actor != "flyball" {
		t.Fatalf("%+v, %v", event, err)
	}
	w.replicas = 1 // whoever insists wins
	_, event, err = c.Run(t.Context(), p, Moment{At: start.Add(time.Minute)})
	if err != nil || event != nil {
		t.Fatalf("%+v, %v", event, err)
	}
	last := w.closed[len(w.closed)-1]
	if last.Result != engine.Seen || last.From != 4 || last.To != 1 || last.Actor != "not flyball" {
		t.Errorf("what was seen is on record as %+v", last)
	}
	if _, event, err := c.Run(t.Context(), p, Moment{At: start.Add(2 * time.Minute)}); err != nil || event != nil || len(w.closed) != 2 {
		t.Errorf("it is seen again: %+v, %v", w.closed, err)
	}
}

// Somebody else changes the service between the look and the call: it is decided again from what is there then, as one
// event.
func TestAConflictIsDecidedAgain(t *testing.T) {
	w, p := newPaper(2), policy("web")
	w.states[p.Subject()] = engine.State{Known: engine.Count{Replicas: 2, At: start}}
	w.act = func(_ context.Context, o engine.Order) engine.Outcome {
		if o.From == 2 {
			w.replicas = 3
			return engine.Outcome{Result: engine.Failed, Reached: 3, Ended: start.Add(time.Second), Error: "out of sequence", Conflict: true}
		}
		w.replicas = o.To
		return engine.Outcome{Result: engine.Succeeded, Reached: o.To, Ended: start.Add(2 * time.Second)}
	}
	record, event, err := w.cycle(rule(1)).Run(t.Context(), p, Moment{At: start})
	if err != nil || event == nil || event.From != 3 || event.To != 4 || event.Result != engine.Succeeded || !event.Started.Equal(start) {
		t.Fatalf("%+v, %v", event, err)
	}
	if record.State.Cooldown.Up.Until.After(start) {
		t.Errorf("it was decided inside the cooldown of the attempt before: %+v", record.State.Cooldown)
	}
	w.expect(t, "observe", "record scale_up", "scale 2 → 3", "observe", "close seen", "record scale_up", "scale 3 → 4", "close succeeded")
}

func TestAConflictWithoutEnd(t *testing.T) {
	w, p := newPaper(2), policy("web")
	calls := 0
	w.act = func(_ context.Context, o engine.Order) engine.Outcome {
		calls++
		return engine.Outcome{Result: engine.Failed, Reached: 2, Ended: start.Add(time.Duration(calls) * time.Second), Error: "out of sequence", Conflict: true}
	}
	_, event, err := w.cycle(rule(1)).Run(t.Context(), p, Moment{At: start})
	if err != nil || event == nil || event.Result != engine.Failed || calls != tries {
		t.Fatalf("%+v after %d calls, %v", event, calls, err)
	}
	if st := w.states[p.Subject()]; st.Backoff.Failures != 0 || !st.Cooldown.Up.Until.IsZero() || st.Open != nil {
		t.Errorf("nothing was done, and yet the state is %+v", st)
	}
}

func TestAConflictThatNeedsNothingMore(t *testing.T) {
	w, p := newPaper(2), policy("web")
	w.act = func(_ context.Context, o engine.Order) engine.Outcome {
		w.replicas = 5 // the maximum
		return engine.Outcome{Result: engine.Failed, Reached: 5, Ended: start.Add(time.Second), Error: "out of sequence", Conflict: true}
	}
	_, event, err := w.cycle(rule(1)).Run(t.Context(), p, Moment{At: start})
	if err != nil || event == nil || event.Result != engine.Failed {
		t.Fatalf("%+v, %v", event, err)
	}
	if st := w.states[p.Subject()]; st.Open != nil || len(st.Past) != 0 {
		t.Errorf("state %+v", st)
	}
}

// What an interrupted event left is tidied up before anything else is decided.
func TestWhatWasLeftHalfwayIsTidiedUpFirst(t *testing.T) {
	w, p := newPaper(3), policy("web")
	w.states[p.Subject()] = engine.State{Halfway: &engine.Event{ID: "old", Action: engine.ScaleDown}}
	w.settleErr = errors.New("docker is gone")
	c := w.cycle(rule(1))
	if _, _, err := c.Run(t.Context(), p, Moment{At: start}); err == nil || !strings.Contains(err.Error(), "tidy up after an interrupted scale_down of web: docker is gone") {
		t.Errorf("error %v", err)
	}
	w.expect(t, "settle old")
	w.settleErr = nil
	if _, event, err := c.Run(t.Context(), p, Moment{At: start}); err != nil || event == nil {
		t.Errorf("%+v, %v", event, err)
	}
	w.expect(t, "settle old", "settle old", "observe", "record scale_up", "scale 3 → 4", "close succeeded")
	if st := w.states[p.Subject()]; st.Halfway != nil {
		t.Errorf("still halfway: %+v", st.Halfway)
	}
}

// A call of a daemon that died may be late: for a while what it began is looked for again.
func TestWhatAnInterruptedEventBeganIsLookedForAgain(t *testing.T) {
	w, p := newPaper(3), policy("web")
	w.states[p.Subject()] = engine.State{Halfway: &engine.Event{ID: "old", Action: engine.ScaleDown, Ended: start}}
	c := w.cycle(rule(0))
	for _, later := range []time.Duration{0, underWay, underWay + time.Second, underWay + 2*time.Second} {
		if _, _, err := c.Run(t.Context(), p, Moment{At: start.Add(later)}); err != nil {
			t.Fatal(err)
		}
	}
	w.expect(t, "settle old", "observe", "record hold", "settle old", "observe", "record hold", "settle old", "observe", "record hold", "observe", "record hold")
}

func TestATouchedServiceIsLookedAtOnceItIsQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var at []time.Duration
		p := policy("web")
		p.EvaluationInterval = time.Hour
		w := newPaper(2)
		l := &Loop{
			Cycle:  w.cycle(steadyRule),
			Sample: func(context.Context, engine.Policy, Part) error { return nil }, SampleEvery: func([]engine.Metric) time.Duration { return time.Hour },
			Now: func() Moment { return Moment{At: time.Now()} },
			Ran: func(engine.Policy, error) { at = append(at, time.Since(begin)) }, Sampled: func(engine.Policy, Part, error) {},
		}
		ctx, stop := context.WithCancel(t.Context())
		sets := make(chan []engine.Policy)
		var all sync.WaitGroup
		all.Go(func() { l.Run(ctx, sets) })
		sets <- []engine.Policy{p}
		synctest.Wait()
		for _, pause := range []time.Duration{time.Minute, 4 * time.Second, 9 * time.Second, time.Minute} {
			<-time.After(pause)
			l.Touched(p.Subject())
			l.Touched("somebody else's")
		}
		<-time.After(time.Minute)
		stop()
		all.Wait()
		want := []time.Duration{0, 83 * time.Second, 143 * time.Second} // 10 s after 73 s and after 133 s
		if !slices.Equal(at, want) {
			t.Errorf("cycles ran at %v, want %v", at, want)
		}
	})
}

// Where the service is gone, an event that was left open has ended with it.
func TestAnOpenEventOfAServiceThatIsGone(t *testing.T) {
	w, p := newPaper(0), policy("web")
	w.states[p.Subject()] = engine.State{Open: &engine.Event{ID: "old", Mode: engine.Live, Action: engine.ScaleUp, From: 1, To: 3}}
	w.observeErr = fmt.Errorf("observe: %w", engine.Gone("compose project shop has no service web"))
	if _, _, err := w.cycle(rule(1)).Run(t.Context(), p, Moment{At: start}); err == nil {
		t.Error("a service that is gone was decided on")
	}
	if len(w.closed) != 1 || w.closed[0].Reached != 0 || !strings.Contains(w.closed[0].Error, "has no service web") {
		t.Errorf("closed %+v", w.closed)
	}
}

// While the end of a void attempt is not on record yet, nobody else takes the service: its intent is.
func TestAVoidAttemptKeepsItsIntentUntilItsEnd(t *testing.T) {
	w, p := newPaper(2), policy("web")
	w.states[p.Subject()] = engine.State{Known: engine.Count{Replicas: 2, At: start}}
	c := w.cycle(rule(1))
	w.act = func(_ context.Context, o engine.Order) engine.Outcome {
		w.replicas = 5 // the maximum: decided again, it holds
		return engine.Outcome{Result: engine.Failed, Reached: 5, Ended: start.Add(time.Second), Error: "out of sequence", Conflict: true}
	}
	var meanwhile engine.State
	c.Decided = func(p engine.Policy, r engine.Record) {
		if r.Decision.Action == engine.Hold {
			meanwhile, _ = w.State(t.Context(), p)
		}
	}
	if _, _, err := c.Run(t.Context(), p, Moment{At: start}); err != nil {
		t.Fatal(err)
	}
	if meanwhile.Open == nil {
		t.Error("between the second decision and the end of the first nothing is open")
	}
	if st := w.states[p.Subject()]; st.Open != nil || c.Acting(p.Subject()) {
		t.Errorf("afterwards open is %+v, acting %v", st.Open, c.Acting(p.Subject()))
	}
}

// Many ask at once: each change ends before the next begins, and none is taken for interrupted.
func TestManyAskAtOnce(t *testing.T) {
	w, p := newPaper(1), policy("web")
	p.MaxReplicas = 1000
	var acting, most atomic.Int32
	w.act = func(_ context.Context, o engine.Order) engine.Outcome {
		most.Store(max(most.Load(), acting.Add(1)))
		defer acting.Add(-1)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.replicas = o.To
		return engine.Outcome{Result: engine.Succeeded, Reached: o.To, Ended: start}
	}
	c := w.cycle(steadyRule)
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			for n := range 300 {
				if _, _, err := c.Obey(t.Context(), p, Moment{At: start.Add(time.Duration(n*6+i) * time.Millisecond)}, wants(1+(n*7+i)%50), func(engine.Record, *engine.Event) {}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if most.Load() != 1 {
		t.Errorf("%d changes at once", most.Load())
	}
	for _, e := range w.closed {
		if e.Result != engine.Succeeded && e.Result != engine.Seen {
			t.Fatalf("%s ended as %s: %s", e.ID, e.Result, e.Error)
		}
	}
}

// A void attempt whose end could not be recorded at first is void also when it is recorded later.
func TestAVoidAttemptOnAFullDisk(t *testing.T) {
	w, p := newPaper(2), policy("web")
	w.act = func(_ context.Context, o engine.Order) engine.Outcome {
		return engine.Outcome{Result: engine.Failed, Reached: 2, Ended: start, Error: "out of sequence", Conflict: true}
	}
	w.closeErr = errors.New("disk full")
	c := w.cycle(rule(1))
	if _, _, err := c.Run(t.Context(), p, Moment{At: start}); err == nil {
		t.Fatal("the end is on record")
	}
	w.closeErr = nil
	w.act = func(_ context.Context, o engine.Order) engine.Outcome {
		return engine.Outcome{Result: engine.Succeeded, Reached: o.To, Ended: start.Add(time.Second)}
	}
	_, event, err := c.Run(t.Context(), p, Moment{At: start.Add(time.Second)})
	if err != nil || event == nil || event.Result != engine.Succeeded {
		t.Fatalf("%+v, %v", event, err)
	}
	if past := w.states[p.Subject()].Past; len(past) != 1 {
		t.Errorf("the past has %+v", past)
	}
}

// An end that could not be recorded is not recorded later, where another daemon that led meanwhile has closed the event.
func TestALateEndYieldsToTheNextLeaders(t *testing.T) {
	w, p := newPaper(2), policy("web")
	w.act = func(_ context.Context, o engine.Order) engine.Outcome {
		return engine.Outcome{Result: engine.Failed, Reached: 2, Ended: start, Error: "another daemon leads"}
	}
	w.closeErr = errors.New("another daemon has led since: nothing was written")
	c := w.cycle(rule(1))
	_, event, err := c.Run(t.Context(), p, Moment{At: start})
	if err == nil || event == nil {
		t.Fatalf("%+v, %v; want an event whose end is not on record", event, err)
	}
	w.closeErr = nil
	state := w.states[p.Subject()]
	closed := *state.Open
	closed.Result, closed.Ended = engine.Interrupted, start.Add(time.Second)
	if err := w.Close(t.Context(), closed, p, guard.End(state, p, closed)); err != nil {
		t.Fatal(err)
	}
	w.closed = nil
	if _, _, err := c.Run(t.Context(), p, Moment{At: start.Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	for _, e := range w.closed {
		if e.ID == event.ID {
			t.Errorf("%s was closed again, as %s", e.ID, e.Result)
		}
	}
}

// Nor is one that another daemon closed while it was carried out, and what that one has begun since stays open.
func TestAnEndYieldsToTheNextLeaders(t *testing.T) {
	w, p := newPaper(2), policy("web")
	next := engine.Event{ID: "next", Action: engine.ScaleUp, Started: start.Add(time.Second)}
	w.act = func(_ context.Context, o engine.Order) engine.Outcome {
		state := w.states[p.Subject()]
		closed := *state.Open
		closed.Result, closed.Ended = engine.Interrupted, start.Add(time.Second)
		if err := w.Close(t.Context(), closed, p, guard.Begin(guard.End(state, p, closed), p, next)); err != nil {
			t.Fatal(err)
		}
		return engine.Outcome{Result: engine.Succeeded, Reached: o.To, Ended: start.Add(2 * time.Second)}
	}
	if _, _, err := w.cycle(rule(1)).Run(t.Context(), p, Moment{At: start}); err != nil {
		t.Fatal(err)
	}
	if open := w.states[p.Subject()].Open; len(w.closed) != 1 || open == nil || open.ID != "next" {
		t.Errorf("closed are %+v, open is %+v", w.closed, open)
	}
}

// What was turned off while the world was looked at stays undone, also what nobody asked for.
func TestNothingIsRestoredOnceItIsOff(t *testing.T) {
	w, p := newPaper(1), policy("web")
	w.states[p.Subject()] = engine.State{Known: engine.Count{Replicas: 4, At: start}}
	c := w.cycle(steadyRule)
	ask := func(p engine.Policy, s engine.Snapshot, st engine.State) (*engine.Request, error) {
		w.off = true
		return guard.Restore(p, s, st), nil
	}
	record, event, err := c.Obey(t.Context(), p, Moment{At: start}, ask, func(engine.Record, *engine.Event) {})
	if err != nil || event != nil || record.Request == nil || record.Decision.Reason != "Disabled" {
		t.Errorf("%+v, %+v, %v", record.Decision, event, err)
	}
}

// A restore that can't be made leaves a trace, and the rules go on.
func TestARestoreThatIsHeldIsOnRecord(t *testing.T) {
	w, p := newPaper(1), policy("web")
	w.states[p.Subject()] = engine.State{Known: engine.Count{Replicas: 4, At: start},
		Backoff: engine.Backoff{Failures: 1, Deadline: engine.Deadline{Until: start.Add(time.Hour), Wait: time.Hour}}}
	c := w.cycle(steadyRule)
	for range 2 {
		if _, event, err := c.Run(t.Context(), p, Moment{At: start}); err != nil || event != nil {
			t.Fatalf("%+v, %v", event, err)
		}
	}
	if len(w.closed) != 1 || w.closed[0].Result != engine.Seen {
		t.Errorf("on record: %+v", w.closed)
	}
	if last := w.recorded[1]; last.Request != nil {
		t.Errorf("the rules are not asked: %+v", last)
	}
}

// A clock that is set while a change is carried out shortens no cooldown.
func TestClockSetDuringAChange(t *testing.T) {
	for _, step := range []time.Duration{-time.Hour, time.Hour} {
		w, p := newPaper(1), policy("web")
		ended := start.Add(6*time.Minute + step)
		w.act = func(_ context.Context, o engine.Order) engine.Outcome {
			return engine.Outcome{Result: engine.Succeeded, Reached: o.To, Ended: ended}
		}
		c := w.cycle(rule(1))
		before, after := engine.Boot{ID: "a", Started: start.Add(-time.Hour)}, engine.Boot{ID: "a", Started: start.Add(step - time.Hour)}
		c.Boot = func() engine.Boot { return after }
		if _, _, err := c.Run(t.Context(), p, Moment{At: start, Boot: before}); err != nil {
			t.Fatal(err)
		}
		if got := w.states[p.Subject()].Cooldown.Up.Until; !got.Equal(ended.Add(p.Cooldown.Up)) {
			t.Errorf("set by %s: the cooldown ends %s after the change, want %s", step, got.Sub(ended), p.Cooldown.Up)
		}
	}
}
