package main

import (
	"errors"
	"fmt"

	"github.com/flyball-dev/flyball/engine/app"
	"github.com/flyball-dev/flyball/engine/backtest"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newDiff(f *flags) *cobra.Command {
	var b backtestFlags
	var limit int
	cmd := &cobra.Command{
		Use:   "diff OLD [NEW]",
		Short: "Say what changes in meaning between two revisions of policies",
		Long: `Compare two revisions of policies by what they mean, once checked and with every default filled in. Another layout, file
or order, JSON in the place of CUE, a default that is written out: no difference. Ends with 1 where there is one, as diff does.

OLD and NEW are each a file or a folder, or else REV or REV:PATH: a revision of the git repository that PATH lies in. PATH is as
seen from here, by default --policies. Without NEW it is what is there now, of OLD's PATH or else of --policies.

With --trace each policy that changed is run as backtest does, old and new, as if both were enabled and live. Beside the old one
the new one is asked at every evaluation what it would decide there, at the replicas that the old one made, with cooldowns and
the rest of its memory by its own settings after the old one's changes: so one decision that differs does not lead to the next.
Evaluations one after another that differ in the same way are one stretch.`,
		Example: `  flyball diff HEAD~1
  flyball diff main HEAD -o markdown
  flyball diff old/ new/
  flyball diff main --trace requests.csv --capacity 600 --policy web`,
		Args: takes(1, 2, "one or two files, folders or git revisions", "flyball diff main"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.diff(cmd, args, b, limit) },
	}
	fs := cmd.Flags()
	b.traceFlags(fs)
	fs.StringArrayVar(&b.policies, "policy", nil, "only this policy (may be given again; default: all)")
	fs.IntVar(&limit, "limit", 20, "with --trace: the most stretches of decisions that are listed")
	f.outputFlag(cmd, "table", "json", "github", "markdown")
	return cmd
}

// compared is what a diff says.
type compared struct {
	Old string `json:"old"`
	New string `json:"new"`
	app.Difference
	Trace *traced `json:"trace,omitempty"`
}

// traced is what it says of a trace.
type traced struct {
	told
	Policies []app.Traced `json:"policies"`
}

func (f *flags) diff(cmd *cobra.Command, args []string, b backtestFlags, limit int) error {
	if err := b.alone(cmd, limit); err != nil {
		return coded{exitUsage, err}
	}
	ctx := cmd.Context()
	old, err := app.Find(ctx, args[0], f.policies)
	if err != nil {
		return notFound(err)
	}
	defer old.Close()
	next, err := f.next(cmd, args, old)
	if err != nil {
		return notFound(err)
	}
	defer next.Close()
	before, err := old.Load(ctx, reader(), "old")
	after, wrong := next.Load(ctx, reader(), "new")
	if err := errors.Join(err, wrong); err != nil {
		return unloaded(err)
	}
	for _, r := range []app.Revision{old, next} {
		if r.Absent {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s has no %s, so no policies\n", r.Name, r.Path)
		}
	}
	said := compared{Old: old.Name, New: next.Name}
	if said.Difference, err = app.Diff(before, after).Only(b.policies, before, after); err != nil {
		return coded{exitUsage, err}
	}
	if b.trace != "" {
		if said.Trace, err = f.traced(cmd, b, said.Difference, before, after, limit); err != nil {
			return err
		}
	}
	if err := printDiff(cmd, f.output, said); err != nil {
		return err
	}
	if said.None() {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s and %s mean the same\n", said.Old, said.New)
		return nil
	}
	return no
}

// alone holds the flags of a trace to one that is given.
func (b backtestFlags) alone(cmd *cobra.Command, limit int) error {
	if limit < 0 {
		return fmt.Errorf("--limit is %d; allowed: 0 or more", limit)
	}
	var about backtestFlags
	of := pflag.NewFlagSet("", pflag.ContinueOnError)
	about.traceFlags(of)
	var err error
	of.VisitAll(func(one *pflag.Flag) {
		if b.trace == "" && cmd.Flags().Changed(one.Name) {
			err = fmt.Errorf("--%s is about a trace; give it with --trace FILE", one.Name)
		}
	})
	return err
}

// next is the second side: what is named, or what is there now.
func (f *flags) next(cmd *cobra.Command, args []string, old app.Revision) (app.Revision, error) {
	switch {
	case len(args) == 2:
		return app.Find(cmd.Context(), args[1], f.policies)
	case old.Path == old.Name: // a path, and no revision
		return app.Now(f.policies)
	}
	return app.Now(old.Path)
}

// notFound is the error of a side that is not there: git itself could not be reached, or nobody knows what is meant.
func notFound(err error) error {
	if unknown := app.NoRevision(""); errors.As(err, &unknown) {
		return coded{exitUsage, err}
	}
	return unreachable(err)
}

// unloaded is the error of sides that could not be used: what is wrong in them is printed.
func unloaded(err error) error {
	if errors.As(err, &app.Invalid{}) {
		return coded{exitNo, err}
	}
	return unreachable(err)
}

// traced runs both sides on the trace.
func (f *flags) traced(cmd *cobra.Command, b backtestFlags, d app.Difference, old, new app.Loaded, limit int) (*traced, error) {
	settings, how, err := b.world()
	if err != nil {
		return nil, coded{exitUsage, err}
	}
	constants, err := b.fixed()
	if err != nil {
		return nil, coded{exitUsage, err}
	}
	trace, err := f.demand(cmd, b, how)
	if err != nil {
		return nil, err
	}
	if err := b.within(settings, trace); err != nil {
		return nil, coded{exitUsage, err}
	}
	bar := newBar(cmd.ErrOrStderr())
	runs, err := d.Trace(cmd.Context(), old, new, backtest.Backtest{Trace: trace, Settings: settings, Constants: constants, Told: bar.show}, limit)
	bar.clear()
	if err != nil {
		return nil, coded{exitNo, err}
	}
	return &traced{toldOf(b, trace, settings), runs}, nil
}
