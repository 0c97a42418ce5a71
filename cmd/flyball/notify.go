package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/spf13/cobra"
)

func newNotify(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "notify",
		Short: "Try, list and replay notifications",
		Long: `Try whether receivers of notifications take what they are told, list what waits for them and what was given up, and have
that tried again. Receivers are named in the config, under notify: receivers, or in SCALING_WEBHOOK_URL.`,
		Example: `  flyball notify test
  flyball notify list
  flyball notify replay --all`,
		Args: verbs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newNotifyTest(f), newNotifyList(f), newNotifyReplay(f))
	return cmd
}

func newNotifyTest(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test [RECEIVER]",
		Short: "Send a test to a receiver, or to all, and say what came back",
		Long: `Send a test message at once, past the outbox, and say what came back: the status, how long it took, and the beginning of
the answer. Exit 1 where one did not take it.`,
		Example: `  flyball notify test ops`,
		Args:    takes(0, 1, "one receiver at most", "flyball notify test ops"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ask := api.NotifyTest{Receiver: strings.Join(args, ""), Actor: actor()}
			flyball, err := f.open(cmd)
			if err != nil {
				return err
			}
			tried, err := flyball.TestNotify(cmd.Context(), ask)
			if err != nil {
				return refused(err)
			}
			if f.output == "json" {
				err = printJSON(cmd.OutOrStdout(), tried)
			} else {
				err = printTried(cmd.OutOrStdout(), tried)
			}
			for _, one := range tried {
				if err == nil && !one.Taken {
					return no
				}
			}
			return err
		},
	}
	f.reachFlags(cmd)
	f.outputFlag(cmd, "table", "json")
	return cmd
}

func newNotifyList(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the notifications that wait, and those that were given up",
		Long: `List the notifications that wait, with when they are tried next and what the last try came to, and those that were given up:
flyball notify replay has these tried again. Who is notified at all stands below, on stderr.`,
		Example: `  flyball notify list
  flyball notify list -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			flyball, err := f.open(cmd)
			if err != nil {
				return err
			}
			found, err := flyball.Notifications(cmd.Context())
			if err != nil {
				return refused(err)
			}
			if f.output == "json" {
				return printJSON(cmd.OutOrStdout(), found)
			}
			if err := printNotices(cmd.OutOrStdout(), found, time.Now()); err != nil {
				return err
			}
			fmt.Fprintln(cmd.ErrOrStderr(), noticesText(found))
			return nil
		},
	}
	f.reachFlags(cmd)
	f.outputFlag(cmd, "table", "json")
	return cmd
}

func newNotifyReplay(f *flags) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "replay ID... | --all",
		Short: "Have notifications that were given up tried again",
		Long: `Have notifications that were given up tried again as if they were new, under the ids that they had. flyball notify list shows
those ids.`,
		Example: `  flyball notify replay --all`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return coded{exitUsage, errors.New("replay takes ids, or --all, such as flyball notify replay --all")}
			}
			flyball, err := f.openToWrite(cmd)
			if err != nil {
				return err
			}
			again, err := flyball.ReplayNotifications(cmd.Context(), api.NotifyReplay{IDs: args, All: all, Actor: actor()})
			if err != nil {
				return refused(err)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s tried again\n", isOrAre(len(again.IDs)))
			return nil
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "all that were given up")
	f.reachFlags(cmd)
	return cmd
}

func isOrAre(n int) string {
	if n == 1 {
		return "1 notification is"
	}
	return fmt.Sprintf("%d notifications are", n)
}

func printTried(out io.Writer, tried []api.NotifyTried) error {
	w := newTable("RECEIVER", "ADDRESS", "FORMAT", "TAKEN", "STATUS", "TOOK", "ANSWER")
	for _, one := range tried {
		taken, status, answer := "yes", fmt.Sprint(one.Status), one.Answer
		if !one.Taken {
			taken, answer = "no", one.Error
		}
		if one.Status == 0 {
			status = "-"
		}
		w.row(one.Receiver, one.Address, one.Format, taken, status, seconds(one.Seconds).Round(time.Millisecond).String(), orDash(harmless(answer)))
	}
	return w.print(out)
}

func printNotices(out io.Writer, found api.Notifications, now time.Time) error {
	if len(found.Waiting)+len(found.Dead) == 0 {
		return nil
	}
	w := newTable("ID", "RECEIVER", "CREATED", "TRIED", "NEXT", "TEXT", "ERROR")
	add := func(n api.Notice, next string) {
		w.row(n.ID, n.Receiver, n.Created.Local().Format(time.DateTime), fmt.Sprint(n.Attempts), next, harmless(n.Text), orDash(harmless(n.Error)))
	}
	for _, n := range found.Waiting {
		next := "now"
		if left := n.Due.Sub(now); left > time.Second {
			next = "in " + span(left)
		}
		add(n, next)
	}
	for _, n := range found.Dead {
		add(n, "given up")
	}
	return w.print(out)
}

func noticesText(found api.Notifications) string {
	if len(found.Receivers) == 0 {
		return "nobody is notified"
	}
	var to []string
	for _, r := range found.Receivers {
		to = append(to, r.Name)
	}
	return fmt.Sprintf("%d waiting, %d given up; notified: %s", len(found.Waiting), len(found.Dead), strings.Join(to, ", "))
}
