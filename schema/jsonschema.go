package schema

import (
	"encoding/json"
	"fmt"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/encoding/jsonschema"

	"github.com/flyball-dev/flyball/engine"
)

//go:generate go test . -run TestCommittedJSONSchema -update

// InputJSONSchema is the JSON Schema of the Rego input of any policy: metrics are open, by name.
func InputJSONSchema() ([]byte, error) {
	tree, err := generate("#Input")
	if err != nil {
		return nil, err
	}
	return encode(tree)
}

// RecommendationJSONSchema is the JSON Schema of what a rule answers.
func RecommendationJSONSchema() ([]byte, error) {
	tree, err := generate("#Recommendation")
	if err != nil {
		return nil, err
	}
	return encode(tree)
}

// AccessJSONSchema is the JSON Schema of the input of the rules of access.
func AccessJSONSchema() ([]byte, error) {
	tree, err := generate("#Access")
	if err != nil {
		return nil, err
	}
	return encode(tree)
}

// InputSchema is the JSON Schema of the Rego input of one policy: metrics are closed, so that a rule that misspells
// one, or a field of one, does not compile.
func InputSchema(p engine.Policy) ([]byte, error) {
	tree, err := generate("#Input")
	if err != nil {
		return nil, err
	}
	metrics := tree["properties"].(map[string]any)["metrics"].(map[string]any)
	reading := metrics["additionalProperties"]
	byName := make(map[string]any, len(p.Metrics))
	for _, m := range p.Metrics {
		byName[m.Name] = reading
	}
	metrics["properties"] = byName
	metrics["additionalProperties"] = false
	return encode(tree)
}

// generate makes a JSON Schema of a definition, with every reference written out: rules are checked by tools that know
// older drafts, and those disagree on where definitions live.
func generate(definition string) (map[string]any, error) {
	ctx := cuecontext.New()
	v, err := definitions(ctx)
	if err != nil {
		return nil, err
	}
	expr, err := jsonschema.Generate(v.LookupPath(cue.ParsePath(definition)), nil)
	if err != nil {
		return nil, fmt.Errorf("make the JSON schema of %s: %w", definition, err)
	}
	text, err := ctx.BuildExpr(expr).MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("write the JSON schema of %s: %w", definition, err)
	}
	var tree map[string]any
	if err := json.Unmarshal(text, &tree); err != nil {
		return nil, fmt.Errorf("read the JSON schema of %s: %w", definition, err)
	}
	defs, _ := tree["$defs"].(map[string]any)
	delete(tree, "$defs")
	delete(tree, "$schema")
	return inline(tree, defs).(map[string]any), nil
}

// inline replaces references by what they refer to. No definition of the schema refers to itself.
func inline(node any, defs map[string]any) any {
	switch n := node.(type) {
	case map[string]any:
		if ref, ok := n["$ref"].(string); ok {
			return inline(defs[strings.TrimPrefix(ref, "#/$defs/")], defs)
		}
		copied := make(map[string]any, len(n))
		for key, child := range n {
			copied[key] = inline(child, defs)
		}
		if _, ok := n["enum"]; ok {
			copied["type"] = "string" // the schema enumerates nothing else, and OPA takes an untyped enum for anything
		}
		return copied
	case []any:
		copied := make([]any, len(n))
		for i, child := range n {
			copied[i] = inline(child, defs)
		}
		return copied
	}
	return node
}

// encode writes a schema, in the newest dialect that OPA reads.
func encode(tree map[string]any) ([]byte, error) {
	tree["$schema"] = "http://json-schema.org/draft-07/schema#"
	text, err := json.MarshalIndent(tree, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write JSON schema: %w", err)
	}
	return append(text, '\n'), nil
}
