package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/spf13/cobra"
)

func newStore(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Check, back up, restore and move what flyball has on record",
		Long: `Check, back up, restore and move what flyball has on record: states, decisions, events, samples, the audit log, pauses, the
switch, notifications, who may use the API, and the policies that came by it. It is in .flyball/flyball.db, in another file (--store, store.path), or in a Redis.`,
		Example: `  flyball store check
  flyball store backup /var/backups/flyball-2026-11-27.db
  flyball store restore /var/backups/flyball-2026-11-27.db --yes`,
		Args: verbs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newStoreCheck(f), newStoreBackup(f), newStoreRestore(f), newStoreMigrate(f))
	return cmd
}

func newStoreCheck(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Read everything in the store, and say what is there and what is wrong",
		Long: `Read everything in the store, beside a running daemon too, and say how much of what is there and what is wrong with it. Where
something is, it ends with 1.`,
		Example: `  flyball store check
  flyball store check --store /var/backups/flyball.db -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := f.settings(cmd)
			if err != nil {
				return err
			}
			c, err := app.CheckStore(cmd.Context(), o)
			if err != nil {
				return unreachable(err)
			}
			if f.output == "json" {
				err = printJSON(cmd.OutOrStdout(), c)
			} else {
				err = printCounted(cmd.OutOrStdout(), c)
			}
			if err == nil && len(c.Problems) > 0 {
				err = no
			}
			return err
		},
	}
	f.storeFlag(cmd)
	f.outputFlag(cmd, "table", "json")
	return cmd
}

func printCounted(out io.Writer, c app.Counted) error {
	fmt.Fprintln(out, c.Store)
	if err := printCounts(out, nil, c.Counts); err != nil {
		return err
	}
	for _, text := range c.Settings {
		fmt.Fprintln(out, "at risk:", harmless(text))
	}
	for _, text := range c.Problems {
		fmt.Fprintln(out, "wrong:", harmless(text))
	}
	if len(c.Problems) == 0 {
		fmt.Fprintln(out, "nothing is wrong")
	}
	return nil
}

// printCounts sets counts of stores side by side, by what they are of.
func printCounts(out io.Writer, heads []string, counts ...[]store.CountOf) error {
	var names []string
	all := map[string][]int64{}
	for i, of := range counts {
		for _, c := range of {
			if all[c.What] == nil {
				all[c.What] = make([]int64, len(counts))
				names = append(names, c.What)
			}
			all[c.What][i] = c.Count
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Max(all[name]) == 0 })
	if len(names) == 0 {
		_, err := fmt.Fprintln(out, "  nothing")
		return err
	}
	w := newTable(heads...)
	for _, name := range names {
		cells := []string{"  " + name}
		for _, n := range all[name] {
			cells = append(cells, fmt.Sprint(n))
		}
		w.row(cells...)
	}
	return w.print(out)
}

func newStoreBackup(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write everything in the store to a new file",
		Long: `Write everything in the store, as it is at one instant, to a new file: an SQLite database like the store itself, from a Redis
too. The daemon may run. The file has its name only once it is whole, on disk and read back; none is overwritten.
The hashes of passwords and tokens are in it.`,
		Example: `  flyball store backup /var/backups/flyball-2026-11-27.db`,
		Args:    takes(1, 1, "a file", "flyball store backup flyball-backup.db"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := f.settings(cmd)
			if err != nil {
				return err
			}
			c, err := app.Backup(cmd.Context(), o, args[0], progress(cmd.ErrOrStderr(), time.Now))
			if err != nil {
				return refused(err)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "backed up to %s\n", c.Store)
			return printCounts(cmd.OutOrStdout(), nil, c.Counts)
		},
	}
	f.storeFlag(cmd)
	return cmd
}

func newStoreRestore(f *flags) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "restore FILE --yes",
		Short: "Replace everything in the store by a backup",
		Long: `Replace everything in the store by what a backup has, in one step; without --yes only say what would be replaced. A running
daemon does it itself: it begins nothing meanwhile, finishes what is under way first, and goes on. Every policy then waits a full
cooldown, since what it did after the backup is not known. The audit log is not set back where it continues that of the backup, and
what is to be told of it is told. Who may use the API is as in the backup, but that nobody is logged in: look with flyball user list and flyball token list.`,
		Example: `  flyball store restore /var/backups/flyball-2026-11-27.db
  flyball store restore /var/backups/flyball-2026-11-27.db --yes`,
		Args: takes(1, 1, "a file", "flyball store restore flyball-backup.db --yes"),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			flyball, err := f.openToWrite(cmd)
			if err != nil {
				return err
			}
			r, err := flyball.Restore(cmd.Context(), api.RestoreAsk{File: file, Try: !yes, Actor: actor()})
			if err != nil {
				return refused(err)
			}
			if err := printCounts(cmd.OutOrStdout(), []string{"", "STORE", "BACKUP"}, r.Before, r.After); err != nil {
				return err
			}
			if !yes {
				return coded{exitUsage, errors.New(restoreText(r))}
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s is restored; every policy waits a full cooldown\n", r.Store)
			if r.Was != r.Will {
				fmt.Fprintf(cmd.ErrOrStderr(), "autoscaling was %s and is %s, as in the backup\n", api.OnOff(r.Was), api.OnOff(r.Will))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do it")
	f.daemonFlags(cmd)
	return cmd
}

// restoreText says what a restore would do.
func restoreText(r api.Restored) string {
	text := fmt.Sprintf("nothing was done; --yes replaces everything in %s by %s", r.Store, r.File)
	if !r.Newest.IsZero() {
		text += fmt.Sprintf(", whose last audit entry is of %s", r.Newest.Local().Format(time.DateTime))
	}
	if r.Was != r.Will {
		text += fmt.Sprintf("; autoscaling is %s, and %s in the backup", api.OnOff(r.Was), api.OnOff(r.Will))
	}
	return text
}

func newStoreMigrate(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate FROM TO",
		Short: "Copy everything from one store to another",
		Long: `Copy everything from one store to another that nobody has used, in one step, and count both. FROM and TO are files, or addresses
of a Redis; user and password come from the config, where the address is the one in it, or else from AUTOSCALING_STORE_USERNAME and
AUTOSCALING_STORE_PASSWORD. Stop the daemon first; then have it use TO. FROM stays as it is.`,
		Example: `  flyball store migrate .flyball/flyball.db redis://redis.internal:6379/0`,
		Args:    takes(2, 2, "two stores", "flyball store migrate .flyball/flyball.db redis://localhost:6379/0"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := f.settings(cmd)
			if err != nil {
				return err
			}
			m, err := app.Migrate(cmd.Context(), o, args[0], args[1], actor(), progress(cmd.ErrOrStderr(), time.Now))
			if err != nil {
				return refused(err)
			}
			if err := printCounts(cmd.OutOrStdout(), []string{"", "FROM", "TO"}, m.From.Counts, m.To.Counts); err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "everything is in %s now; %s stays as it is\n", m.To.Store, m.From.Store)
			return nil
		},
	}
	return cmd
}

// storeFlag adds the flag that says where the store is, for what needs no daemon.
func (f *flags) storeFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.store, "store", "", "database of events and state, or URL of a Redis (default .flyball/flyball.db)")
}

// progress says every few seconds how far it is.
func progress(errs io.Writer, now func() time.Time) func(records int64) {
	const every = 3 * time.Second
	said := now()
	return func(records int64) {
		if at := now(); at.Sub(said) >= every {
			fmt.Fprintf(errs, "%d records so far\n", records)
			said = at
		}
	}
}
