package rego

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/flyball-dev/flyball/engine"
)

// Report is how an author's Rego tests went.
type Report struct {
	Cases    []Case
	Coverage Coverage         // of the author's rules
	Problems []engine.Problem // why there are no cases: files that do not parse or compile
}

// Failed says whether anything but a pass or a skip is in the report.
func (r Report) Failed() bool {
	return anyError(r.Problems) || slices.ContainsFunc(r.Cases, func(c Case) bool { return c.Verdict == Fail || c.Verdict == Broken })
}

// Case is one test.
type Case struct {
	Package  string // shop.checkout_test
	Name     string // test_busy, or test_busy/a case of it
	File     string
	Line     int
	Verdict  Verdict
	Duration time.Duration
	Output   string // what it printed
	Error    string // why it is broken
}

// Verdict is how a test ended.
type Verdict string

const (
	Pass    Verdict = "pass"
	Fail    Verdict = "fail"
	Broken  Verdict = "error" // no answer: an error, or out of time
	Skipped Verdict = "skip"  // named todo_test_…
)

// patience bounds one test, and an answer that nobody waits for. Tests build their own worlds, and may take longer than a rule.
const patience = 5 * time.Second

// Test runs the tests of an author's rules, with the library beside them and in the same sandbox. An error means that
// the tests could not be run at all; what is wrong with the files is in the report.
func Test(ctx context.Context, own, tests []File) (Report, error) {
	modules, problems := parse(slices.Concat(own, tests))
	if anyError(problems) {
		return Report{Problems: problems}, nil
	}
	report, err := runTests(ctx, modules, own)
	report.Problems = append(problems, report.Problems...)
	return report, err
}

// runTests runs all tests among the modules. The coverage is that of own.
func runTests(ctx context.Context, modules map[string]*ast.Module, own []File) (Report, error) {
	store := inmem.New()
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("open the rules' empty store: %w", err)
	}
	defer store.Abort(ctx, txn)

	compiler := newCompiler().WithEnablePrintStatements(true)
	lines := cover.New()
	results, err := tester.NewRunner().
		SetCompiler(compiler).
		SetStore(store).
		SetModules(modules).
		SetTimeout(patience).
		SetCoverageQueryTracer(lines).
		SetCoverageRuns(nil).
		CapturePrintOutput(true).
		RaiseBuiltinErrors(true).
		RunTests(ctx, txn)
	if err != nil {
		var list ast.Errors
		if errors.As(err, &list) {
			return Report{Problems: compileProblems(list)}, nil
		}
		return Report{}, fmt.Errorf("run the Rego tests: %w", err)
	}
	var report Report
	for result := range results {
		report.Cases = append(report.Cases, cases(result)...)
	}
	slices.SortStableFunc(report.Cases, func(a, b Case) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return strings.Compare(a.Name, b.Name)
	})
	report.Coverage = coverage(lines, modules, own)
	return report, ctx.Err()
}

// cases is one result, or each case of a test that is a table.
func cases(r *tester.Result) []Case {
	c := Case{
		Package:  strings.TrimPrefix(r.Package, "data."),
		Name:     r.Name,
		File:     r.Location.File,
		Line:     r.Location.Row,
		Verdict:  Pass,
		Duration: r.Duration,
		Output:   string(r.Output),
	}
	switch {
	case r.Error != nil:
		c.Verdict, c.Error = Broken, r.Error.Error()
	case r.Skip:
		c.Verdict = Skipped
	case r.Fail:
		c.Verdict = Fail
	}
	if len(r.SubResults) == 0 || c.Verdict == Broken {
		return []Case{c}
	}
	var list []Case
	told := false
	for _, name := range slices.Sorted(maps.Keys(r.SubResults)) {
		sub := c
		sub.Name += "/" + name
		sub.Verdict = Pass
		if r.SubResults[name].Fail {
			sub.Verdict, told = Fail, true
		}
		list = append(list, sub)
	}
	if c.Verdict == Fail && !told {
		list = append(list, c)
	}
	return list
}
