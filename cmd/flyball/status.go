package main

import (
	"fmt"
	"io"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/spf13/cobra"
)

func newStatus(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show each policy with what it last decided, and why",
		Long: `Show whether autoscaling is on, which daemon answers, and of each policy: whether it acts, the replicas of its service and their
bounds, what its metrics read, when it last decided, and why it came out so. Below a policy stands what needs somebody.

Without a daemon it is what the last one recorded. How a decision came about says flyball explain SERVICE.`,
		Example: `  flyball status
  flyball status -o json
  flyball status --url https://scaler.example.com:5001 --token-file ~/.flyball-token`,
		Args: cobra.NoArgs,
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
	f.reachFlags(cmd)
	f.outputFlag(cmd, "table", "json")
	return cmd
}

func printStatus(out io.Writer, s api.Status, now time.Time) error {
	state := api.OnOff(s.Enabled)
	if s.Daemon != nil && s.Daemon.Store != "" && len(s.Policies) == 0 {
		state = "not known" // nothing was read before the store went
	}
	if by := s.Switched; by != nil {
		state += fmt.Sprintf(", set by %s at %s", harmless(by.Actor), by.At.Local().Format(time.DateTime))
	}
	printLines(out, fold("autoscaling: "+state, ""))
	if s.Pause != nil {
		printLines(out, fold("paused: all services, "+pauseLine(*s.Pause), ""))
	}
	switch d := s.Daemon; {
	case d == nil && s.Leader != nil:
		fmt.Fprintf(out, "daemon: none answers here; %s leads, epoch %d, and this is what it records\n", s.Leader.Name, s.Leader.Epoch)
	case d == nil:
		fmt.Fprintln(out, "daemon: not running; this is what it last recorded")
	default:
		fmt.Fprintf(out, "daemon: pid %d, version %s, up %s\n", d.PID, d.Version, now.Sub(d.Since).Round(time.Second))
		if d.Listens != "" {
			fmt.Fprintln(out, "api: "+opened(d.Listens))
		}
		if d.Leader != nil {
			fmt.Fprintln(out, "leader: "+leaderOf(*d.Leader))
		}
		if d.Store != "" {
			fmt.Fprintf(out, "the store can't be read, so nothing is decided: %s\nthis is what was known before:\n", d.Store)
		}
		if d.DryRun {
			fmt.Fprintln(out, "dry run: nothing is touched")
		}
		if d.Problem != "" {
			fmt.Fprintf(out, "the policies on disk can't be used, the last good ones stay:\n%s\n", d.Problem)
		}
	}
	if u := s.Undelivered; u != nil {
		fmt.Fprintf(out, "notifications: %d waiting, %d given up; flyball notify list shows them\n", u.Waiting, u.GivenUp)
	}
	for _, l := range s.LeftOut {
		printLines(out, fold(fmt.Sprintf("policy %s, which came by API, is left out: %s", l.Policy, l.Reason), ""))
	}
	w := newTable("POLICY", "SERVICE", "STATE", "REPLICAS", "MIN-MAX", "METRICS", "LAST DECISION", "REASON")
	for _, p := range s.Policies {
		w.row(p.Name, p.Service, stateOf(p, s), replicasOf(p), fmt.Sprintf("%d-%d", p.MinReplicas, p.MaxReplicas),
			metricsOf(p.Metrics), ago(p.LastEvaluation, now), "")
	}
	lines := w.lines()
	printLines(out, lines[:1])
	for i, p := range s.Policies {
		under, said := notes(p, s, now)
		row, reason := lines[i+1], reasonOf(p, s, said)
		switch all := row + reason; {
		case utf8.RuneCountInString(all) <= width:
			row = all
		case !said || reason != p.Reason:
			under = append([]string{reason}, under...)
		}
		printLines(out, []string{row})
		for _, note := range under {
			printLines(out, fold(note, "  "))
		}
	}
	return nil
}

// opened is the URL of the API as it can be opened on its machine: a listener on all addresses has none to open.
func opened(listens string) string {
	u, err := url.Parse(listens)
	if err != nil {
		return listens
	}
	at, err := netip.ParseAddrPort(u.Host)
	if err != nil || !at.Addr().IsUnspecified() {
		return listens
	}
	return fmt.Sprintf("%s://127.0.0.1:%d (on all addresses)", u.Scheme, at.Port())
}

func leaderOf(l api.Leader) string {
	switch {
	case l.Name == "":
		return "none yet"
	case l.Self:
		return fmt.Sprintf("this daemon, epoch %d", l.Epoch)
	}
	return fmt.Sprintf("%s, epoch %d; this daemon serves what it records", l.Name, l.Epoch)
}

func printLines(out io.Writer, lines []string) {
	for _, line := range lines {
		fmt.Fprintln(out, strings.TrimRight(line, " "))
	}
}

// notes are what is to be said of a policy under its row: a pause, and what is not as one wishes. said is whether the
// reason of the last decision is among it.
func notes(p api.PolicyStatus, s api.Status, now time.Time) (all []string, said bool) {
	said = p.Reason == "Paused" && paused(p, s)
	if p.Pause != nil {
		all = append(all, "paused "+pauseLine(*p.Pause))
	}
	for _, c := range p.Conditions {
		switch wished := c.Type != "Limited"; {
		case c.Status == wished, c.Type == "Vetoes", over(c.Reason, p, s):
		case c.Reason == "Paused", c.Reason == "Disabled" && !s.Enabled: // which is said where it is so
		default:
			all = append(all, fmt.Sprintf("%s for %s: %s: %s", amiss(c), span(now.Sub(c.Since)), c.Reason, c.Message))
			said = said || c.Reason == p.Reason
		}
	}
	if v := p.Veto; v != nil {
		all = append(all, fmt.Sprintf("%s alone keeps it from going down, and has been against it for %s: %s", v.Metric, span(now.Sub(v.Since)), v.Message))
	}
	if e := p.LastEvent; e != nil && e.Error != "" {
		all = append(all, fmt.Sprintf("%s from %d to %d %s, %s: %s", e.Action, e.From, e.To, strings.ReplaceAll(string(e.Result), "_", " "), ago(&e.Ended, now), e.Error))
	}
	return all, said
}

// over says that what the last decision held for has ended since, so that the next one will not.
func over(reason string, p api.PolicyStatus, s api.Status) bool {
	switch reason {
	case "Disabled":
		return s.Enabled
	case "PolicyDisabled":
		return p.Enabled
	case "Paused":
		return !paused(p, s)
	case "RolloutInProgress":
		return p.Open == nil && p.LastScaling != nil && p.LastEvaluation != nil && !p.LastScaling.Before(*p.LastEvaluation)
	}
	return false
}

func paused(p api.PolicyStatus, s api.Status) bool { return p.Pause != nil || s.Pause != nil }

// amiss is a condition that is not as one wishes.
func amiss(c engine.Condition) string {
	name := strings.ToLower(c.Type)
	if c.Status {
		return name
	}
	return "not " + name
}

// stateOf is the state of a policy in a word or two, with how long it lasts where that is known.
func stateOf(p api.PolicyStatus, s api.Status) string {
	dryRun := s.Daemon != nil && s.Daemon.DryRun
	state := api.StateOf(p, s.Enabled, dryRun, s.Pause)
	left := span(seconds(state.Seconds))
	switch {
	case state.Name == api.IsScaling:
		return state.Why
	case state.Name == api.IsBlocked && state.Seconds > 0:
		return fmt.Sprintf("backing off %s (%d failed)", left, p.Backoff.Failures)
	case state.Seconds > 0:
		return state.Name + " " + left
	}
	return state.Name
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

// reasonOf is why there was no decision, or what the last one says, in one line: its code alone where the rest is said
// elsewhere, or is so no longer.
func reasonOf(p api.PolicyStatus, s api.Status, said bool) string {
	text := p.Reason
	switch {
	case p.Error != "":
		text = p.Error
	case over(p.Reason, p, s):
		text += ", which has ended"
	case p.Message != "" && !said:
		text += ": " + p.Message
	}
	if p.Error == "" && p.LastResult != "" && p.LastResult != engine.Succeeded {
		text += fmt.Sprintf(" (the last change ended %s: flyball history %s)", p.LastResult, p.Service)
	}
	return strings.ReplaceAll(text, "\n", "; ")
}

func ago(at *time.Time, now time.Time) string {
	if at == nil {
		return "never"
	}
	return now.Sub(*at).Round(time.Second).String() + " ago"
}
