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

// audited makes every kind of change, and some that change nothing, and wants an entry of each that does.
func (s Suite) audited(t *testing.T) {
	ctx, address := t.Context(), s.Address(t)
	ledger := s.open(t, address)
	same(t, "audit log of a new store", must(ledger.Audited(ctx, store.Filter{}))(t), []store.Entry{})

	p := policy("web", engine.Live)
	place := p.Target.Service("web")
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	pause := engine.Pause{Service: "web", Since: at(2), Until: at(3600), Actor: "anna", Reason: "a\nsale"}
	all := engine.Pause{Since: at(3), Actor: "ben", Reason: "Docker is updated"}
	open, drift, imagined := opened("e1", 10), opened("e2", 40), opened("e3", 50)
	open.Reasons = []engine.Reason{{Message: "cpu is 80"}, {Message: "rps is 9"}}
	drift.Actor, imagined.Mode = "somebody else", engine.Shadow
	failed := ended(open, 5*time.Second)
	failed.Result, failed.Reached, failed.Error = engine.RolledBack, 1, "it does\nnot start"
	shadow := decided(50, engine.ScaleUp, "Raise")
	shadow.Mode = engine.Shadow
	own := []store.Entry{
		{Number: 99, At: at(70), Actor: "flyball", Kind: store.OfDaemon, Message: "started"},
		{At: at(71), Actor: "flyball", Kind: store.OfPolicy, Policy: "web", Revision: "r2", Message: "web was changed"},
	}
	gone, leave := context.WithCancel(ctx)
	leave()

	var want []store.Entry
	for _, c := range []struct {
		name string
		do   func() error
		want []store.Entry
		not  bool // it is an error
	}{
		{"on", func() error { return ledger.SetEnabled(ctx, true, "anna", at(0)) }, []store.Entry{store.Turned(true, "anna", at(0))}, false},
		{"on again", func() error { return ledger.SetEnabled(ctx, true, "ben", at(1)) }, []store.Entry{store.Turned(true, "ben", at(1))}, false},
		{"pause", func() error { return ledger.Pause(ctx, place, pause) }, []store.Entry{store.Paused(pause)}, false},
		{"pause in its place", func() error { return ledger.Pause(ctx, place, pause) }, []store.Entry{store.Paused(pause)}, false},
		{"pause of all", func() error { return ledger.Pause(ctx, "", all) }, []store.Entry{store.Paused(all)}, false},
		{"resume", func() error { return ledger.Resume(ctx, place, "cleo", at(4)) }, []store.Entry{store.Resumed(pause, "cleo", at(4))}, false},
		{"resume of no pause", func() error { return ledger.Resume(ctx, place, "cleo", at(5)) }, nil, false},
		{"resume of all", func() error { return ledger.Resume(ctx, "", "dora", at(6)) }, []store.Entry{store.Resumed(all, "dora", at(6))}, false},
		{"a hold", func() error { return ledger.Record(ctx, decided(7, engine.Hold, "Steady"), engine.State{}) }, nil, false},
		{"an event begins", func() error {
			return ledger.Record(ctx, decided(10, engine.ScaleUp, "Raise"), engine.State{Open: &open})
		}, []store.Entry{store.Opened(open)}, false},
		{"it goes on", func() error {
			return ledger.Record(ctx, decided(12, engine.Hold, "RolloutInProgress"), engine.State{Open: &open})
		}, nil, false},
		{"it ends", func() error { return ledger.Close(ctx, failed, p, engine.State{}) }, []store.Entry{store.Ended(failed)}, false},
		{"its end is written again", func() error { return ledger.Close(ctx, failed, p, engine.State{Virtual: 1}) }, nil, false},
		{"it is opened again", func() error {
			return ledger.Record(ctx, decided(20, engine.ScaleUp, "Raise"), engine.State{Open: &open})
		}, nil, true},
		{"it has no end", func() error { return ledger.Close(ctx, drift, p, engine.State{}) }, nil, true},
		{"a drift is seen", func() error {
			return ledger.Close(ctx, ended(drift, 0), p, engine.State{})
		}, []store.Entry{store.Ended(ended(drift, 0))}, false},
		{"a shadow's event begins", func() error {
			return ledger.Record(ctx, shadow, engine.State{Open: &imagined})
		}, []store.Entry{store.Opened(imagined)}, false},
		{"the caller has left", func() error { return ledger.SetEnabled(gone, false, "anna", at(60)) }, nil, true},
		{"whoever appends for himself", func() error { return ledger.Audit(ctx, own...) }, own, false},
		{"none", func() error { return ledger.Audit(ctx) }, nil, false},
		{"a restart", func() (err error) {
			check(t, ledger.Shutdown())
			ledger, err = s.Open(address)
			return err
		}, nil, false},
		{"off", func() error { return ledger.SetEnabled(ctx, false, "anna", at(80)) }, []store.Entry{store.Turned(false, "anna", at(80))}, false},
	} {
		if err := c.do(); (err != nil) != c.not {
			t.Fatalf("%s: error %v, want one: %v", c.name, err, c.not)
		}
		for _, e := range c.want {
			e.Number = int64(len(want) + 1)
			want = append(want, e)
		}
		same(t, "audit log after "+c.name, must(ledger.Audited(ctx, store.Filter{}))(t), want)
	}
	check(t, ledger.Shutdown())
}

func (s Suite) auditedAtOnce(t *testing.T) {
	const writers, each = 8, 20
	ctx, ledger := t.Context(), s.fresh(t)
	gone, leave := context.WithCancel(ctx)
	leave()
	var wg sync.WaitGroup
	for n := range writers {
		name := fmt.Sprint("writer ", n)
		wg.Go(func() {
			for i := range each {
				at := start.Add(time.Duration(i) * time.Second)
				one := store.Entry{At: at, Actor: name, Kind: store.OfDaemon, Message: "started"}
				if err := ledger.Audit(ctx, one, one); err != nil {
					t.Error(err)
				}
				if err := ledger.Audit(gone, one); err == nil {
					t.Error("an entry is appended for a caller that has left")
				}
				if err := ledger.SetEnabled(ctx, true, name, at); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	entries := must(ledger.Audited(ctx, store.Filter{}))(t)
	if len(entries) != writers*each*3 {
		t.Errorf("%d entries, want %d", len(entries), writers*each*3)
	}
	count, newest := map[string]int{}, map[string]time.Time{}
	for i, e := range entries {
		if e.Number != int64(i+1) {
			t.Fatalf("entry %d has number %d", i+1, e.Number)
		}
		if e.At.Before(newest[e.Actor]) {
			t.Errorf("of %s %s comes after %s", e.Actor, e.At, newest[e.Actor])
		}
		count[e.Actor]++
		newest[e.Actor] = e.At
	}
	for who, n := range count {
		if n != 3*each {
			t.Errorf("%s has %d entries, want %d", who, n, 3*each)
		}
	}
}

func (s Suite) filtered(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	check(t, ledger.Audit(ctx,
		store.Entry{At: at(1), Actor: "anna", Kind: store.OfPause, Service: "shop", Message: "1"},
		store.Entry{At: at(2), Actor: "ben", Kind: store.OfResume, Service: "shop", Message: "2"},
		store.Entry{At: at(3), Actor: "web", Kind: store.OfDecision, Policy: "web", Service: "shop", Event: "e1", Message: "3"},
		store.Entry{At: at(4), Actor: "web", Kind: store.OfEvent, Policy: "web", Service: "shop", Event: "e1", Message: "4"},
		store.Entry{At: at(3), Actor: "anna", Kind: store.OfPause, Service: "mail", Message: "5, of a clock that was put back"},
		store.Entry{At: at(6), Actor: "flyball", Kind: store.OfDaemon, Message: "6"},
		store.Entry{At: at(7), Actor: "web2", Kind: store.OfDecision, Policy: "web2", Service: "shop", Message: "7"},
	))
	for _, c := range []struct {
		name   string
		filter store.Filter
		want   []int64
	}{
		{"nothing", store.Filter{}, []int64{1, 2, 3, 4, 5, 6, 7}},
		{"after a number", store.Filter{After: 5}, []int64{6, 7}},
		{"after the last", store.Filter{After: 7}, nil},
		{"since", store.Filter{Since: at(3)}, []int64{3, 4, 5, 6, 7}},
		{"until", store.Filter{Until: at(3)}, []int64{1, 2}},
		{"a range", store.Filter{Since: at(3), Until: at(3).Add(1)}, []int64{3, 5}},
		{"kind", store.Filter{Kind: store.OfPause}, []int64{1, 5}},
		{"actor", store.Filter{Actor: "web"}, []int64{3, 4}},
		{"service", store.Filter{Service: "shop"}, []int64{1, 2, 3, 4, 7}},
		{"policy", store.Filter{Policy: "web"}, []int64{3, 4}},
		{"nobody's", store.Filter{Actor: "nobody"}, nil},
		{"kind, actor and service", store.Filter{Kind: store.OfPause, Actor: "anna", Service: "mail"}, []int64{5}},
		{"the newest", store.Filter{Limit: 2}, []int64{6, 7}},
		{"the newest of a service", store.Filter{Service: "shop", Limit: 3}, []int64{3, 4, 7}},
		{"the newest of a range", store.Filter{Until: at(6), Limit: 2}, []int64{4, 5}},
		{"the next", store.Filter{After: 2, Limit: 2}, []int64{3, 4}},
		{"the first", store.Filter{After: -1, Limit: 2}, []int64{1, 2}},
		{"the next of a service", store.Filter{After: 2, Service: "shop", Limit: 3}, []int64{3, 4, 7}},
		{"more than there are", store.Filter{Limit: 100}, []int64{1, 2, 3, 4, 5, 6, 7}},
		{"no limit", store.Filter{Limit: -1}, []int64{1, 2, 3, 4, 5, 6, 7}},
	} {
		var got []int64
		for _, e := range must(ledger.Audited(ctx, c.filter))(t) {
			got = append(got, e.Number)
			if !c.filter.Has(e) {
				t.Errorf("%s: it has %+v", c.name, e)
			}
		}
		same(t, c.name, got, c.want)
	}
}
