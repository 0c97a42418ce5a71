package main

import (
	"fmt"
	"io"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/spf13/cobra"
)

func newRecommendations(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "recommendations",
		Short: "Show what the rules recommend now, before the guard",
		Long: `Show what the rules recommended in the newest decision of each enabled policy, the most urgent first: what they would do were there
no bounds, no cooldown and no budget. What became of it, and why, says flyball explain.`,
		Example: `  flyball recommendations -o json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			flyball, err := f.open(cmd)
			if err != nil {
				return err
			}
			all, err := flyball.Recommendations(cmd.Context())
			if err != nil {
				return refused(err)
			}
			if f.output == "json" {
				return printJSON(cmd.OutOrStdout(), all)
			}
			return printRecommendations(cmd.OutOrStdout(), all, time.Now())
		},
	}
	f.reachFlags(cmd)
	f.outputFlag(cmd, "table", "json")
	return cmd
}

func printRecommendations(out io.Writer, all []api.Recommendation, now time.Time) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(out, "none: no enabled policy has decided anything yet")
		return err
	}
	w := newTable("SERVICE", "POLICY", "RECOMMENDED", "PRIORITY", "CONFIDENCE", "WHEN", "WHY")
	for _, r := range all {
		text := fmt.Sprintf("hold at %d", r.Recommended)
		if r.Action != engine.Hold {
			text = fmt.Sprintf("%d → %d", r.Current, r.Recommended)
		}
		w.row(r.Service, r.Policy, text, string(r.Priority), fmt.Sprintf("%.2f", r.Confidence), ago(&r.At, now), r.Reason)
	}
	return w.print(out)
}
