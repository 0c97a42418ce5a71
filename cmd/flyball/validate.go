package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/spf13/cobra"
)

func newValidate(f *flags) *cobra.Command {
	var strict bool
	cmd := &cobra.Command{
		Use:   "validate [PATH]",
		Short: "Check policies and rules, without Docker and network",
		Long: `Check a folder or a file of policies: fields, values, the rules between fields, the author's Rego. Everything that
is wrong is listed at once, at its place. Ends with 1 where there is an error; with --strict also where there is a warning.

A warning names its rule, such as [flap-hazard]. A policy that means it turns the rule off and says why, in
lint: {"flap-hazard": "the reason"}.

For a pipeline there are -o github (annotations beside the lines), gitlab (a report on code quality), sarif and junit. Their paths are from
the top of the git repository, whatever folder it runs in.`,
		Example: `  flyball validate config/autoscaling
  flyball validate --strict -o github
  flyball validate -o gitlab > gl-code-quality-report.json
  flyball validate -o sarif > flyball.sarif`,
		Args: takes(0, 1, "one file or folder at most", "flyball validate config/autoscaling"),
		RunE: func(cmd *cobra.Command, args []string) error {
			loaded, err := app.Load(cmd.Context(), reader(), f.path(args))
			if err != nil {
				return unreachable(err)
			}
			return f.verdict(cmd, loaded, f.path(args), strict)
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "warnings are errors")
	f.outputFlag(cmd, "text", "json", "github", "gitlab", "sarif", "junit")
	return cmd
}

// verdict prints what is wrong with a file or folder of policies, and is no where that is an error.
func (f *flags) verdict(cmd *cobra.Command, loaded app.Loaded, path string, strict bool) error {
	problems := loaded.Problems
	failed := 0
	for i := range problems {
		problems[i].Warning = problems[i].Warning && !strict
		if !problems[i].Warning {
			failed++
		}
	}
	if err := printProblems(cmd.OutOrStdout(), f.output, path, loaded); err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s in %s: %s, %s\n", count(len(loaded.Policies), "valid policy", "valid policies"),
		count(len(loaded.Files), "file", "files"), count(failed, "error", "errors"), count(len(problems)-failed, "warning", "warnings"))
	if failed > 0 {
		return no
	}
	return nil
}

// path is the argument where one is given, else --policies.
func (f *flags) path(args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	return f.policies
}

func printProblems(out io.Writer, format, path string, loaded app.Loaded) error {
	problems := loaded.Problems
	switch format {
	case "json":
		names := make([]string, len(loaded.Policies))
		for i, p := range loaded.Policies {
			names[i] = p.Name
		}
		if problems == nil {
			problems = []engine.Problem{}
		}
		return printJSON(out, map[string]any{"policies": names, "problems": problems})
	case "github":
		var all []annotation
		for _, p := range problems {
			all = append(all, annotationOf(p))
		}
		annotate(out, all)
		return nil
	case "gitlab":
		return printQuality(out, problems, path)
	case "sarif":
		return printSARIF(out, problems)
	case "junit":
		return printJUnit(out, "flyball validate", filesChecked(loaded.Files, problems))
	}
	for _, p := range problems {
		fmt.Fprintln(out, p)
	}
	return nil
}

func printJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
