package main

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/spf13/cobra"
)

func newReplay(f *flags) *cobra.Command {
	var since, until string
	var current bool
	var limit int
	cmd := &cobra.Command{
		Use:   "replay [SERVICE|POLICY]",
		Short: "Make recorded decisions again, and tell those that come out otherwise",
		Long: `Make decisions of the ledger again: the rules are asked about what was seen then, the guard goes through what they recommend with
the memory that it had, by the policy and the rules of then. The same bytes come out, or what differs is told, field by field: the
proof that another version of flyball decides as the one before. Of holds in a row that are alike the ledger has the first.

With --current the policies and rules on disk, and those by API, answer in the place of those of then: which decisions would a change have changed? Each
is made again by itself, from what was seen and remembered before it; what would have come of another one is not followed up (that
does flyball backtest).

Ends with 1 where a decision comes out otherwise, or can't be made again.`,
		Example: `  flyball replay --since 30d
  flyball replay backend --since 2026-01-01 --until 2026-01-02
  flyball replay backend --current -p config/autoscaling`,
		Args: takes(0, 1, "one service or policy at most", "flyball replay backend"),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, to, err := api.Stretch(since, until, time.Now())
			if err != nil {
				return coded{exitUsage, err}
			}
			if limit < 0 {
				return coded{exitUsage, fmt.Errorf("--limit is %d; allowed: 0 or more", limit)}
			}
			r := app.Replay{From: from, To: to, Most: limit}
			if len(args) > 0 {
				r.Of = args[0]
			}
			return f.replay(cmd, r, current)
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "how far back, such as 90m, 24h or 7d, or from which day or time on (default 24h)")
	cmd.Flags().StringVar(&until, "until", "", "up to this day or time (default now)")
	cmd.Flags().BoolVar(&current, "current", false, "by the policies and rules on disk, in the place of those of then")
	cmd.Flags().IntVar(&limit, "limit", 20, "decisions to tell of those that differ")
	f.reachFlags(cmd)
	f.outputFlag(cmd, "table", "json")
	return cmd
}

func (f *flags) replay(cmd *cobra.Command, r app.Replay, current bool) error {
	flyball, err := f.open(cmd)
	if err != nil {
		return err
	}
	if current {
		posted, err := app.PostedIn(cmd.Context(), flyball)
		if err != nil {
			return refused(err)
		}
		loaded, err := app.Load(cmd.Context(), reader(), f.policies, posted...)
		if err != nil {
			return unreachable(err)
		}
		if errs := loaded.Errors(); len(errs) > 0 {
			return app.Invalid{Problems: errs}
		}
		r.Current = &loaded
	}
	debug.SetGCPercent(400) // what a decision leaves behind is soon garbage, and little is kept
	bar := newBar(cmd.ErrOrStderr())
	r.Told = bar.show
	done, err := r.Run(cmd.Context(), flyball)
	bar.clear()
	if err != nil {
		return refused(err)
	}
	if f.output == "json" {
		err = printJSON(cmd.OutOrStdout(), done)
	} else {
		err = printReplay(cmd.OutOrStdout(), done, r)
	}
	fine := done.Proved()
	if current { // the question is what would be decided, not what would be said of it
		fine = done.Turned == 0 && done.Unproved == 0
	}
	if err == nil && !fine {
		return no
	}
	return err
}
