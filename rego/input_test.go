package rego

import (
	"context"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

// The document that is evaluated is the one that `flyball eval` shows and that the schema describes.
func TestDocumentIsItsJSON(t *testing.T) {
	schema := readSchema(t, "schema/input.json")
	rapid.Check(t, func(t *rapid.T) {
		p, s := anyWorld(t)
		text := asJSON(t, Input(p, s))
		want, err := ast.ValueFromReader(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		got := newWords([]engine.Policy{p}).document(Input(p, s), needs{metrics: true, events: true, at: true, since: true})
		if got.Value.Compare(want) != 0 {
			t.Errorf("evaluated %v\nshown     %v", got, want)
		}
		if found := mismatch(t, schema, ast.NewTerm(want)); found != "" {
			t.Errorf("%s does not match its schema: %s", text, found)
		}
	})
}

// What the strategies answer is what the schema of recommendations allows.
func TestAnswersMatchTheSchema(t *testing.T) {
	schema := readSchema(t, "schema/output/recommendation.json")
	p, _ := three()
	shipped := []string{"threshold", "target_tracking", "step", "schedule", "predictive"}
	p.Strategies = shipped
	rules := compiled(t, "", p)
	rapid.Check(t, func(t *rapid.T) {
		p, s := anyWorld(t)
		p.Strategies = []string{rapid.SampledFrom(shipped).Draw(t, "strategy")}
		got := patiently(t, rules, p, s)
		v, err := ast.InterfaceToValue(got)
		if err != nil {
			t.Fatal(err)
		}
		if found := mismatch(t, schema, ast.NewTerm(v)); found != "" {
			t.Errorf("%v does not match its schema: %s", v, found)
		}
	})
}

func TestSameSnapshotSameBytes(t *testing.T) {
	p, s := three()
	rules := compiled(t, "", p)
	first := ""
	for range 100 {
		got, err := rules.Recommend(context.Background(), p, s)
		if err != nil {
			t.Fatal(err)
		}
		bytes := asJSON(t, Input(p, s)) + asJSON(t, got)
		if first == "" {
			first = bytes
		}
		if bytes != first {
			t.Fatalf("once  %s\nagain %s", first, bytes)
		}
	}
	// The same instant elsewhere, and other rules compiled in another process, change nothing.
	s.At = s.At.In(time.FixedZone("elsewhere", 3600))
	got, err := compiled(t, "", p).Recommend(context.Background(), p, s)
	if err != nil {
		t.Fatal(err)
	}
	if bytes := asJSON(t, Input(p, s)) + asJSON(t, got); bytes != first {
		t.Errorf("once      %s\nelsewhere %s", first, bytes)
	}
}

func TestInputLeavesTheSnapshotAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, s := anyWorld(t)
		names := len(s.Metrics)
		statuses := map[string]engine.Status{}
		for name, r := range s.Metrics {
			statuses[name] = r.Status
		}
		Input(p, s)
		if len(s.Metrics) != names {
			t.Errorf("the snapshot has %d metrics, had %d", len(s.Metrics), names)
		}
		for name, r := range s.Metrics {
			if r.Status != statuses[name] {
				t.Errorf("%s is %s, was %s", name, r.Status, statuses[name])
			}
		}
	})
}

func TestInputNamesEveryMetric(t *testing.T) {
	p, s := three()
	s.Metrics = nil
	got := Input(p, s).Metrics
	missing := engine.Reading{Status: engine.Missing}
	want := map[string]engine.Reading{"cpu_usage": missing, "memory_usage": missing, "request_rate": missing}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("metrics are %v, want %v", got, want)
	}
}

func readSchema(t *testing.T, path string) *ast.Term {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(text) {
		t.Fatalf("%s is not JSON", path)
	}
	return ast.StringTerm(string(text))
}

// mismatch asks OPA whether a document meets a JSON Schema, and says what does not.
func mismatch(t interface{ Fatal(...any) }, schema, document *ast.Term) string {
	body := ast.MustParseBody("json.match_schema(input.document, input.schema, answer)")
	input := ast.ObjectTerm(ast.Item(ast.StringTerm("document"), document), ast.Item(ast.StringTerm("schema"), schema))
	compiler := ast.NewCompiler()
	query, err := compiler.QueryCompiler().Compile(body)
	if err != nil {
		t.Fatal(err)
	}
	result, err := topdown.NewQuery(query).WithCompiler(compiler).WithInput(input).Run(context.Background())
	if err != nil || len(result) != 1 {
		t.Fatal(result, err)
	}
	pair := result[0][answer].Value.(*ast.Array)
	if pair.Elem(0).Value.Compare(ast.Boolean(true)) == 0 {
		return ""
	}
	return pair.Elem(1).String()
}
