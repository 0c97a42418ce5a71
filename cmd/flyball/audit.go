package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/spf13/cobra"
)

func newAudit(f *flags) *cobra.Command {
	var follow bool
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "List who or what changed what, and why",
		Long: `List the audit log, the newest entry last: policies that were added, changed and removed, decisions that began a change and
how it ended, what people asked for, pauses, the global switch, starts of the daemon, restored stores. Entries are numbered
from 1 without gaps; nothing but age removes them.

For a log collector -o json writes an entry a line. --follow goes on as entries come, also over restarts of the daemon;
--after N begins behind the last one that was taken, and --after 0 with the first.`,
		Example: `  flyball audit --service backend --since 7d
  flyball audit --after 0 --follow -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter, err := auditFilter(cmd, follow)
			if err != nil {
				return coded{exitUsage, err}
			}
			flyball, err := f.open(cmd)
			if err != nil {
				return err
			}
			p := entryPrinter{out: cmd.OutOrStdout(), json: f.output == "json"}
			if follow {
				return f.follow(cmd, flyball, filter, &p)
			}
			entries, err := flyball.Audit(cmd.Context(), filter)
			if err != nil {
				return refused(err)
			}
			return p.print(entries)
		},
	}
	var kinds []string
	for _, k := range store.EntryKinds {
		kinds = append(kinds, string(k))
	}
	cmd.Flags().String("service", "", "entries of this service")
	cmd.Flags().String("policy", "", "entries of this policy")
	cmd.Flags().String("actor", "", `what this one did: a person, files, or "policy backend"`)
	cmd.Flags().String("kind", "", "entries of this kind: "+join(kinds))
	cmd.Flags().String("since", "", "from then on: how long ago, such as 7d, a day, or a time in RFC 3339")
	cmd.Flags().String("until", "", "up to then")
	cmd.Flags().Int64("after", 0, "entries with a higher number, the lowest first; 0: all (default the newest)")
	cmd.Flags().Int("limit", 50, "entries at most")
	cmd.Flags().BoolVar(&follow, "follow", false, "go on as entries come")
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(kinds, cobra.ShellCompDirectiveNoFileComp))
	f.reachFlags(cmd)
	f.outputFlag(cmd, "table", "json")
	return cmd
}

// auditFilter is what the flags ask for. They are called like the fields of the API.
func auditFilter(cmd *cobra.Command, follow bool) (store.Filter, error) {
	given := cmd.Flags().Changed
	switch {
	case follow && given("until"):
		return store.Filter{}, errors.New("--until and --follow are both given; --follow has no end")
	case follow && given("after") && given("limit"):
		return store.Filter{}, errors.New("--after and --limit are both given; with --follow one of them says where it begins")
	}
	filter, err := api.AuditFilter(func(field string) string {
		if flag := cmd.Flags().Lookup(field); flag.Changed {
			return flag.Value.String()
		}
		return ""
	}, time.Now())
	if err != nil {
		return filter, fmt.Errorf("--%w", err)
	}
	return filter, nil
}
