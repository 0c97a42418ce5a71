package control

import (
	"testing"

	"github.com/flyball-dev/flyball/engine"
)

// What is used is known while a decision is being made, however long it is written: until then the budget is locked.
func TestUseOfTheBudget(t *testing.T) {
	a, b, shadow := policy("a"), policy("b"), policy("c")
	a.MinReplicas, b.MinReplicas, shadow.Mode = 1, 2, engine.Shadow
	budget := &Budget{MaxReplicas: 12}
	is := func(when string, replicas, limit int) {
		t.Helper()
		if gotReplicas, gotLimit := budget.Use(); gotReplicas != replicas || gotLimit != limit {
			t.Errorf("%s: %d of %d, want %d of %d", when, gotReplicas, gotLimit, replicas, limit)
		}
	}
	budget.Watch([]engine.Policy{a, b, shadow})
	is("before anybody looked", 3, 12)
	budget.observed(a, 4, nil)
	is("once somebody did", 6, 12)
	s := engine.Snapshot{At: start}
	s.Service.Replicas.Current = 4
	r := budget.reserve(a, s, engine.Low)
	is("while a raise is decided", 6, 12)
	r.commit(engine.Decision{Action: engine.ScaleUp, From: 4, To: 7}, engine.Low)
	r.release()
	is("while it is carried out", 9, 12)
	budget.ended(a, 5)
	is("when it ended halfway", 7, 12)
	budget.Limit(10, 0)
	budget.Watch([]engine.Policy{a})
	is("without the other, under another limit", 5, 10)
}
