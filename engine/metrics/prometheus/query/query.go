// Package query is what the two sources that speak PromQL, prometheus and scrape, have in common: how a query is checked.
package query

import (
	"errors"
	"fmt"
	"strings"

	"github.com/flyball-dev/flyball/engine/metrics/poll"
	"github.com/prometheus/prometheus/promql/parser"
)

// Parse reads a PromQL query that can answer with one number: a scalar or an instant vector. The error is one line with
// the position in the query, as line:character. Experimental functions are refused.
func Parse(text string) (parser.Expr, error) {
	expr, err := parser.ParseExpr(text)
	if err != nil {
		return nil, syntax(text, err)
	}
	switch expr.Type() {
	case parser.ValueTypeScalar, parser.ValueTypeVector:
		return expr, nil
	case parser.ValueTypeMatrix:
		return nil, errors.New("the answer is a range of values; allowed: a number or an instant vector, " +
			"such as rate(…[1m]) or avg_over_time(…[1m])")
	default:
		return nil, fmt.Errorf("the answer is a %s; allowed: a number or an instant vector", expr.Type())
	}
}

// syntax is the first thing that is wrong with a query.
func syntax(text string, err error) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("there is no query; allowed: PromQL, such as sum(rate(http_requests_total[1m]))")
	}
	var all parser.ParseErrors
	if !errors.As(err, &all) || len(all) == 0 {
		return errors.New(poll.Short(err.Error()))
	}
	first := all[0]
	return fmt.Errorf("not PromQL at %s: %s", first.PositionRange.StartPosInput(text, 0), poll.Short(first.Err.Error()))
}
