package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// rows reads all that is kept page by page, whole and in order, and the parts of it that a range has.
func (s Suite) rows(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	mail := decided(15, engine.Hold, "Steady")
	mail.Policy, mail.Service = "mail", "mail"
	whole := decided(20, engine.ScaleUp, "Raise")
	whole.Snapshot.Metrics = map[string]engine.Reading{"cpu": engine.Reads(80)}
	whole.State = engine.State{Enabled: true, Virtual: 2, Budget: engine.Budget{MaxReplicas: 20, Others: 3}}
	whole.Recommendation = engine.Recommendation{Action: engine.ScaleUp, Confidence: 0.7, Reasons: []engine.Reason{{Code: "Raise"}}}
	shadow := decided(25, engine.Hold, "Steady")
	shadow.Mode = engine.Shadow
	for _, r := range []engine.Record{
		decided(0, engine.Hold, "Steady"), decided(10, engine.Hold, "Steady"), mail, // one row from 0 to 10
		whole, shadow, decided(40, engine.Hold, "Steady"),
	} {
		check(t, ledger.Record(ctx, r, engine.State{}))
	}
	at := func(seconds int) time.Time { return decided(seconds, "", "").At }
	began := func(rows []store.Row) (all []int) {
		for _, r := range rows {
			all = append(all, int(r.First.Sub(start)/time.Second))
		}
		return all
	}

	all := must(ledger.Rows(ctx, at(-10), at(60), 0, 0))(t)
	same(t, "all rows", began(all), []int{0, 15, 20, 25, 40})
	same(t, "a row", all[2], store.Row{ID: all[2].ID, First: whole.At, Last: whole.At, Count: 1, Record: whole})
	var paged []store.Row
	for after := int64(0); ; {
		page := must(ledger.Rows(ctx, at(-10), at(60), after, 2))(t)
		if len(page) > 2 {
			t.Fatalf("a page of 2 has %d", len(page))
		}
		if len(page) == 0 {
			break
		}
		paged = append(paged, page...)
		after = page[len(page)-1].ID
	}
	same(t, "rows page by page", paged, all)
	for _, c := range []struct {
		from, to int
		want     []int
	}{
		{10, 15, []int{0, 15}},
		{11, 24, []int{15, 20}},
		{40, 60, []int{40}},
		{41, 60, nil},
		{-10, -1, nil},
	} {
		same(t, fmt.Sprintf("rows from %d to %d", c.from, c.to), began(must(ledger.Rows(ctx, at(c.from), at(c.to), 0, 0))(t)), c.want)
	}
}
