package storetest

import (
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// single looks for one decision by its number and by an instant, and for one event by its id.
func (s Suite) single(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	shadow := decided(35, engine.ScaleUp, "Imagined")
	shadow.Mode = engine.Shadow
	event := opened("e1", 20)
	for _, r := range []engine.Record{
		decided(0, engine.Hold, "Steady"), decided(10, engine.Hold, "Steady"), decided(20, engine.ScaleUp, "Raise"),
		shadow, decided(40, engine.Hold, "CooldownActive"),
	} {
		check(t, ledger.Record(ctx, r, engine.State{}))
	}
	check(t, ledger.Close(ctx, ended(event, time.Second), policy("web", engine.Live), engine.State{}))

	for _, c := range []struct {
		name    string
		policy  string
		mode    engine.Mode
		seconds int
		want    string // reason; empty: none
	}{
		{"before the first", "web", engine.Live, -1, ""},
		{"the instant itself", "web", engine.Live, 0, "Steady"},
		{"a hold of several", "web", engine.Live, 15, "Steady"},
		{"between two", "web", engine.Live, 39, "Raise"},
		{"after the last", "web", engine.Live, 3600, "CooldownActive"},
		{"of a shadow", "web", engine.Shadow, 3600, "Imagined"},
		{"before the shadow's first", "web", engine.Shadow, 34, ""},
		{"of another policy", "api", engine.Live, 3600, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			row, found, err := ledger.DecisionAt(ctx, c.policy, c.mode, start.Add(time.Duration(c.seconds)*time.Second))
			check(t, err)
			if found != (c.want != "") || row.Record.Decision.Reason != c.want {
				t.Fatalf("found %v: %q, want %q", found, row.Record.Decision.Reason, c.want)
			}
			if !found {
				return
			}
			same, found, err := ledger.Decision(ctx, row.ID)
			check(t, err)
			if !found || same.ID != row.ID || !same.First.Equal(row.First) || same.Record.Decision.Reason != c.want {
				t.Errorf("by its number it is %v, %+v", found, same)
			}
		})
	}
	rows := must(ledger.Decisions(ctx, "web", 0))(t)
	for i, row := range rows[1:] {
		if row.ID >= rows[i].ID {
			t.Errorf("numbers do not rise: %d, then %d", row.ID, rows[i].ID)
		}
	}
	if row, found, err := ledger.Decision(ctx, rows[0].ID+1); found || err != nil {
		t.Errorf("a decision that was not made: %+v, error %v", row, err)
	}
	found, is, err := ledger.Event(ctx, "e1")
	check(t, err)
	if !is {
		t.Fatal("the event is not found")
	}
	same(t, "event", found, ended(event, time.Second))
	if _, is, err := ledger.Event(ctx, "e2"); is || err != nil {
		t.Errorf("an event that is not there: %v, error %v", is, err)
	}
}
