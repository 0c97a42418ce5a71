package rego

import (
	"context"
	"testing"

	"github.com/flyball-dev/flyball/engine"
)

// BenchmarkRecommend is one recommendation from three metrics and three thresholds: in Rego, and by hand in Go.
func BenchmarkRecommend(b *testing.B) {
	p, s := three()
	b.Run("rego", func(b *testing.B) { recommends(b, p, s) })
	b.Run("go", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			reference(p, s)
		}
	})
}

// BenchmarkEachStrategy is one recommendation of each strategy for the same three metrics: in Rego, and by hand in Go.
func BenchmarkEachStrategy(b *testing.B) {
	for strategy, byHand := range map[string]func(engine.Policy, engine.Snapshot){
		"threshold":       func(p engine.Policy, s engine.Snapshot) { reference(p, s) },
		"target_tracking": func(p engine.Policy, s engine.Snapshot) { trackingReference(p, s, false) },
		"predictive":      func(p engine.Policy, s engine.Snapshot) { trackingReference(p, s, true) },
		"step":            func(p engine.Policy, s engine.Snapshot) { stepReference(p, s) },
		"schedule":        nil, // nothing is computed
	} {
		p, s := threeFor(strategy)
		b.Run(strategy+"/rego", func(b *testing.B) { recommends(b, p, s) })
		if byHand == nil {
			continue
		}
		b.Run(strategy+"/go", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				byHand(p, s)
			}
		})
	}
}

// BenchmarkAnswers is the same for the other two answers: most of the time nothing is to be done.
func BenchmarkAnswers(b *testing.B) {
	for name, value := range map[string]float64{"hold": 41.25, "down": 4.3333333} {
		p, s := three()
		for metric := range s.Metrics {
			s.Metrics[metric] = engine.Reads(value)
		}
		b.Run(name, func(b *testing.B) { recommends(b, p, s) })
	}
}

func recommends(b *testing.B, p engine.Policy, s engine.Snapshot) {
	rules, problems := Compile(context.Background(), nil, []engine.Policy{p}, nil)
	if rules == nil {
		b.Fatal(problems)
	}
	b.ReportAllocs()
	for b.Loop() {
		clear(rules.memo.last) // what is measured is the asking
		if _, err := rules.Recommend(context.Background(), p, s); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDocument is the share of it that lays out the input.
func BenchmarkDocument(b *testing.B) {
	p, s := three()
	w := newWords([]engine.Policy{p})
	b.ReportAllocs()
	for b.Loop() {
		w.document(Input(p, s), needs{})
	}
}

func BenchmarkCompile(b *testing.B) {
	p, _ := three()
	b.ReportAllocs()
	for b.Loop() {
		Compile(context.Background(), nil, []engine.Policy{p}, nil)
	}
}
