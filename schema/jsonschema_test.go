package schema

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/flyball-dev/flyball/engine"
)

// The JSON Schemas that rules are checked with are what the CUE says today.
func TestCommittedJSONSchema(t *testing.T) {
	cases := []struct {
		path string
		make func() ([]byte, error)
	}{
		{"../rego/schema/input.json", InputJSONSchema},
		{"../rego/schema/output/recommendation.json", RecommendationJSONSchema},
		{"../rego/schema/access/input.json", AccessJSONSchema},
	}
	for _, c := range cases {
		t.Run(c.path, func(t *testing.T) {
			made, err := c.make()
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				write(t, c.path, made)
			}
			committed, err := os.ReadFile(c.path)
			if err != nil || string(committed) != string(made) {
				t.Errorf("not what the CUE says (%v); run make generate", err)
			}
		})
	}
}

func TestInputSchemaCatches(t *testing.T) {
	text, err := InputSchema(engine.Policy{Metrics: []engine.Metric{{Name: "cpu_usage"}, {Name: "queue-length"}}})
	if err != nil {
		t.Fatal(err)
	}
	var schema any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	set := ast.NewSchemaSet()
	set.Put(ast.SchemaRootRef, schema)
	cases := []struct{ name, body, want string }{
		{"right", `input.metrics.cpu_usage.value > 3; input.metrics["queue-length"].status == "ok"; input.history.events[_].from > 1`, ""},
		{"a field of a metric", "input.metrics.cpu_usage.vlaue > 3", "input.metrics.cpu_usage.vlaue"},
		{"a metric", "input.metrics.cpu_usag.value > 3", "input.metrics.cpu_usag.value"},
		{"a field of each metric", "some m in input.metrics; m.vlaue > 3", "m.vlaue"},
		{"replicas", "input.service.replicas.curent > 3", "input.service.replicas.curent"},
		{"a threshold", "some t in input.thresholds; t.upp > 0", "t.upp"},
		{"policy", "input.policy.minReplcas > 0", "input.policy.minReplcas"},
		{"an event", "input.history.events[_].too > 0", "input.history.events[_].too"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			compiler := ast.NewCompiler().WithSchemas(set)
			compiler.Compile(map[string]*ast.Module{"a.rego": ast.MustParseModule("package a\n\np if { " + c.body + " }")})
			switch got := compiler.Errors.Error(); {
			case c.want == "" && compiler.Failed():
				t.Error(got)
			case c.want != "" && !strings.Contains(got, "undefined ref: "+c.want):
				t.Errorf("got %q, want undefined ref: %s", got, c.want)
			}
		})
	}
}
