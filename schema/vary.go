package schema

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

// Change is another value for a field of a policy, as its author would write both: thresholds[0].scaleUp and 80, or
// cooldownPeriod and 10m.
type Change struct{ Path, Value string }

// Vary is a policy of the set with some fields changed, checked like any other.
func (s Set) Vary(policy string, changes []Change, queries Queries) (engine.Policy, error) {
	var body any
	if err := json.Unmarshal(s.Written[policy], &body); err != nil {
		return engine.Policy{}, fmt.Errorf("what was written of policy %s is not at hand: %w", policy, err)
	}
	for _, c := range changes {
		var err error
		if body, err = changed(body, strings.Split(strings.ReplaceAll(c.Path, "[", ".["), "."), valueOfText(c.Value)); err != nil {
			return engine.Policy{}, fmt.Errorf("field %s of policy %s: %w", c.Path, policy, err)
		}
	}
	text, err := json.Marshal(map[string]any{"policies": map[string]any{policy: body}})
	if err != nil {
		return engine.Policy{}, err
	}
	varied, err := Decode("policy "+policy+" with "+said(changes)+".json", text, queries)
	if err != nil {
		return engine.Policy{}, err
	}
	for _, p := range varied.Errors() {
		return engine.Policy{}, fmt.Errorf("policy %s with %s: %s", policy, said(changes), p.Message)
	}
	p := varied.Policies[0]
	if p.Name != policy {
		return engine.Policy{}, fmt.Errorf("policy %s with %s: a policy keeps its name", policy, said(changes))
	}
	return p, nil
}

// changed is a JSON value with another one at a path.
func changed(node any, path []string, value any) (any, error) {
	if len(path) == 0 {
		return value, nil
	}
	name := path[0]
	if at, indexed := strings.CutPrefix(name, "["); indexed {
		list, _ := node.([]any)
		digits, closed := strings.CutSuffix(at, "]")
		i, err := strconv.Atoi(digits)
		if !closed || err != nil || i < 0 || i >= len(list) {
			return nil, fmt.Errorf("no element %s; there are %d", name, len(list))
		}
		list[i], err = changed(list[i], path[1:], value)
		return list, err
	}
	fields, isStruct := node.(map[string]any)
	if !isStruct && node != nil {
		return nil, fmt.Errorf("nothing can be called %s in a list or a plain value", name)
	}
	if fields == nil {
		fields = map[string]any{}
	}
	var err error
	fields[name], err = changed(fields[name], path[1:], value)
	return fields, err
}

// valueOfText reads a number, true, false, or JSON; all else is a text.
func valueOfText(text string) any {
	var v any
	if json.Unmarshal([]byte(text), &v) == nil {
		return v
	}
	return text
}

func said(changes []Change) string {
	parts := make([]string, len(changes))
	for i, c := range changes {
		parts[i] = c.Path + "=" + c.Value
	}
	return strings.Join(parts, " ")
}
