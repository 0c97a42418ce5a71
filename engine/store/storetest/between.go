package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// unlike holds the row of holds to what is read from it later: whatever differs begins another.
func (s Suite) unlike(t *testing.T) {
	terms := engine.Terms{Min: 1, Max: 4, Every: 30 * time.Second, Load: engine.LoadWithin, Alone: "cpu"}
	tests := []struct {
		name   string
		change func(r *engine.Record)
		rows   int
	}{
		{"nothing", func(*engine.Record) {}, 1},
		{"what no sum needs", func(r *engine.Record) { r.Decision.Message = "7s more" }, 1},
		{"the reason", func(r *engine.Record) { r.Decision.Reason = "Steady" }, 2},
		{"the count", func(r *engine.Record) { r.Decision.From = 2 }, 2},
		{"the wish", func(r *engine.Record) { r.Recommendation.Action = engine.ScaleUp }, 2},
		{"rules that fail", func(r *engine.Record) { r.Recommendation.Error = "it loops" }, 2},
		{"a person's wish", func(r *engine.Record) { r.Request = &engine.Request{Kind: engine.Scale, Replicas: 9} }, 2},
		{"the bounds", func(r *engine.Record) { r.Terms.Max = 5 }, 2},
		{"the load", func(r *engine.Record) { r.Terms.Load = engine.LoadPast }, 2},
		{"the metric that stands alone", func(r *engine.Record) { r.Terms.Alone = "" }, 2},
		{"a pause that is no gap", func(r *engine.Record) { r.At = r.At.Add(80 * time.Second) }, 1},
		{"a gap", func(r *engine.Record) { r.At = r.At.Add(81 * time.Second) }, 2},
		{"a clock that was put back", func(r *engine.Record) { r.At = r.At.Add(-11 * time.Second) }, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ledger := s.fresh(t)
			first, second := decided(0, engine.Hold, "CooldownActive"), decided(10, engine.Hold, "CooldownActive")
			first.Recommendation.Action, second.Recommendation.Action = engine.Hold, engine.Hold
			first.Terms, second.Terms = terms, terms
			tt.change(&second)
			check(t, ledger.Record(t.Context(), first, engine.State{}))
			check(t, ledger.Record(t.Context(), second, engine.State{}))
			if rows := must(ledger.Decisions(t.Context(), "", 0))(t); len(rows) != tt.rows {
				t.Errorf("%d rows, want %d", len(rows), tt.rows)
			}
		})
	}
}

func (s Suite) between(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	mail := decided(15, engine.Hold, "Steady")
	mail.Policy, mail.Service = "mail", "mail"
	shadow := decided(25, engine.Hold, "Steady")
	shadow.Policy, shadow.Mode = "eager", engine.Shadow
	for _, r := range []engine.Record{
		decided(0, engine.Hold, "Steady"), decided(10, engine.Hold, "Steady"), mail, // one row from 0 to 10
		decided(20, engine.ScaleUp, "Raise"), shadow, decided(40, engine.Hold, "Steady"),
	} {
		check(t, ledger.Record(ctx, r, engine.State{}))
	}
	for id, at := range map[string]int{"a": 5, "b": 20} {
		e := opened(id, at)
		e.Service = "web"
		check(t, ledger.Close(ctx, ended(e, 10*time.Second), policy("web", engine.Live), engine.State{}))
	}
	open := opened("open", 12)
	open.Service = "mail"
	check(t, ledger.Record(ctx, mail, engine.State{Open: &open}))
	whole := decided(70, engine.ScaleUp, "Raise")
	whole.Snapshot.Metrics = map[string]engine.Reading{"cpu": engine.Reads(80)}
	whole.Recommendation = engine.Recommendation{Action: engine.ScaleUp, Confidence: 0.7, Reasons: []engine.Reason{{Code: "Raise"}}}
	whole.Terms = engine.Terms{Min: 1, Max: 4, Every: time.Minute, Load: engine.LoadPast}
	whole.Decision.Trace = []engine.Step{{Stage: "bounds", From: 1, To: 2}}
	check(t, ledger.Record(ctx, whole, engine.State{Virtual: 2}))
	summed, _, err := ledger.Between(ctx, "web", whole.At, whole.At)
	check(t, err)
	whole.Snapshot, whole.State, whole.Recommendation.Reasons = engine.Snapshot{}, engine.State{}, nil
	if len(summed) != 1 {
		t.Fatalf("%d rows at %s, want 1", len(summed), whole.At)
	}
	same(t, "what a sum needs", summed[0].Record, whole)
	for _, c := range []struct {
		service  string
		from, to int
		rows     []int // when they began
		events   []string
	}{
		{"web", -10, 60, []int{0, 20, 25, 40}, []string{"a", "b"}},
		{"", -10, 60, []int{0, 15, 20, 25, 40}, []string{"a", "open", "b"}},
		{"mail", 30, 60, nil, []string{"open"}},
		{"web", 10, 15, []int{0}, []string{"a"}},
		{"web", 11, 15, nil, []string{"a"}},
		{"web", 16, 20, []int{20}, []string{"b"}},
		{"we", -10, 60, nil, nil},
	} {
		rows, events, err := ledger.Between(ctx, c.service, decided(c.from, "", "").At, decided(c.to, "", "").At)
		check(t, err)
		var began []int
		for _, r := range rows {
			began = append(began, int(r.First.Sub(start)/time.Second))
		}
		var ids []string
		for _, e := range events {
			ids = append(ids, e.ID)
		}
		what := fmt.Sprintf("of %q from %d to %d", c.service, c.from, c.to)
		same(t, "rows "+what, began, c.rows)
		same(t, "events "+what, ids, c.events)
	}
}
