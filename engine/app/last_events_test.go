package app

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
)

func TestLastEvents(t *testing.T) {
	web, idle := simulated("web", "web"), simulated("idle", "idle")
	event := func(id string, reached int, ended time.Time) engine.Event {
		return engine.Event{ID: id, Policy: "web", Service: "web", Target: web.Target, Mode: web.Mode, Action: engine.ScaleUp, From: 1, To: 3, Reached: reached, Started: ago(60), Ended: ended}
	}
	old, open, done := event("old", 1, ago(50)), event("open", 0, time.Time{}), event("done", 3, ago(40))
	past := engine.State{Past: []engine.Past{{At: ago(40), Action: engine.ScaleUp, From: 1, To: 3, Result: engine.Succeeded}}}
	for name, c := range map[string]struct {
		read  []engine.Event // the newest first
		heard []engine.Event
		of    engine.Policy
		st    engine.State
		want  string // id, reached, ended so long ago
	}{
		"none":                         {nil, nil, web, engine.State{}, ""},
		"the newest on record":         {[]engine.Event{done, old}, nil, web, past, "done 3 40s"},
		"of this policy":               {[]engine.Event{done, old}, nil, idle, engine.State{}, ""},
		"one that was heard of since":  {[]engine.Event{old}, []engine.Event{done}, web, past, "done 3 40s"},
		"one that goes on":             {[]engine.Event{old}, nil, web, engine.State{Open: &open, Past: past.Past}, "open 0 -"},
		"one that went on when read":   {[]engine.Event{open, old}, nil, web, past, "open 3 40s"},
		"one that is not kept":         {nil, nil, web, past, " 3 40s"},
		"one that is gone, of another": {[]engine.Event{done}, nil, idle, past, " 3 40s"},
	} {
		t.Run(name, func(t *testing.T) {
			l := &lastEvents{}
			if err := l.read(t.Context(), &annals{events: c.read}); err != nil {
				t.Fatal(err)
			}
			for _, e := range c.heard {
				l.hear(e)
			}
			got := ""
			if e := l.newest(c.of, c.st); e != nil {
				ended := "-"
				if !e.Ended.IsZero() {
					ended = evening.Sub(e.Ended).String()
				}
				got = strings.Join([]string{e.ID, string(rune('0' + e.Reached)), ended}, " ")
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}

	t.Run("are read once, and again when forgotten", func(t *testing.T) {
		l, on := &lastEvents{}, &annals{}
		for range 3 {
			if err := l.read(t.Context(), on); err != nil {
				t.Fatal(err)
			}
		}
		l.hear(done)
		l.forget()
		if err := l.read(t.Context(), on); err != nil || len(on.limits) != 2 || l.newest(web, engine.State{}) != nil {
			t.Errorf("asked %d times, %v", len(on.limits), err)
		}
	})
	t.Run("that end while they are read", func(t *testing.T) {
		l := &lastEvents{}
		if err := l.read(t.Context(), meanwhile{func() { l.hear(done) }}); err != nil || l.newest(web, engine.State{}).ID != "done" {
			t.Errorf("%+v, %v", l.newest(web, engine.State{}), err)
		}
	})
	t.Run("are read again when forgotten while they are read", func(t *testing.T) {
		l, on := &lastEvents{}, &annals{}
		if err := l.read(t.Context(), meanwhile{l.forget}); err != nil {
			t.Fatal(err)
		}
		if err := l.read(t.Context(), on); err != nil || len(on.limits) != 1 {
			t.Errorf("asked %d times more, %v", len(on.limits), err)
		}
	})
}

// meanwhile is a record without an event, and something that is done while it is read.
type meanwhile struct{ do func() }

func (m meanwhile) History(context.Context, string, int) ([]engine.Event, error) {
	m.do()
	return nil, nil
}

// What status says of a policy and of all is what the stream tells, what the next daemon finds, and what is said while none runs.
func TestStatusInShort(t *testing.T) {
	for name, c := range map[string]struct {
		set   func(*Options)
		state string
		fleet int
	}{
		"live":    {func(o *Options) { o.Enabled = true }, api.IsCooling, 2},
		"dry run": {func(o *Options) { o.DryRun = true }, api.IsShadow, 1},
		"off":     {func(*Options) {}, api.IsOff, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // in real time: by a clock that stands still while the machine runs it looks set
			o, _ := place(t)
			c.set(&o)
			o.MaxReplicas = 7
			a, err := New(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if err := a.Once(t.Context()); err != nil {
				t.Fatal(err)
			}
			first := inShort(t, a, c.state, c.fleet)
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			b := begin(t, o)
			if again := inShort(t, b, c.state, c.fleet); again != first {
				t.Errorf("the next daemon says %s, the first said %s", again, first)
			}
			set, err := o.Read(t.Context(), o.Policies)
			if err != nil {
				t.Fatal(err)
			}
			if name == "dry run" { // which nobody can tell once it is over
				return
			}
			if after := inShort(t, offline(t.Context(), b.o, set), c.state, c.fleet); after != first {
				t.Errorf("while none runs it is %s, the first said %s", after, first)
			}
		})
	}
}

// inShort is the last event of the only policy.
func inShort(t *testing.T, of interface {
	Status(ctx context.Context) (api.Status, error)
}, state string, fleet int) string {
	t.Helper()
	s, err := of.Status(t.Context())
	if err != nil || len(s.Policies) != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	p := s.Policies[0]
	if p.State.Name != state || s.Fleet.MaxTotalReplicas != 7 || s.Fleet.MinAvailableMemoryMB != 512 {
		t.Errorf("state %+v, fleet %+v, want %s", p.State, s.Fleet, state)
	}
	if s.Fleet.Replicas != fleet && p.LastEvaluation != nil {
		t.Errorf("there are %d replicas, want %d", s.Fleet.Replicas, fleet)
	}
	if state != api.IsOff && (p.LastEvent == nil || p.LastEvent.Reached != 2 || p.LastEvent.Result != engine.Succeeded || p.LastEvent.ID == "" || p.LastEvent.Message == "") {
		t.Errorf("the last event is %+v", p.LastEvent)
	}
	text, err := json.Marshal(p.LastEvent)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Where another daemon leads an event is known once the audit log tells of its end.
func TestLastEventsOfAnotherDaemon(t *testing.T) {
	o, _ := place(t)
	a := begin(t, o)
	a.leader = &leader{elector: unelected{}}
	p := a.everything()[0]
	told := func() string {
		t.Helper()
		s, err := a.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if e := s.Policies[0].LastEvent; e != nil {
			return e.ID
		}
		return "none"
	}
	end := func(id string, at time.Time) {
		t.Helper()
		e := engine.Event{ID: id, Policy: p.Name, Service: p.Service, Target: p.Target, Mode: p.Mode, Action: engine.ScaleUp, From: 1, To: 2, Reached: 2, Started: at, Ended: at, Result: engine.Seen}
		if err := a.store.Close(t.Context(), e, p, engine.State{}); err != nil {
			t.Fatal(err)
		}
	}
	if got := told(); got != "none" {
		t.Fatalf("at first it is %s", got)
	}
	last := a.passed(t.Context(), 0)
	end("first", ago(60))
	last = a.passed(t.Context(), last)
	if got := told(); got != "first" {
		t.Errorf("then it is %s", got)
	}
	end("second", ago(30))
	a.passed(t.Context(), last)
	if got := told(); got != "second" {
		t.Errorf("in the end it is %s", got)
	}
}

// unelected is where nobody leads.
type unelected struct{ store.Elector }

// A message about a policy says its state as status does.
func TestNewsSayTheState(t *testing.T) {
	o, _ := place(t)
	o.Enabled = true
	a := begin(t, o)
	told := streamed(t, a, "data")
	heard(t, told) // the status
	say := func(want string) {
		t.Helper()
		a.wake("web")
		a.told(t.Context())
		var p api.PolicyStatus
		if err := json.Unmarshal([]byte(heard(t, told)), &p); err != nil || p.State.Name != want {
			t.Errorf("it is %+v, %v, want %s", p.State, err, want)
		}
	}
	say(api.IsActive)
	if _, err := a.Pause(t.Context(), api.PauseAsk{Reason: "a sale", Actor: "ana"}); err != nil {
		t.Fatal(err)
	}
	say(api.IsPaused)
	if err := a.Enable(t.Context(), false, "ana"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Resume(t.Context(), "", "ana"); err != nil {
		t.Fatal(err)
	}
	say(api.IsOff)
}

// Each service counts once, and what a shadow imagines does not.
func TestFleet(t *testing.T) {
	f := fleet{}
	record := engine.Record{}
	record.Snapshot.Service.Real = 3
	web, eager, off := simulated("web", "web"), simulated("eager", "web"), simulated("off", "off")
	off.Enabled, web.Enabled, eager.Enabled = false, true, true
	eager.Mode = engine.Shadow
	f.count(web, api.PolicyStatus{Mode: engine.Live, CurrentReplicas: 2}, record)
	f.count(eager, api.PolicyStatus{Mode: engine.Shadow, CurrentReplicas: 9}, record)
	f.count(off, api.PolicyStatus{Mode: engine.Live, CurrentReplicas: 9}, record)
	if n := f.replicas(); n != 2 {
		t.Errorf("there are %d", n)
	}
	f.count(web, api.PolicyStatus{Mode: engine.Shadow, CurrentReplicas: 9}, record) // a dry run
	if n := f.replicas(); n != 3 {
		t.Errorf("in a dry run there are %d", n)
	}
}
