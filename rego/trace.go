package rego

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/flyball-dev/flyball/engine"
)

// Bounds on what a trace keeps; what goes beyond is left out.
const (
	maxLines    = 200 // of a policy
	maxBranches = 500 // of a strategy
	maxCalls    = 3   // of one function
)

// Trace says which lines of which rules led to the answer of each of a policy's strategies: the branches of the
// recommendation, and the author's own rules, each up to the line at which it stopped being true. What flyball's library
// found stands in the reasons. The rules run in the same sandbox as in Recommend.
//
// The error is that of the first strategy that gives no usable answer; the lines are then those up to it.
func (r *Rules) Trace(ctx context.Context, p engine.Policy, s engine.Snapshot) ([]engine.Line, error) {
	lines := []engine.Line{}
	var failed error
	for _, strategy := range p.Strategies {
		t := &tracer{rules: r, open: map[uint64]*branch{}, calls: map[*ast.Rule]int{}, heads: map[*ast.Rule]*ast.Rule{}}
		_, err := r.recommend(ctx, p, strategy, s, func(q *topdown.Query) {
			// With its index OPA passes over the branches that can't hold, and there would be nothing to say about them.
			q.WithQueryTracer(t).WithIndexing(false)
		})
		if failed == nil && err != nil {
			failed = err
		}
		for _, line := range t.lines(packageOf(strategy), err) {
			line.Strategy = strategy
			lines = append(lines, line)
		}
	}
	return lines[:min(len(lines), maxLines)], failed
}

// branch is one evaluation of one body of a rule.
type branch struct {
	rule   *ast.Rule
	name   string
	exprs  []*ast.Expr // of the body, as the author wrote it
	at     *ast.Expr   // under way, as the author wrote it
	heavy  bool        // its variables are too large to be looked at
	ended  bool
	holds  bool
	depth  int // of the furthest expression that failed; -1: none has
	values string
	lines  []engine.Line // of the body
}

// tracer listens to an evaluation and keeps what is to be told of it. It is a topdown.QueryTracer.
type tracer struct {
	rules    *Rules
	branches []*branch
	open     map[uint64]*branch      // by query
	calls    map[*ast.Rule]int       // of the bodies that are kept
	heads    map[*ast.Rule]*ast.Rule // the rule of which one is an else
}

// Enabled is topdown.QueryTracer's.
func (t *tracer) Enabled() bool { return true }

// Config is topdown.QueryTracer's. Variables are looked up only where they are told.
func (t *tracer) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

// TraceEvent is topdown.QueryTracer's.
func (t *tracer) TraceEvent(e topdown.Event) {
	rule, is := e.Node.(*ast.Rule)
	if is && e.Op == topdown.EnterOp {
		t.enter(e.QueryID, rule)
		return
	}
	b := t.open[e.QueryID]
	switch {
	case b == nil || b.holds:
	case is && e.Op == topdown.ExitOp:
		b.ended, b.holds, b.depth = true, true, len(b.rule.Body)
		b.lines, b.values = t.passed(e, b, len(b.rule.Body)), answered(e, b)
	case is:
		b.ended = true
	default:
		t.expr(e, b)
	}
}

// expr keeps how far a branch has come. Of several tries, such as one for each element of a list, the first of those that
// came furthest is told.
func (t *tracer) expr(e topdown.Event, b *branch) {
	expr, is := e.Node.(*ast.Expr)
	if !is || expr.Index >= len(b.rule.Body) || b.rule.Body[expr.Index] != expr {
		return
	}
	switch e.Op {
	case topdown.EvalOp:
		b.ended = false
		if written := b.written(expr); written != nil {
			b.at = written
		}
	case topdown.FailOp:
		b.ended = true
		if expr.Index <= b.depth {
			return
		}
		b.depth = expr.Index
		b.lines = t.passed(e, b, expr.Index)
		if written := b.written(expr); written != nil {
			b.lines = slices.DeleteFunc(b.lines, func(l engine.Line) bool { return l.Line == written.Location.Row && l.Text == phrase(written) })
			b.lines = append(b.lines, b.line(written, engine.Fails, t.failed(e, b, expr, written)))
		}
	}
}

// enter begins a branch, if it is one that is told.
func (t *tracer) enter(query uint64, rule *ast.Rule) {
	delete(t.open, query)
	head := rule
	if of := t.heads[rule]; of != nil {
		head = of
	}
	if rule.Else != nil {
		t.heads[rule.Else] = head
	}
	if !told(head) || t.calls[rule] == maxCalls || len(t.branches) == maxBranches {
		return
	}
	t.calls[rule]++
	b := &branch{rule: rule, name: strings.TrimPrefix(head.Ref().GroundPrefix().String(), "data."), exprs: t.rules.bodies[place(rule.Location)], heavy: heavy(rule.Body), depth: -1}
	t.branches = append(t.branches, b)
	t.open[query] = b
}

// told says whether a rule is the author's, or the recommendation of a strategy.
func told(rule *ast.Rule) bool {
	return rule.Module != nil && (!strings.HasPrefix(packageName(rule.Module), "flyball.") || rule.Head.Name == "recommendation")
}

// passed is the lines of a branch whose expressions come before one: they hold.
func (t *tracer) passed(e topdown.Event, b *branch, before int) []engine.Line {
	var lines []engine.Line
	for _, written := range b.exprs {
		var last *ast.Expr
		for _, expr := range b.rule.Body[:before] {
			if inside(expr.Location, written.Location) {
				last = expr
			}
		}
		if last != nil {
			lines = append(lines, b.line(written, engine.Holds, t.held(e, b, last)))
		}
	}
	return lines
}

// lines is what was kept, the recommendation first. After an error the branches under way are those that broke, and the
// one with the line that the error is about.
func (t *tracer) lines(pkg string, failed error) []engine.Line {
	var cause *topdown.Error
	if !errors.As(failed, &cause) || cause.Location == nil {
		cause = &topdown.Error{Location: &ast.Location{}}
	}
	slices.SortStableFunc(t.branches, func(a, b *branch) int { return a.order(pkg) - b.order(pkg) })
	var lines []engine.Line
	for _, b := range t.branches {
		head := engine.Line{
			Rule: b.name, File: b.rule.Location.File, Line: b.rule.Location.Row, Text: headline(b.rule),
			Head: true, Verdict: engine.Fails, Values: b.values,
		}
		switch {
		case b.holds:
			head.Verdict = engine.Holds
		case failed != nil && !b.ended:
			head.Verdict = engine.Breaks
			if b.at != nil {
				b.lines = []engine.Line{b.line(b.at, engine.Breaks, "")}
			}
		}
		for i, l := range b.lines {
			if l.Verdict == engine.Fails && l.File == cause.Location.File && l.Line == cause.Location.Row {
				head.Verdict, b.lines[i].Verdict, b.lines[i].Values = engine.Breaks, engine.Breaks, cause.Message
			}
		}
		lines = append(append(lines, head), b.lines...)
	}
	return lines
}

func (b *branch) order(pkg string) int {
	if b.name == pkg+".recommendation" {
		return 0
	}
	return 1
}

func (b *branch) line(written *ast.Expr, v engine.Verdict, values string) engine.Line {
	return engine.Line{Rule: b.name, File: written.Location.File, Line: written.Location.Row, Text: phrase(written), Verdict: v, Values: values}
}

// written is the expression of the author's that a compiled one is of; nil where it is of the rule's head.
func (b *branch) written(expr *ast.Expr) *ast.Expr {
	for _, w := range b.exprs {
		if inside(expr.Location, w.Location) {
			return w
		}
	}
	return nil
}

// bodiesOf are the bodies of modules as they were written, by the place of their rules: the compiler takes expressions apart.
func bodiesOf(modules map[string]*ast.Module) map[string][]*ast.Expr {
	bodies := map[string][]*ast.Expr{}
	for _, m := range modules {
		for _, top := range m.Rules {
			for rule := top; rule != nil; rule = rule.Else {
				for _, expr := range rule.Body {
					if expr.Location != nil && (!expr.Equal(ast.NewExpr(ast.BooleanTerm(true))) || string(expr.Location.Text) == "true") { // not the true that a rule without a body has
						bodies[place(rule.Location)] = append(bodies[place(rule.Location)], expr)
					}
				}
			}
		}
	}
	return bodies
}
