package main

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/report"
	"github.com/spf13/cobra"
)

func newReport(f *flags) *cobra.Command {
	var since, from, to string
	cmd := &cobra.Command{
		Use:   "report [SERVICE]",
		Short: "Sum up what policies did, beside what those in shadow mode would have done",
		Long: `Sum up what policies did, beside what those in shadow mode would have done, from the ledger: replicas, time at the
bounds and past scaleUp, flaps, what held a wish back. Time in which no daemon watched is not counted.
Past scaleUp is by a policy's own thresholds, targets or bands, as they were read at each evaluation.`,
		Example: `  flyball report backend --since 7d
  flyball report --from 2026-01-01 --to 2026-02-01 -o csv`,
		Args: takes(0, 1, "one service at most", "flyball report backend"),
		RunE: func(cmd *cobra.Command, args []string) error {
			begin, end, err := api.ReportRange(since, from, to, time.Now())
			if err != nil {
				return coded{exitUsage, err}
			}
			flyball, err := f.open(cmd)
			if err != nil {
				return err
			}
			service := ""
			if len(args) > 0 {
				service = args[0]
			}
			r, err := flyball.Report(cmd.Context(), service, begin, end)
			if err != nil {
				return refused(err)
			}
			switch f.output {
			case "json":
				return printJSON(cmd.OutOrStdout(), r)
			case "csv":
				return csv.NewWriter(cmd.OutOrStdout()).WriteAll(reportRows(r))
			}
			return printReport(cmd.OutOrStdout(), r)
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "how far back, such as 90m, 24h or 7d (default 7d)")
	cmd.Flags().StringVar(&from, "from", "", "from this day or time, instead of --since")
	cmd.Flags().StringVar(&to, "to", "", "up to this day or time (default now)")
	f.reachFlags(cmd)
	f.outputFlag(cmd, "table", "json", "csv")
	return cmd
}

// printReport sets the policies of each service side by side, and what there is to say of them below.
func printReport(out io.Writer, r report.Report) error {
	if len(r.Services) == 0 {
		fmt.Fprintln(out, "nothing is on record of that time")
		return nil
	}
	for i, s := range r.Services {
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "%s, %s to %s\n", s.Service, r.From.Local().Format(time.DateTime), r.To.Local().Format(time.DateTime))
		if err := printPolicies(out, s.Policies); err != nil {
			return err
		}
		for _, a := range s.Policies {
			for _, text := range a.Advice {
				fmt.Fprintf(out, "%s: %s\n", a.Policy, text)
			}
		}
		for _, text := range s.Advice {
			fmt.Fprintln(out, text)
		}
	}
	return nil
}

func printPolicies(out io.Writer, policies []report.Account) error {
	heads := []string{""}
	for _, a := range policies {
		did := " DID"
		if a.Mode == engine.Shadow {
			did = " WOULD HAVE"
		}
		heads = append(heads, a.Policy+did)
	}
	w := newTable(heads...)
	row := func(name string, cell func(a report.Account) string) {
		cells := []string{name}
		for _, a := range policies {
			cells = append(cells, cell(a))
		}
		w.row(cells...)
	}
	row("watched", func(a report.Account) string { return lasting(a.Watched) })
	row("scaled up, down", func(a report.Account) string { return fmt.Sprintf("%d, %d", a.Events.Up, a.Events.Down) })
	row("other events", otherEvents)
	row("flaps", func(a report.Account) string {
		if a.Flaps == 0 {
			return "0"
		}
		return fmt.Sprintf("%d, %.1f an hour", a.Flaps, a.FlapsPerHour)
	})
	row("replica-hours", func(a report.Account) string { return figure(a.ReplicaHours) })
	row("replicas", func(a report.Account) string {
		if a.Least == a.Most {
			return fmt.Sprint(a.Most)
		}
		return fmt.Sprintf("%d to %d, mean %.2f", a.Least, a.Most, a.Mean)
	})
	row("at the maximum", func(a report.Account) string { return lasting(a.AtMax) })
	row("at the minimum", func(a report.Account) string { return lasting(a.AtMin) })
	row("violation", func(a report.Account) string { return lasting(a.Past) })
	row("metrics not ok", func(a report.Account) string { return lasting(a.Unknown) })
	row("rules failed", func(a report.Account) string { return fmt.Sprintf("%d of %d", a.RulesFailed, a.Evaluations) })
	row("confidence", func(a report.Account) string {
		return maybe(a.Confidence, func(v float64) string { return fmt.Sprintf("%.2f", v) })
	})
	row("succeeded", func(a report.Account) string {
		return maybe(a.SuccessRate, func(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) })
	})
	row("until ready", func(a report.Account) string { return maybe(a.ReadySeconds, short) })
	for _, v := range vetoes(policies) {
		row(fmt.Sprintf("%s held %s", v.Reason, v.Wish), func(a report.Account) string { return lasting(heldFor(a, v)) })
	}
	return w.print(out)
}

// otherEvents are those that are not the rules', and those that did not succeed.
func otherEvents(a report.Account) string {
	e := a.Events
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{
		{e.ByHand, "by hand"}, {e.Restored, "put back"}, {e.Seen, "seen"}, {e.Partial, "partial"}, {e.Failed, "failed"},
		{e.RolledBack, "rolled back"}, {e.Interrupted, "interrupted"}, {e.Open, "open"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	if parts == nil {
		return "-"
	}
	return strings.Join(parts, ", ")
}

// vetoes are those of any of the policies, once each: the longest first.
func vetoes(policies []report.Account) []report.Veto {
	var all []report.Veto
	for _, a := range policies {
		for _, v := range a.Vetoes {
			if i := slices.IndexFunc(all, func(o report.Veto) bool { return o.Reason == v.Reason && o.Wish == v.Wish }); i >= 0 {
				all[i].Seconds = max(all[i].Seconds, v.Seconds)
			} else {
				all = append(all, v)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b report.Veto) int { return cmp.Compare(b.Seconds, a.Seconds) })
	return all
}

func heldFor(a report.Account, v report.Veto) report.Time {
	for _, o := range a.Vetoes {
		if o.Reason == v.Reason && o.Wish == v.Wish {
			return o.Time
		}
	}
	return report.Time{}
}

// lasting is a length of time and its share.
func lasting(t report.Time) string {
	if t.Seconds == 0 {
		return "-"
	}
	return fmt.Sprintf("%s (%.1f %%)", short(t.Seconds), 100*t.Share)
}

// short is a length of time in at most two units.
func short(seconds float64) string {
	switch d := time.Duration(seconds * float64(time.Second)); {
	case d >= 24*time.Hour:
		d = d.Round(time.Hour)
		return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	case d >= time.Hour:
		d = d.Round(time.Minute)
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return d.Round(time.Second).String()
	default:
		return d.Round(100 * time.Millisecond).String()
	}
}

func maybe(v *float64, show func(float64) string) string {
	if v == nil {
		return "-"
	}
	return show(*v)
}
