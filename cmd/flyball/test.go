package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/spf13/cobra"
)

// testRun is what `flyball test` was asked for.
type testRun struct {
	path   string
	format string
	only   *regexp.Regexp
	missed bool    // list the lines that the Rego tests do not run
	least  float64 // percent of the lines that they must run
}

func newTest(f *flags) *cobra.Command {
	var t testRun
	var only string
	var watch bool
	cmd := &cobra.Command{
		Use:   "test [PATH]",
		Short: "Run the Rego tests and the scenarios beside the policies",
		Long: `Run every *_test.rego, every *.scenario.yaml and every *.scenario.txtar below PATH through the same code as the
daemon, without Docker and network. A scenario tells what the metrics read and what goes wrong, step by step, and what is
expected of the policy; an archive (txtar) has its policies and rules with it. Ends with 1 where a test fails.`,
		Example: `  flyball test config/autoscaling
  flyball test --watch
  flyball test --run 'busy-day from' -o json
  flyball test -o junit --min-coverage 80 > flyball.xml`,
		Args: takes(0, 1, "one file or folder at most", "flyball test config/autoscaling"),
		RunE: func(cmd *cobra.Command, args []string) error {
			t.path, t.format = f.path(args), f.output
			var err error
			if t.only, err = regexp.Compile(only); err != nil {
				return fmt.Errorf("--run is %q, which is no regular expression: %w", only, err)
			}
			if t.least < 0 || t.least > 100 {
				return fmt.Errorf("--min-coverage is %g; allowed is a number of percent, from 0 to 100", t.least)
			}
			if watch && t.format != "text" {
				return fmt.Errorf("--watch goes with --output text, and it is %s", t.format)
			}
			if watch {
				t.watch(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
				return nil
			}
			said, err := t.run(cmd.Context(), cmd.OutOrStdout())
			if said != "" {
				fmt.Fprintln(cmd.ErrOrStderr(), said)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&only, "run", "", "only tests whose name this regular expression finds")
	cmd.Flags().BoolVar(&t.missed, "coverage", false, "list the lines of the rules that the Rego tests do not run")
	cmd.Flags().Float64Var(&t.least, "min-coverage", 0, "percent of the rules' lines that the Rego tests must run")
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "run again whenever a file below PATH changes, until interrupted")
	f.outputFlag(cmd, "text", "json", "junit", "github")
	return cmd
}

// run runs the tests once, prints how they went, and answers the line that sums it up.
func (t testRun) run(ctx context.Context, out io.Writer) (string, error) {
	loaded, err := app.Load(ctx, reader(), t.path)
	if err != nil {
		return "", unreachable(err)
	}
	v := app.Verdicts{Tests: []app.Checked{}, Problems: loaded.Errors()}
	if len(v.Problems) == 0 {
		v = app.Test(ctx, reader(), loaded)
	}
	if ctx.Err() != nil {
		return "", unreachable(errors.New("interrupted before the tests had ended"))
	}
	found := len(v.Tests)
	v.Tests = slices.DeleteFunc(v.Tests, func(c app.Checked) bool { return !t.only.MatchString(c.Name) })
	if c := v.Coverage; c != nil && c.Percent < t.least {
		v.Problems = append(v.Problems, engine.Problem{Message: fmt.Sprintf(
			"the Rego tests run %.1f %% of the rules' lines; allowed: at least %g (--min-coverage); --coverage lists the others", c.Percent, t.least)})
	}
	if err := t.print(out, v); err != nil {
		return "", err
	}
	failed, skipped, wrong := v.Failed(), v.Skipped(), len(v.Problems)
	said := fmt.Sprintf("%s, %d failed", count(len(v.Tests), "test", "tests"), failed)
	if skipped > 0 {
		said += fmt.Sprintf(", %d skipped", skipped)
	}
	switch {
	case wrong > 0:
		return said + ", " + count(wrong, "error", "errors"), no
	case failed > 0:
		return said, no
	case found > 0 && len(v.Tests) == 0:
		return fmt.Sprintf("--run %s finds none of %s", t.only, count(found, "test", "tests")), no
	case found == 0:
		said += "; write a *.scenario.yaml or a *_test.rego below " + t.path
	}
	return said, nil
}

func (t testRun) print(out io.Writer, v app.Verdicts) error {
	switch t.format {
	case "json":
		return printJSON(out, v)
	case "junit":
		return printJUnit(out, "flyball test", testsRun(v))
	case "github":
		var all []annotation
		for _, c := range v.Tests {
			if len(c.Failures) > 0 {
				all = append(all, annotation{level: "error", file: atTop(c.File), line: c.Line, text: c.Name + ": " + strings.Join(c.Failures, "\n")})
			}
		}
		for _, p := range v.Problems {
			all = append(all, annotationOf(p))
		}
		annotate(out, all)
		return nil
	}
	for _, c := range v.Tests {
		printChecked(out, c)
	}
	for _, p := range v.Problems {
		fmt.Fprintln(out, p)
	}
	if c := v.Coverage; c != nil {
		fmt.Fprintf(out, "rules covered: %.1f %%\n", c.Percent)
		for _, f := range c.Files {
			for _, l := range f.Missed {
				if t.missed {
					fmt.Fprintf(out, "not covered: %s:%d-%d\n", f.File, l.From, l.To)
				}
			}
		}
	}
	return nil
}

func printChecked(out io.Writer, c app.Checked) {
	mark := "ok  "
	switch {
	case len(c.Failures) > 0:
		mark = "FAIL"
	case c.Skipped:
		mark = "skip"
	}
	fmt.Fprintf(out, "%s %s (%s:%d)\n", mark, c.Name, c.File, c.Line)
	if about, _, _ := strings.Cut(c.About, "\n"); about != "" && len(c.Failures) > 0 {
		fmt.Fprintf(out, "     %s\n", about)
	}
	for _, failure := range c.Failures {
		for line := range strings.Lines(failure) {
			fmt.Fprintf(out, "     %s\n", strings.TrimRight(line, "\n"))
		}
	}
}
