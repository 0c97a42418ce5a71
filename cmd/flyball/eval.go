package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/spf13/cobra"
)

func newEval(f *flags) *cobra.Command {
	var snapshot, only string
	cmd := &cobra.Command{
		Use:   "eval --snapshot FILE",
		Short: "Say what the policies would decide for a snapshot",
		Long: `Run one cycle of each policy over a snapshot file, as if autoscaling were on, and print the recommendation and the
decision with what every stage of the guard did. Nothing is touched. FILE is JSON, YAML or CUE; - reads JSON or YAML from standard input.
It says when it is, and of each service its replicas and what its metrics read:

  {"at": "2026-01-01T00:00:00Z", "services": {"backend": {"replicas": {"current": 2, "ready": 2},
    "metrics": {"cpu_usage": 85, "memory_usage": {"value": 40, "age_seconds": 900}}}}}`,
		Example: `  flyball eval --snapshot busy.json
  flyball eval -p config/autoscaling --snapshot busy.json --policy backend -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, name, text, err := f.loadWith(cmd, snapshot)
			if err != nil {
				return err
			}
			evaluations, problems := app.Eval(cmd.Context(), loaded, only, name, text)
			if evaluations != nil {
				if f.output == "json" {
					err = printJSON(cmd.OutOrStdout(), evaluations)
				} else {
					err = printEvaluations(cmd.OutOrStdout(), evaluations)
				}
				if err != nil {
					return err
				}
			}
			return problemsOf(cmd, problems)
		},
	}
	cmd.Flags().StringVar(&snapshot, "snapshot", "", "snapshot file, or -")
	cmd.Flags().StringVar(&only, "policy", "", "only this policy (default: all)")
	_ = cmd.MarkFlagRequired("snapshot")
	f.outputFlag(cmd, "table", "json")
	return cmd
}

// loadWith reads a snapshot file, and the policies it is for.
func (f *flags) loadWith(cmd *cobra.Command, snapshot string) (loaded app.Loaded, name string, text []byte, err error) {
	if text, name, err = read(cmd.InOrStdin(), snapshot); err != nil {
		return loaded, name, text, unreachable(err)
	}
	if loaded, err = app.Load(cmd.Context(), reader(), f.policies); err != nil {
		return loaded, name, text, unreachable(err)
	}
	if errs := loaded.Errors(); len(errs) > 0 {
		err = app.Invalid{Problems: errs}
	}
	return loaded, name, text, err
}

// problemsOf prints problems, which are a no.
func problemsOf(cmd *cobra.Command, problems []engine.Problem) error {
	for _, p := range problems {
		fmt.Fprintln(cmd.ErrOrStderr(), p)
	}
	if len(problems) > 0 {
		return no
	}
	return nil
}

func read(in io.Reader, path string) (text []byte, name string, err error) {
	if path == "-" {
		text, err = io.ReadAll(in)
		if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
			return text, "stdin.json", err
		}
		return text, "stdin.yaml", err
	}
	text, err = os.ReadFile(path)
	return text, path, err
}

func printEvaluations(out io.Writer, evaluations []app.Evaluation) error {
	for i, e := range evaluations {
		if i > 0 {
			fmt.Fprintln(out)
		}
		d := e.Decision
		fmt.Fprintf(out, "%s: %s %s, %d → %d: %s\n", e.Policy, e.Service, d.Action, d.From, d.To, d.Reason)
		if d.Message != "" {
			fmt.Fprintf(out, "  %s\n", d.Message)
		}
		r := e.Recommendation
		fmt.Fprintf(out, "recommended: %s, confidence %.2f, priority %s\n", r.Wish(), r.Confidence, r.Priority)
		for _, reason := range r.Reasons {
			fmt.Fprintf(out, "  %s: %s\n", reason.Code, reason.Message)
		}
		w := newTable("STAGE", "COUNT", "REASON", "MESSAGE")
		for _, s := range d.Trace {
			w.row(s.Stage, fmt.Sprintf("%d → %d", s.From, s.To), s.Reason, s.Message)
		}
		if err := w.print(out); err != nil {
			return err
		}
	}
	return nil
}
