package httpjson

import (
	"errors"
	"fmt"
	"strings"

	"github.com/flyball-dev/flyball/engine/metrics/poll"
	"github.com/ohler55/ojg/jp"
)

// querySize is the characters that a query may have.
const querySize = 1000

// Check says what is wrong with a query, without asking anybody: one line. Allowed is a JSONPath from the top of the
// document, such as $.queues[0].length or $.queues[?(@.name == 'mail')].length.
func Check(query string) error {
	_, err := parse(query)
	return err
}

func parse(query string) (jp.Expr, error) {
	query = strings.TrimSpace(query)
	switch {
	case query == "":
		return nil, errors.New("there is no query; allowed: a JSONPath, such as $.queues[0].length")
	case len(query) > querySize:
		return nil, fmt.Errorf("the query has %d bytes; allowed: up to %d", len(query), querySize)
	case query[0] != '$':
		return nil, errors.New("the query does not begin with $; allowed: a JSONPath from the top of the document, such as $.queues[0].length")
	case strings.Count(query, "..") > 1:
		// Each looks at all there is below all that the one before found: with a deep document that has no end.
		return nil, errors.New("the query has .. more than once; allowed: once")
	}
	path, err := jp.ParseString(query)
	if err != nil {
		said := strings.TrimSuffix(err.Error(), " in "+query) // it stands beside it already
		return nil, fmt.Errorf("not a JSONPath: %s", poll.Short(said))
	}
	for _, step := range path {
		if _, several := step.(jp.Union); several {
			return nil, fmt.Errorf("the query asks for several values, %s; allowed: one", poll.Short(jp.Expr{step}.String()))
		}
	}
	return path, nil
}
