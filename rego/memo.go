package rego

import (
	"slices"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/flyball-dev/flyball/engine"
)

// memo keeps the last answer of each policy to each strategy, with the input that it was given for. A rule sees its input and
// nothing else, so the same input has the same answer: a service whose load does not change, and a trace that is coarser than the
// evaluations, are asked about once. What no rule of the strategy can see, such as the time, is not in the input. One that
// is nil keeps nothing.
type memo struct {
	mu   sync.Mutex
	last map[memoKey]remembered
}

type memoKey struct{ policy, strategy string }

type remembered struct {
	input  *ast.Term
	answer engine.Recommendation
}

func (m *memo) recall(key memoKey, input *ast.Term) (engine.Recommendation, bool) {
	if m == nil {
		return engine.Recommendation{}, false
	}
	m.mu.Lock()
	last, found := m.last[key]
	m.mu.Unlock()
	if !found || !last.input.Equal(input) {
		return engine.Recommendation{}, false
	}
	return copyOf(last.answer), true
}

func (m *memo) keep(key memoKey, input *ast.Term, answer engine.Recommendation) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last[key] = remembered{input, copyOf(answer)}
}

// copyOf is a recommendation whose reasons are the caller's to change.
func copyOf(r engine.Recommendation) engine.Recommendation {
	r.Reasons = slices.Clone(r.Reasons)
	return r
}
