package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/spf13/cobra"
)

// open finds the daemon, or its store.
func (f *flags) open(cmd *cobra.Command) (api.Flyball, error) {
	o, err := f.settings(cmd)
	if err != nil {
		return nil, err
	}
	flyball, err := app.Open(cmd.Context(), o)
	if errors.As(err, &app.Invalid{}) {
		fmt.Fprintln(cmd.ErrOrStderr(), "flyball: the config can't be read, so where the daemon and its store are; mend it, or give --socket and --store")
		return nil, err
	}
	return flyball, unreachable(err)
}

func newStatus(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Show each policy with what it last decided, and why",
		Example: `  flyball status -o json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			flyball, err := f.open(cmd)
			if err != nil {
				return err
			}
			s, err := flyball.Status(cmd.Context())
			if err != nil {
				return unreachable(err)
			}
			if f.output == "json" {
				return printJSON(cmd.OutOrStdout(), s)
			}
			return printStatus(cmd.OutOrStdout(), s, time.Now())
		},
	}
	f.daemonFlags(cmd)
	f.outputFlag(cmd, "table", "json")
	return cmd
}

func printStatus(out io.Writer, s api.Status, now time.Time) error {
	state := "off"
	if s.Enabled {
		state = "on"
	}
	fmt.Fprintf(out, "autoscaling: %s\n", state)
	switch d := s.Daemon; {
	case d == nil:
		fmt.Fprintln(out, "daemon: not running; this is what it last recorded")
	default:
		fmt.Fprintf(out, "daemon: pid %d, version %s, up %s\n", d.PID, d.Version, now.Sub(d.Since).Round(time.Second))
		if d.DryRun {
			fmt.Fprintln(out, "dry run: nothing is touched")
		}
		if d.Problem != "" {
			fmt.Fprintf(out, "the policies on disk can't be used, the last good ones stay:\n%s\n", d.Problem)
		}
	}
	w := newTable("POLICY", "SERVICE", "STATE", "REPLICAS", "MIN-MAX", "METRICS", "LAST DECISION", "REASON")
	for _, p := range s.Policies {
		w.row(p.Name, p.Service, stateOf(p, s.Enabled), replicasOf(p), fmt.Sprintf("%d-%d", p.MinReplicas, p.MaxReplicas),
			metricsOf(p.Metrics), ago(p.LastEvaluation, now), reasonOf(p))
	}
	return w.print(out)
}

func stateOf(p api.PolicyStatus, on bool) string {
	switch {
	case !p.Enabled:
		return "disabled"
	case p.Error != "":
		return "blocked"
	case p.Open != nil:
		return fmt.Sprintf("%s to %d", p.Open.Action, p.Open.To)
	case p.Backoff != nil && p.Backoff.Seconds > 0:
		left := time.Duration(p.Backoff.Seconds * float64(time.Second)).Round(time.Second)
		return fmt.Sprintf("backing off %s (%d failed)", left, p.Backoff.Failures)
	case p.Mode == engine.Shadow:
		return "shadow"
	case !on:
		return "off"
	}
	return "active"
}

func replicasOf(p api.PolicyStatus) string {
	switch {
	case p.LastEvaluation == nil:
		return "-"
	case p.ReadyReplicas != p.CurrentReplicas:
		return fmt.Sprintf("%d (%d ready)", p.CurrentReplicas, p.ReadyReplicas)
	}
	return fmt.Sprint(p.CurrentReplicas)
}

func metricsOf(metrics map[string]engine.Reading) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(metrics)) {
		if r := metrics[name]; r.Value != nil {
			parts = append(parts, name+" "+figure(*r.Value))
		} else {
			parts = append(parts, fmt.Sprintf("%s %s", name, r.Status))
		}
	}
	if parts == nil {
		return "-"
	}
	return strings.Join(parts, ", ")
}

func reasonOf(p api.PolicyStatus) string {
	switch {
	case p.Error != "":
		return p.Error
	case p.LastResult != "" && p.LastResult != engine.Succeeded:
		return fmt.Sprintf("%s: %s (the last change ended %s: flyball history %s)", p.Reason, p.Message, p.LastResult, p.Service)
	case p.Message != "":
		return p.Reason + ": " + p.Message
	}
	return p.Reason
}

func ago(at *time.Time, now time.Time) string {
	if at == nil {
		return "never"
	}
	return now.Sub(*at).Round(time.Second).String() + " ago"
}
