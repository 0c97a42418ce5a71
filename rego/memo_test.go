package rego

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

// What was asked before gives what it would give anew, however the snapshots follow each other.
func TestMemoChangesNoAnswer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, _ := anyWorld(t)
		rules, _ := Compile(context.Background(), nil, []engine.Policy{p}, nil)
		fresh, _ := Compile(context.Background(), nil, []engine.Policy{p}, nil)
		var worlds []engine.Snapshot
		for range 3 {
			_, s := anyWorld(t)
			worlds = append(worlds, s)
		}
		for range 8 {
			s := rapid.SampledFrom(worlds).Draw(t, "world")
			clear(fresh.memo.last)
			got, err := rules.Recommend(context.Background(), p, s)
			want, errFresh := fresh.Recommend(context.Background(), p, s)
			if !reflect.DeepEqual(got, want) || (err == nil) != (errFresh == nil) {
				t.Fatalf("got %+v, %v; asked anew %+v, %v", got, err, want, errFresh)
			}
		}
	})
}

// Later is another input only where a rule may see the time.
func TestMemoKnowsWhatARuleSees(t *testing.T) {
	byTime := rule(`{"action": "hold", "replicas": input.service.replicas.current, "confidence": 1, "priority": "low", "reasons": [{"code": "At", "message": input.at}]}`)
	for name, c := range map[string]struct {
		own      string
		strategy string
		recalled bool
	}{
		"threshold":         {strategy: "threshold", recalled: true},
		"one that tells":    {own: byTime, strategy: "shop.checkout"},
		"one that does not": {own: strings.ReplaceAll(byTime, "input.at", `"now"`), strategy: "shop.checkout", recalled: true},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := three()
			p.Strategies = []string{c.strategy}
			rules := compiled(t, c.own, p)
			first, err := rules.Recommend(t.Context(), p, s)
			if err != nil {
				t.Fatal(err)
			}
			first.Reasons[0].Message = "changed by whoever asked"
			s.At = s.At.Add(time.Hour)
			_, recalled := rules.memo.recall(memoKey{p.Name, c.strategy}, rules.words.document(Input(p, s), rules.queries[c.strategy].needs))
			if recalled != c.recalled {
				t.Errorf("recalled: %v, want %v", recalled, c.recalled)
			}
			second, err := rules.Recommend(t.Context(), p, s)
			if err != nil || second.Reasons[0].Message == "changed by whoever asked" {
				t.Errorf("%+v, %v", second, err)
			}
			if c.own == byTime && second.Reasons[0].Message != s.At.Format(time.RFC3339Nano) {
				t.Errorf("an answer of another time: %s", second.Reasons[0].Message)
			}
		})
	}
}

// Afresh, every answer is one of the rules: what was answered before, by whomever, is not given again.
func TestAfreshRemembersNothing(t *testing.T) {
	p, s := three()
	rules := compiled(t, "", p)
	want, err := rules.Recommend(t.Context(), p, s)
	if err != nil {
		t.Fatal(err)
	}
	key := memoKey{p.Name, "threshold"}
	wrong := want
	wrong.Replicas = 99
	rules.memo.keep(key, rules.words.document(Input(p, s), rules.queries["threshold"].needs), wrong)
	afresh := rules.Afresh()
	for range 2 {
		if got, err := afresh.Recommend(t.Context(), p, s); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("afresh %+v, %v; want %+v", got, err, want)
		}
	}
	if got, err := rules.Recommend(t.Context(), p, s); err != nil || got.Replicas != 99 {
		t.Errorf("those that remember forgot: %+v, %v", got, err)
	}
}
