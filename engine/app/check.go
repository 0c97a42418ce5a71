package app

import (
	"context"
	"slices"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/rego"
)

// Checked is one test of the author's: a Rego test, a step of a scenario, or what must hold of the whole of one.
type Checked struct {
	Name     string   `json:"name"`
	File     string   `json:"file"`
	Line     int      `json:"line"`
	About    string   `json:"about,omitempty"` // what the story is about, as its author says
	Failures []string `json:"failures,omitempty"`
	Skipped  bool     `json:"skipped,omitempty"`
	Seconds  float64  `json:"seconds"`          // of a story, its steps' equal shares
	Output   string   `json:"output,omitempty"` // what a Rego test printed, or the decisions of a step
}

// Verdicts are the author's tests as they went.
type Verdicts struct {
	Tests    []Checked        `json:"tests"`
	Coverage *rego.Coverage   `json:"coverage"` // of the author's own rules by the Rego tests; nil: there are none
	Problems []engine.Problem `json:"problems"` // tests that could not be run
}

// Failed counts the tests that failed.
func (v Verdicts) Failed() int {
	return v.count(func(c Checked) bool { return len(c.Failures) > 0 })
}

// Skipped counts the tests that their author put off.
func (v Verdicts) Skipped() int { return v.count(func(c Checked) bool { return c.Skipped }) }

func (v Verdicts) count(such func(Checked) bool) int {
	n := 0
	for _, c := range v.Tests {
		if such(c) {
			n++
		}
	}
	return n
}

// Test runs the author's Rego tests and the scenarios beside the policies. read reads the policies of a scenario that has
// its own.
func Test(ctx context.Context, read Reader, l Loaded) Verdicts {
	v := Verdicts{Tests: []Checked{}, Problems: []engine.Problem{}}
	if len(l.Tests)+len(l.Set.Rules) > 0 {
		report, err := rego.Test(ctx, files(l.Set.Rules), files(l.Tests))
		if err != nil {
			v.Problems = append(v.Problems, engine.Problem{Message: err.Error()})
			return v
		}
		v.Problems = append(v.Problems, slices.DeleteFunc(report.Problems, func(p engine.Problem) bool { return p.Warning })...)
		for _, c := range report.Cases {
			v.Tests = append(v.Tests, regoTest(c))
		}
		if len(l.Set.Rules) > 0 {
			v.Coverage = &report.Coverage
		}
	}
	if len(l.Authz.Tests) > 0 {
		report, err := rego.TestAccess(ctx, rego.File(l.Authz.File), files(l.Authz.Tests))
		if err != nil {
			v.Problems = append(v.Problems, engine.Problem{Message: err.Error()})
			return v
		}
		v.Problems = append(v.Problems, report.Problems...)
		for _, c := range report.Cases {
			v.Tests = append(v.Tests, regoTest(c))
		}
	}
	for _, path := range l.Scenarios {
		told, wrong := tell(ctx, read, l, path)
		v.Tests, v.Problems = append(v.Tests, told...), append(v.Problems, wrong...)
	}
	return v
}

func regoTest(c rego.Case) Checked {
	t := Checked{
		Name: c.Package + "." + c.Name, File: c.File, Line: c.Line,
		Skipped: c.Verdict == rego.Skipped, Seconds: c.Duration.Seconds(), Output: c.Output,
	}
	switch c.Verdict {
	case rego.Fail:
		t.Failures = []string{"the test is false or undefined"}
	case rego.Broken:
		t.Failures = []string{c.Error}
	}
	if t.Failures != nil && c.Output != "" {
		t.Failures = append(t.Failures, c.Output)
	}
	return t
}
