package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/spf13/cobra"
)

func newExplain(f *flags) *cobra.Command {
	var snapshot, only, event, at string
	var decision int64
	var verbose bool
	cmd := &cobra.Command{
		Use:   "explain [SERVICE|POLICY|DECISION|EVENT]",
		Short: "Say how a decision came about, and what would change it",
		Long: `Tell a decision from top to bottom: what the metrics read, which lines of the rules spoke, what was recommended, what the
guard did, and what would have to be different for another outcome. Each change that is stated was tried on a copy of what
the decision was made from, with the same rules and the same guard.

The decision is the newest of a policy, or a past one from the ledger: by its number, by the id of an event, as flyball history shows
it, or with --at. A past one is explained with the policy and the rules that made it, whatever is at work now. With --snapshot it is
the one that would be made for a snapshot file, as flyball eval does, of each policy or of the one that is named.`,
		Example: `  flyball explain backend
  flyball explain --snapshot busy.json -p config/autoscaling
  flyball explain backend-1767225600000
  flyball explain 4711
  flyball explain --at 2026-01-01T08:00:00Z backend`,
		Args: takes(0, 1, "one service, policy, decision or event at most", "flyball explain backend"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("decision") && decision < 1 {
				return coded{exitUsage, fmt.Errorf("--decision is %d; allowed is a whole number from 1", decision)}
			}
			q, err := questionOf(args, event, at, decision, snapshot)
			if err != nil {
				return err
			}
			if only != "" && snapshot == "" {
				return coded{exitUsage, errors.New("--policy is for --snapshot; else name the policy alone: flyball explain " + only)}
			}
			if only != "" && q.Of != "" && only != q.Of {
				return coded{exitUsage, fmt.Errorf("%s and --policy %s name different policies; give one of them", q.Of, only)}
			}
			if snapshot != "" {
				only = cmp.Or(only, q.Of)
				return f.explainSnapshot(cmd, snapshot, only, verbose)
			}
			flyball, err := f.open(cmd)
			if err != nil {
				return err
			}
			e, err := flyball.Explain(cmd.Context(), q)
			if err != nil {
				return refused(err)
			}
			if offline, dead := flyball.(*app.Offline); dead {
				socket, store := offline.Where()
				fmt.Fprintf(cmd.ErrOrStderr(), "no daemon answers at %s; this is what %s last recorded\n", socket, store)
			}
			if f.output == "json" {
				return printJSON(cmd.OutOrStdout(), e)
			}
			return printExplanation(cmd.OutOrStdout(), e, verbose)
		},
	}
	cmd.Flags().StringVar(&event, "event", "", "id of an event, where a service or a policy is called so too")
	cmd.Flags().Int64Var(&decision, "decision", 0, "number of a decision in the ledger, where a service or a policy is called so too")
	cmd.Flags().StringVar(&at, "at", "", "the decision that held at this time, in RFC 3339")
	cmd.Flags().StringVar(&snapshot, "snapshot", "", "snapshot file, or -")
	cmd.Flags().StringVar(&only, "policy", "", "with --snapshot: only this policy (default: all)")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "every line of the rules and every stage of the guard")
	f.reachFlags(cmd)
	f.outputFlag(cmd, "table", "json")
	return cmd
}

// questionOf is the one decision that is asked about.
func questionOf(args []string, event, at string, decision int64, snapshot string) (api.Question, error) {
	q := api.Question{Event: event, Decision: decision}
	var given []string
	for _, flag := range []struct {
		name string
		set  bool
	}{{"--event", event != ""}, {"--decision", decision != 0}, {"--at", at != ""}, {"--snapshot", snapshot != ""}} {
		if flag.set {
			given = append(given, flag.name)
		}
	}
	switch {
	case len(given) > 1:
		return q, coded{exitUsage, fmt.Errorf("%s name different decisions; give one of them", strings.Join(given, " and "))}
	case len(args) > 0 && len(given) == 1 && at == "" && snapshot == "":
		return q, coded{exitUsage, fmt.Errorf("%s says which decision it is; leave %s out", given[0], args[0])}
	}
	if len(args) > 0 {
		q.Of = args[0]
	}
	if at != "" {
		var err error
		if q.At, err = time.Parse(time.RFC3339, at); err != nil {
			return q, coded{exitUsage, fmt.Errorf("--at is %q; allowed is a time in RFC 3339, such as 2026-01-01T00:00:00Z", at)}
		}
	}
	return q, nil
}

func (f *flags) explainSnapshot(cmd *cobra.Command, snapshot, only string, verbose bool) error {
	loaded, name, text, err := f.loadWith(cmd, snapshot)
	if err != nil {
		return err
	}
	explanations, problems := app.ExplainSnapshot(cmd.Context(), loaded, only, name, text)
	if f.output == "json" && explanations != nil {
		if err := printJSON(cmd.OutOrStdout(), explanations); err != nil {
			return err
		}
	} else {
		for i, e := range explanations {
			if i > 0 {
				fmt.Fprintln(cmd.OutOrStdout())
			}
			if err := printExplanation(cmd.OutOrStdout(), e, verbose); err != nil {
				return err
			}
		}
	}
	return problemsOf(cmd, problems)
}
