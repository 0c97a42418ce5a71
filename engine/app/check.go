package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/scenario"
	"github.com/flyball-dev/flyball/rego"
	"github.com/flyball-dev/flyball/schema"
)

// Checked is one test of the author's: a Rego test, or a step of a scenario.
type Checked struct {
	Name     string        `json:"name"`
	Place    string        `json:"place"` // file, or file:line
	Failures []string      `json:"failures,omitempty"`
	Took     time.Duration `json:"took"`
}

// Test runs the author's Rego tests and the scenarios beside the policies. The report's Coverage is that of the author's
// own rules, in percent; it is nil where there are none.
func Test(ctx context.Context, l Loaded) (checked []Checked, coverage *float64, problems []engine.Problem) {
	if len(l.Tests) > 0 {
		report, err := rego.Test(ctx, files(l.Set.Rules), files(l.Tests))
		if err != nil {
			return nil, nil, []engine.Problem{{Message: err.Error()}}
		}
		problems = report.Problems
		for _, c := range report.Cases {
			checked = append(checked, regoTest(c))
		}
		if len(l.Set.Rules) > 0 {
			coverage = &report.Coverage
		}
	}
	for _, path := range l.Scenarios {
		told, wrong := tell(ctx, l, path)
		checked, problems = append(checked, told...), append(problems, wrong...)
	}
	return checked, coverage, problems
}

func regoTest(c rego.Case) Checked {
	t := Checked{Name: c.Package + "." + c.Name, Place: fmt.Sprintf("%s:%d", c.File, c.Line), Took: c.Duration}
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

// tell runs one scenario file; each of its steps is a test.
func tell(ctx context.Context, l Loaded, path string) ([]Checked, []engine.Problem) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, []engine.Problem{{File: path, Message: err.Error()}}
	}
	file, problems := schema.DecodeScenario(path, text)
	if len(problems) > 0 {
		return nil, problems
	}
	p, err := l.Policy(file.Policy)
	if err != nil {
		return nil, []engine.Problem{{File: path, Message: err.Error()}}
	}
	if problems := strangers(p, path, file); len(problems) > 0 {
		return nil, problems
	}
	story := scenario.Story{Start: file.At, Replicas: file.Replicas}
	for _, s := range file.Steps {
		story.Steps = append(story.Steps, scenario.Step{
			At: s.At, Replicas: s.Replicas, Readings: s.Metrics,
			Expect: scenario.Expect{Action: s.Action, To: s.To, Reason: s.Reason},
		})
	}
	begun := time.Now()
	told, err := scenario.Tell(ctx, p, l.Rules, story)
	took := time.Since(begun) / time.Duration(max(1, len(told)))
	var checked []Checked
	for i, t := range told {
		checked = append(checked, Checked{
			Name:  fmt.Sprintf("%s at %s", p.Name, t.Step.At),
			Place: fmt.Sprintf("%s:%d", path, file.Steps[i].Line), Failures: t.Failures, Took: took,
		})
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		problems = append(problems, engine.Problem{File: path, Message: err.Error()})
	}
	return checked, problems
}

// strangers are metrics that a scenario gives and its policy does not have.
func strangers(p engine.Policy, path string, file schema.Scenario) []engine.Problem {
	var names []string
	for _, m := range p.Metrics {
		names = append(names, m.Name)
	}
	var problems []engine.Problem
	for _, s := range file.Steps {
		for _, name := range slices.Sorted(maps.Keys(s.Metrics)) {
			if !slices.Contains(names, name) {
				problems = append(problems, engine.Problem{File: path, Line: s.Line, Column: 1, Policy: p.Name, Message: fmt.Sprintf(
					"metric %q is not one of policy %s; allowed: %s", name, p.Name, strings.Join(names, ", "))})
			}
		}
	}
	return problems
}
