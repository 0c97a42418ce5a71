package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/spf13/cobra"
)

func newHistory(f *flags) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "history [SERVICE]",
		Short: "Show what was scaled, newest first",
		Long: `Show what was scaled, newest first. How one event came about, and what would have changed it, says
flyball explain EVENT, with the id in the column EVENT.`,
		Example: `  flyball history backend --limit 10
  flyball explain backend-1767225600000`,
		Args: takes(0, 1, "one service at most", "flyball history backend"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 1 || limit > 1000 {
				return coded{exitUsage, fmt.Errorf("--limit is %d; allowed is 1 to 1000", limit)}
			}
			flyball, err := f.open(cmd)
			if err != nil {
				return err
			}
			service := ""
			if len(args) > 0 {
				service = args[0]
			}
			events, err := flyball.History(cmd.Context(), service, limit)
			if err != nil {
				return unreachable(err)
			}
			if f.output == "json" {
				if events == nil {
					events = []engine.Event{}
				}
				return printJSON(cmd.OutOrStdout(), events)
			}
			return printHistory(cmd.OutOrStdout(), events)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 50, "newest events to show")
	f.reachFlags(cmd)
	f.outputFlag(cmd, "table", "json")
	return cmd
}

func printHistory(out io.Writer, events []engine.Event) error {
	w := newTable("TIME", "POLICY", "SERVICE", "ACTION", "FROM", "TO", "REACHED", "RESULT", "TOOK", "EVENT", "WHY")
	for _, e := range events {
		result, took, reached := string(e.Result), e.Ended.Sub(e.Started).Round(10*time.Millisecond).String(), fmt.Sprint(e.Reached)
		if e.Result == "" {
			result, took, reached = "open", "-", "-"
		}
		if e.Mode == engine.Shadow { // nothing was done that could have ended
			result, took, reached = "shadow", "-", "-"
		}
		w.row(e.Started.Local().Format(time.DateTime), e.Policy, e.Service, string(e.Action), fmt.Sprint(e.From), fmt.Sprint(e.To),
			reached, result, took, e.ID, why(e))
	}
	return w.print(out)
}

// why is what led to an event and, where it went wrong, what did, in one line. The whole log is in the JSON.
func why(e engine.Event) string {
	var parts []string
	for _, r := range e.Reasons {
		parts = append(parts, r.Message)
	}
	if e.Error != "" {
		parts = append([]string{e.Error}, parts...)
	}
	if lines := strings.Split(strings.TrimSpace(e.Log), "\n"); e.Log != "" {
		parts = append(parts, fmt.Sprintf("its log ends: %s (-o json has more)", lines[len(lines)-1]))
	}
	return strings.ReplaceAll(strings.Join(parts, "; "), "\n", "; ")
}
