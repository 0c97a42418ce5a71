package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

func (s Suite) empty(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	same(t, "state", must(ledger.State(ctx, policy("web", engine.Live)))(t), engine.State{})
	same(t, "history", must(ledger.History(ctx, "", 10))(t), []engine.Event{})
	same(t, "interrupted events", must(ledger.Halfway(ctx))(t), []engine.Event{})
	same(t, "newest records", must(ledger.Latest(ctx))(t), []engine.Record{})
	if is, known, err := ledger.Switch(ctx); is.On || known || err != nil {
		t.Errorf("switch is %v, known %v, error %v; want off and not known", is.On, known, err)
	}
}

func (s Suite) restart(t *testing.T) {
	ctx, address := t.Context(), s.Address(t)
	event := opened("e1", 0)
	state := engine.State{
		Boot:     engine.Boot{ID: "boot", Started: start},
		Cooldown: engine.Deadlines{Up: engine.Deadline{Until: start.Add(time.Hour), Wait: time.Hour}},
		Open:     &event,
	}
	ledger := s.open(t, address)
	check(t, ledger.Record(ctx, decided(0, engine.ScaleUp, "Raise"), state))
	check(t, ledger.SetEnabled(ctx, true, "anna", start))
	check(t, ledger.SetEnabled(ctx, true, "ben", start.Add(time.Second)))
	check(t, ledger.Shutdown())

	ledger = s.open(t, address)
	state.Enabled = true
	same(t, "state", must(ledger.State(ctx, policy("web", engine.Live)))(t), state)
	if open := must(ledger.OpenEvents(ctx))(t); len(open) != 1 || open[0].Event.ID != "e1" || open[0].Mode != engine.Live {
		t.Errorf("open events are %+v, want e1 of the live policy", open)
	}
	check(t, ledger.SetEnabled(ctx, false, "anna", start))
	if is, known, err := ledger.Switch(ctx); is != (store.Switch{Actor: "anna", At: start}) || !known || err != nil {
		t.Errorf("switch is %+v, known %v, error %v; want it off by anna, and known", is, known, err)
	}
}

func (s Suite) modes(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	live, shadow := decided(0, engine.Hold, "Steady"), decided(0, engine.Hold, "Steady")
	shadow.Mode = engine.Shadow
	check(t, ledger.Record(ctx, live, engine.State{Virtual: 1}))
	check(t, ledger.Record(ctx, shadow, engine.State{Virtual: 7}))
	check(t, ledger.Record(ctx, live, engine.State{Virtual: 2}))
	same(t, "live state", must(ledger.State(ctx, policy("web", engine.Live)))(t), engine.State{Virtual: 2})
	same(t, "shadow state", must(ledger.State(ctx, policy("web", engine.Shadow)))(t), engine.State{Virtual: 7})
	if rows := must(ledger.Decisions(ctx, "web", 0))(t); len(rows) != 2 {
		t.Errorf("%d rows, want one of each mode", len(rows))
	}
	same(t, "newest records", must(ledger.Latest(ctx))(t), []engine.Record{live, shadow})
}

// A pause is the service's, in whichever mode its policies run, or it is that of all. It stands through whatever else is
// recorded, and a restart.
func (s Suite) pauses(t *testing.T) {
	ctx, address := t.Context(), s.Address(t)
	web := policy("web", engine.Live)
	shadow, elsewhere := policy("web", engine.Shadow), policy("web", engine.Live)
	elsewhere.Target.Project = "elsewhere"
	place := web.Target.Service("web")
	one := engine.Pause{Service: "web", Since: start, Until: start.Add(time.Hour), Boot: engine.Boot{ID: "boot", Started: start}, Actor: "anna", Reason: "a sale"}
	all := engine.Pause{Since: start, Actor: "ben", Reason: "Docker is updated"}

	ledger := s.open(t, address)
	same(t, "pauses of a new ledger", must(ledger.Pauses(ctx))(t), map[string]engine.Pause{})
	check(t, ledger.Resume(ctx, place, "ben", start))
	check(t, ledger.Pause(ctx, place, all))
	check(t, ledger.Pause(ctx, place, one)) // in its place
	check(t, ledger.Pause(ctx, "", all))
	check(t, ledger.Record(ctx, decided(0, engine.Hold, "Paused"), engine.State{Virtual: 1, Pauses: []engine.Pause{all, all}}))
	check(t, ledger.Shutdown())

	ledger = s.open(t, address)
	state := func(what string, p engine.Policy, want engine.State) {
		t.Helper()
		same(t, what, must(ledger.State(ctx, p))(t), want)
	}
	same(t, "pauses", must(ledger.Pauses(ctx))(t), map[string]engine.Pause{place: one, "": all})
	state("state", web, engine.State{Virtual: 1, Pauses: []engine.Pause{one, all}})
	state("state of a shadow", shadow, engine.State{Pauses: []engine.Pause{one, all}})
	state("state of another project's service", elsewhere, engine.State{Pauses: []engine.Pause{all}})

	check(t, ledger.Resume(ctx, "", "ben", start))
	state("state after all were resumed", web, engine.State{Virtual: 1, Pauses: []engine.Pause{one}})
	state("state of another project's service after that", elsewhere, engine.State{})
	check(t, ledger.Resume(ctx, place, "ben", start))
	state("state after the service was resumed", web, engine.State{Virtual: 1})
}

// A service keeps its state when its policy is renamed, or another takes its place.
func (s Suite) renamed(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	event := opened("e1", 0)
	state := engine.State{Open: &event, Cooldown: engine.Deadlines{Up: engine.Deadline{Until: start, Wait: time.Minute}}}
	check(t, ledger.Record(ctx, decided(0, engine.ScaleUp, "Raise"), state))
	other := policy("web", engine.Live)
	other.Name = "web-v2"
	same(t, "state", must(ledger.State(ctx, other))(t), state)
	other.Target.Project = "elsewhere"
	same(t, "state of another project's service", must(ledger.State(ctx, other))(t), engine.State{})
	other.Mode = engine.Shadow
	same(t, "state of a shadow", must(ledger.State(ctx, other))(t), engine.State{})
}

func (s Suite) holds(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	other := decided(35, engine.Hold, "Steady")
	other.Policy, other.Service = "api", "api"
	edited := decided(70, engine.Hold, "CooldownActive")
	edited.Revision = "r2"
	for _, r := range []engine.Record{
		decided(0, engine.Hold, "Steady"), decided(10, engine.Hold, "Steady"),
		decided(20, engine.ScaleUp, "Raise"), decided(30, engine.ScaleUp, "Raise"),
		other,
		decided(40, engine.Hold, "CooldownActive"), decided(50, engine.Hold, "CooldownActive"),
		decided(60, engine.Hold, "CooldownActive"),
		edited, decided(80, engine.Hold, "Steady"),
	} {
		check(t, ledger.Record(ctx, r, engine.State{}))
	}
	type row struct {
		reason      string
		first, last int
		count       int
	}
	var got []row
	seconds := func(at time.Time) int { return int(at.Sub(start) / time.Second) }
	for _, r := range must(ledger.Decisions(ctx, "web", 0))(t) {
		got = append(got, row{r.Record.Decision.Reason, seconds(r.First), seconds(r.Last), r.Count})
		if !r.Record.At.Equal(r.First) {
			t.Errorf("row of %s has the record of %s, want the first", r.First, r.Record.At)
		}
	}
	want := []row{
		{"Steady", 80, 80, 1}, {"CooldownActive", 70, 70, 1}, {"CooldownActive", 40, 60, 3},
		{"Raise", 30, 30, 1}, {"Raise", 20, 20, 1}, {"Steady", 0, 10, 2},
	}
	same(t, "decisions of web", got, want)
	if rows := must(ledger.Decisions(ctx, "", 3))(t); len(rows) != 3 || rows[0].Count != 1 || rows[2].Count != 3 {
		t.Errorf("the three newest rows of all policies are %+v", rows)
	}
	latest := must(ledger.Latest(ctx))(t)
	if len(latest) != 2 || latest[0].Policy != "api" || latest[1].At != decided(80, engine.Hold, "").At {
		t.Errorf("newest records are %+v, want api's and web's last", latest)
	}
}

func (s Suite) history(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	for i, id := range []string{"late", "first", "second", "second's twin"} {
		e := opened(id, []int{90, 10, 20, 20}[i])
		if id == "first" {
			e.Service = "mail"
		}
		check(t, ledger.Close(ctx, ended(e, time.Second), policy("web", engine.Live), engine.State{}))
	}
	for _, c := range []struct {
		service string
		limit   int
		want    []string
	}{
		{"", 0, []string{"late", "second's twin", "second", "first"}},
		{"", 2, []string{"late", "second's twin"}},
		{"shop", 10, []string{"late", "second's twin", "second"}},
		{"mail", 10, []string{"first"}},
		{"unknown", 10, nil},
	} {
		var got []string
		for _, e := range must(ledger.History(ctx, c.service, c.limit))(t) {
			got = append(got, e.ID)
		}
		same(t, fmt.Sprintf("history of %q, limit %d", c.service, c.limit), got, c.want)
	}
}

func (s Suite) closing(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	p, event := policy("web", engine.Live), opened("e1", 0)
	check(t, ledger.Record(ctx, decided(0, engine.ScaleUp, "Raise"), engine.State{Open: &event}))
	check(t, ledger.Record(ctx, decided(10, engine.Hold, "RolloutInProgress"), engine.State{Open: &event}))
	if err := ledger.Close(ctx, event, p, engine.State{}); err == nil {
		t.Error("an event without an end is closed")
	}
	done := ended(event, 15*time.Second)
	past := engine.Past{At: done.Ended, Action: engine.ScaleUp, From: 1, To: 2, Result: engine.Succeeded}
	after := engine.State{Virtual: 2, Past: []engine.Past{past}}
	check(t, ledger.Close(ctx, done, p, after))
	same(t, "state", must(ledger.State(ctx, p))(t), after)
	same(t, "history", must(ledger.History(ctx, "shop", 0))(t), []engine.Event{done})
	if open := must(ledger.OpenEvents(ctx))(t); len(open) != 0 {
		t.Errorf("still open: %+v", open)
	}
}

// atomic fails a write in its last part, and wants its first part gone.
func (s Suite) atomic(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	p, event := policy("web", engine.Live), opened("e1", 0)
	before := engine.State{Virtual: 3}
	check(t, ledger.Close(ctx, ended(event, time.Second), p, before))
	unchanged := func(t *testing.T) {
		t.Helper()
		same(t, "state", must(ledger.State(t.Context(), p))(t), before)
		if rows := must(ledger.Decisions(t.Context(), "", 0))(t); len(rows) != 0 {
			t.Errorf("%d decisions on record, want none", len(rows))
		}
	}
	t.Run("an ended event is not opened again", func(t *testing.T) {
		if err := ledger.Record(ctx, decided(0, engine.ScaleUp, "Raise"), engine.State{Open: &event}); err == nil {
			t.Error("no error")
		}
		unchanged(t)
	})
	t.Run("nothing is written for a caller that has left", func(t *testing.T) {
		gone, leave := context.WithCancel(ctx)
		leave()
		if err := ledger.Record(gone, decided(0, engine.ScaleUp, "Raise"), engine.State{}); err == nil {
			t.Error("no error")
		}
		unchanged(t)
	})
}

func (s Suite) concurrent(t *testing.T) {
	const policies, each = 16, 12
	ctx, ledger := t.Context(), s.fresh(t)
	var wg sync.WaitGroup
	for n := range policies {
		name := fmt.Sprintf("policy %02d", n)
		wg.Go(func() {
			for i := range each {
				event := opened(fmt.Sprintf("%s, event %d", name, i), i)
				r := decided(i, engine.ScaleUp, "Raise")
				r.Policy, r.Service = name, name
				if err := ledger.Record(ctx, r, engine.State{Virtual: i, Open: &event}); err != nil {
					t.Error(err)
				}
				if _, err := ledger.State(ctx, policy(name, engine.Live)); err != nil {
					t.Error(err)
				}
				if err := ledger.Close(ctx, ended(event, time.Second), policy(name, engine.Live), engine.State{Virtual: i + 1}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for n := range policies {
		name := fmt.Sprintf("policy %02d", n)
		same(t, "state of "+name, must(ledger.State(ctx, policy(name, engine.Live)))(t), engine.State{Virtual: each})
		if rows := must(ledger.Decisions(ctx, name, 0))(t); len(rows) != each {
			t.Errorf("%s has %d decisions, want %d", name, len(rows), each)
		}
	}
	if events := must(ledger.History(ctx, "", 0))(t); len(events) != policies*each {
		t.Errorf("%d events, want %d", len(events), policies*each)
	}
}
