package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine/app"
	"github.com/spf13/cobra"
)

func newImport(f *flags) *cobra.Command {
	var from string
	var minutes, seconds bool
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Turn the policies of another autoscaler into CUE",
		Long: `Print the policies in FILE as CUE, and say on standard error what has no equal, or means something else here; the same stands
as comments beside what it is about. FILE, or - for standard input, is one of

  brief   a policies.json: {"policies": [{"name", "service", "minReplicas", ...}]}
  hpa     a Kubernetes HorizontalPodAutoscaler (autoscaling/v2), also several of them, or a list as kubectl writes it
  keda    a KEDA ScaledObject
  nomad   a Nomad job with scaling blocks, or a scaling policy, in HCL or JSON

The bare numbers of a policies.json are minutes to some and seconds to others, so say --minutes or --seconds. It goes for
cooldownPeriod, evaluationInterval and window alike; a window that comes out too short to be useful is remarked upon.

What has no switch of its own comes out with enabled: false. Ends with 1 where something could not be converted at all;
what could is printed nevertheless.`,
		Example: `  flyball import --seconds policies.json > config/autoscaling/imported.cue
  kubectl get hpa -o yaml | flyball import - > config/autoscaling/imported.cue`,
		Args: takes(1, 1, "a file, or - for standard input", "flyball import hpa.yaml"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, name, err := read(cmd.InOrStdin(), args[0])
			if err != nil {
				return unreachable(err)
			}
			var unit time.Duration
			switch {
			case minutes && seconds:
				return errors.New("--minutes and --seconds: which?")
			case minutes:
				unit = time.Minute
			case seconds:
				unit = time.Second
			}
			found, err := app.Import(name, text, from, unit)
			if err != nil {
				return err
			}
			if f.output == "json" {
				if err := printJSON(cmd.OutOrStdout(), map[string]any{
					"policies": found.CUE, "remarks": list(found.Remarks), "problems": list(found.Problems),
				}); err != nil {
					return err
				}
				if len(found.Problems) > 0 {
					return no
				}
				return nil
			}
			if _, err := fmt.Fprint(cmd.OutOrStdout(), found.CUE); err != nil {
				return err
			}
			for _, r := range found.Remarks {
				fmt.Fprintln(cmd.ErrOrStderr(), r)
			}
			if len(found.Problems) > 0 {
				return app.Invalid{Problems: found.Problems}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "what FILE is: brief, hpa, keda or nomad (default: what it looks like)")
	cmd.Flags().BoolVar(&minutes, "minutes", false, "bare numbers of a policies.json are minutes")
	cmd.Flags().BoolVar(&seconds, "seconds", false, "bare numbers of a policies.json are seconds")
	f.outputFlag(cmd, "cue", "json")
	return cmd
}

// list is what JSON writes as [] where there is nothing.
func list[T any](of []T) []T {
	if of == nil {
		return []T{}
	}
	return of
}
