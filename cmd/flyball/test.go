package main

import (
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine/app"
	"github.com/spf13/cobra"
)

func newTest(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test [PATH]",
		Short: "Run the Rego tests and the scenarios beside the policies",
		Long: `Run every *_test.rego and every *.scenario.yaml below PATH through the same code as the daemon, without Docker and
network. A scenario tells what the metrics read, step by step, and what is expected of the policy.`,
		Example: `  flyball test config/autoscaling`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			loaded, err := app.Load(cmd.Context(), reader(), f.path(args))
			if err != nil {
				return unreachable(err)
			}
			out := cmd.OutOrStdout()
			if errs := loaded.Errors(); len(errs) > 0 {
				return app.Invalid{Problems: errs}
			}
			checked, coverage, problems := app.Test(cmd.Context(), loaded)
			failed := len(problems)
			for _, c := range checked {
				if len(c.Failures) > 0 {
					failed++
				}
			}
			if f.output == "json" {
				err = printJSON(out, map[string]any{"tests": checked, "coverage": coverage, "problems": problems})
				if err != nil {
					return err
				}
			} else {
				for _, c := range checked {
					mark := "ok  "
					if len(c.Failures) > 0 {
						mark = "FAIL"
					}
					fmt.Fprintf(out, "%s %s (%s, %s)\n", mark, c.Name, c.Place, c.Took.Round(time.Microsecond))
					for _, failure := range c.Failures {
						fmt.Fprintf(out, "     %s\n", failure)
					}
				}
				for _, p := range problems {
					fmt.Fprintln(out, p)
				}
				if coverage != nil {
					fmt.Fprintf(out, "rules covered: %.1f %%\n", *coverage)
				}
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s, %d failed\n", count(len(checked), "test", "tests"), failed)
			if failed > 0 {
				return no
			}
			return nil
		},
	}
	f.outputFlag(cmd, "text", "json")
	return cmd
}
