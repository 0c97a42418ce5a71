package scrape

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/flyball-dev/flyball/engine/metrics/prometheus/query"
)

const (
	// lookback is how old a value may be that a selector without a range finds, as in Prometheus. A series that a page
	// no longer has ends at once.
	lookback = 5 * time.Minute

	// farthest is how far back a query may look: what it may see is in memory.
	farthest = 15 * time.Minute
)

// question is a query that was read.
type question struct {
	text      string
	selectors []selector
	since     time.Time     // when it was first asked
	reach     time.Duration // how far back it looks
	span      time.Duration // its shortest range that ends now; 0: it has none
	back      time.Duration // how far back its ranges and subqueries begin; 0: it has none
	sums      bool          // its rates, of which there are some, go into sums over the replicas and nowhere else
}

// selector is which series a query looks at, as written and as matched.
type selector struct {
	text     string
	matchers []*labels.Matcher
}

func (s selector) matches(l labels.Labels) bool {
	return !slices.ContainsFunc(s.matchers, func(m *labels.Matcher) bool { return !m.Matches(l.Get(m.Name)) })
}

// Check says what is wrong with a query, without asking anybody: one line with the position in it. Allowed is PromQL whose
// answer is a scalar or an instant vector, that looks back 15 minutes at most and not at fixed times or into the future.
func Check(text string) error {
	_, err := parse(text, time.Time{})
	return err
}

// parse reads a query that is first asked at a time.
func parse(text string, at time.Time) (*question, error) {
	expr, err := query.Parse(text)
	if err != nil {
		return nil, err
	}
	q := &question{text: text, since: at}
	rates, summed := 0, 0
	parser.Inspect(expr, func(n parser.Node, path []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			if err == nil {
				err = q.add(n, path)
			}
		case *parser.Call:
			if counts(n.Func.Name) {
				rates++
				if overReplicas(path) {
					summed++
				}
			}
		}
		return nil
	})
	q.sums = rates > 0 && summed == rates
	if err == nil && q.reach > farthest {
		err = fmt.Errorf("looks back %s; allowed: at most %s, which is kept in memory; for more ask a Prometheus", q.reach, farthest)
	}
	return q, err
}

// add takes a selector into account, with the ranges and subqueries around it.
func (q *question) add(v *parser.VectorSelector, path []parser.Node) error {
	reach, offset, ranged := v.OriginalOffset, v.OriginalOffset, time.Duration(0)
	fixed := v.Timestamp != nil || v.StartOrEnd != 0
	future := v.OriginalOffset < 0
	for _, n := range path {
		switch n := n.(type) {
		case *parser.MatrixSelector:
			ranged = n.Range
		case *parser.SubqueryExpr:
			reach += n.Range + n.OriginalOffset
			offset += n.OriginalOffset
			fixed = fixed || n.Timestamp != nil || n.StartOrEnd != 0
			future = future || n.OriginalOffset < 0
		}
	}
	within := reach > offset
	switch {
	case fixed:
		return errors.New("has an @; allowed: times relative to now, as with offset")
	case future:
		return errors.New("has an offset into the future; allowed: offset 5m and the like")
	case ranged == 0:
		reach += lookback
	default:
		reach += ranged
	}
	switch {
	case ranged > 0:
		q.back = max(q.back, reach)
	case within:
		q.back = max(q.back, reach-lookback)
	}
	if ranged > 0 && offset == 0 && (q.span == 0 || ranged < q.span) {
		q.span = ranged
	}
	q.reach = max(q.reach, reach)
	plain := *v
	plain.OriginalOffset = 0
	q.selectors = append(q.selectors, selector{plain.String(), v.LabelMatchers})
	return nil
}

// counts says whether a function tells how much counters grew. To such a sum belongs what replicas counted that are gone.
func counts(function string) bool { return function == "rate" || function == "increase" }

// overReplicas says whether what is at the end of a path becomes part of a sum over all replicas, and of nothing else.
func overReplicas(path []parser.Node) bool {
	for _, n := range slices.Backward(path) {
		switch n := n.(type) {
		case *parser.ParenExpr:
		case *parser.BinaryExpr:
			number := n.LHS.Type() == parser.ValueTypeScalar || n.RHS.Type() == parser.ValueTypeScalar
			if n.Op != parser.LOR && (!number || n.Op != parser.MUL && n.Op != parser.DIV) {
				return false
			}
		case *parser.AggregateExpr:
			if n.Op != parser.SUM {
				return false
			}
			if slices.Contains(n.Grouping, replicaLabel) == n.Without {
				return true
			}
		default:
			return false
		}
	}
	return false
}

// selection is what is kept of a page: what some query looks at, for as long as it does.
type selection struct {
	queries   map[string]bool // by text
	selectors []selector
	names     map[string]bool // of the metrics looked at; nil: any
	reach     time.Duration
}

func selects(questions map[string]*known) *selection {
	s := &selection{queries: map[string]bool{}, names: map[string]bool{}}
	for text, q := range questions {
		s.queries[text] = true
		s.selectors = append(s.selectors, q.selectors...)
		s.reach = max(s.reach, q.reach)
	}
	for _, selector := range s.selectors {
		named := false
		for _, m := range selector.matchers {
			if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
				named = true
				s.names[m.Value] = true
			}
		}
		if !named {
			s.names = nil
			break
		}
	}
	return s
}

// wants says whether a query looks at a series.
func (s *selection) wants(l labels.Labels) bool {
	return slices.ContainsFunc(s.selectors, func(each selector) bool { return each.matches(l) })
}

// covers says whether all the queries were looked at.
func (s *selection) covers(questions []asked) bool {
	return !slices.ContainsFunc(questions, func(q asked) bool { return !s.queries[q.text] })
}
