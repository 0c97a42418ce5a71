package rego

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"
)

// onDisk reads the library as it lies in this folder, tests included.
func onDisk(t *testing.T) (rules, tests []File) {
	t.Helper()
	for _, pattern := range []string{"lib/*.rego", "strategy/*.rego", "*.rego"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %v, %v", pattern, paths, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if is, _ := filepath.Match("*_test.rego", filepath.Base(path)); is {
				tests = append(tests, File{Path: path, Text: text})
			} else {
				rules = append(rules, File{Path: path, Text: text})
			}
		}
	}
	return rules, tests
}

func modulesOf(t *testing.T, files []File) map[string]*ast.Module {
	t.Helper()
	modules := map[string]*ast.Module{}
	for _, f := range files {
		m, problems := parseFile(f)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		modules[f.Path] = m
	}
	return modules
}

func TestLibraryIsFormatted(t *testing.T) {
	rules, tests := onDisk(t)
	for _, f := range append(rules, tests...) {
		want, err := format.SourceWithOpts(f.Path, f.Text, format.Opts{RegoVersion: ast.RegoV1})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(f.Text, want) {
			t.Errorf("%s is not as `opa fmt` writes it", f.Path)
		}
	}
}

func TestLibraryIsStrictAndMeetsTheSchema(t *testing.T) {
	set := ast.NewSchemaSet()
	for _, name := range []string{"input", "access/input"} {
		var schema any
		text, err := os.ReadFile("schema/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &schema); err != nil {
			t.Fatal(err)
		}
		set.Put(ast.MustParseRef("schema."+strings.ReplaceAll(name, "/", ".")), schema)
	}
	rules, tests := onDisk(t)
	modules := modulesOf(t, append(rules, tests...))
	compiler := newCompiler().WithSchemas(set).WithUseTypeCheckAnnotations(true)
	if compiler.Compile(modules); compiler.Failed() {
		t.Fatal(compiler.Errors)
	}
}

func TestLibraryPassesItsTests(t *testing.T) {
	const least = 95 // percent of the lines
	rules, tests := onDisk(t)
	report, err := runTests(context.Background(), modulesOf(t, append(rules, tests...)), rules)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range report.Problems {
		t.Error(p)
	}
	for _, c := range report.Cases {
		if c.Verdict != Pass {
			t.Errorf("%s:%d: %s: %s %s", c.File, c.Line, c.Name, c.Verdict, c.Error)
		}
	}
	if len(report.Cases) < 50 {
		t.Errorf("only %d cases ran", len(report.Cases))
	}
	if report.Coverage.Percent < least {
		t.Errorf("coverage is %.1f %%, under %d", report.Coverage.Percent, least)
	}
}

func TestLibraryForVendoring(t *testing.T) {
	var paths []string
	for _, f := range Library() {
		paths = append(paths, f.Path)
	}
	want := []string{
		"flyball/lib/action.rego", "flyball/lib/confidence.rego", "flyball/lib/groups.rego", "flyball/lib/reasons.rego", "flyball/lib/targets.rego",
		"flyball/strategy/predictive.rego", "flyball/strategy/schedule.rego", "flyball/strategy/step.rego",
		"flyball/strategy/target_tracking.rego", "flyball/strategy/threshold.rego",
	}
	if len(paths) != len(want) {
		t.Fatalf("library is %v, want %v", paths, want)
	}
	for i := range want {
		if paths[i] != want[i] {
			t.Errorf("library is %v, want %v", paths, want)
		}
	}
}
