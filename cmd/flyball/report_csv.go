package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/flyball-dev/flyball/engine/report"
)

// reportRows are the policies of a report, one a row, below a row of heads. Times are seconds, shares 0..1; what is not
// known is empty.
func reportRows(r report.Report) [][]string {
	rows := [][]string{{
		"from", "to", "service", "policy", "mode", "watched", "watched_share", "evaluations",
		"up", "down", "by_hand", "restored", "seen", "partial", "failed", "rolled_back", "interrupted", "open",
		"flaps", "replica_hours", "mean", "least", "most", "at_max", "at_min", "violation", "violation_at_max", "unknown",
		"rules_failed", "confidence", "success_rate", "ready", "vetoes", "alone",
	}}
	const clock = "2006-01-02T15:04:05Z"
	for _, s := range r.Services {
		for _, a := range s.Policies {
			row := []string{r.From.UTC().Format(clock), r.To.UTC().Format(clock), s.Service, a.Policy, string(a.Mode)}
			row = append(row, exact(a.Watched.Seconds), exact(a.Watched.Share), strconv.Itoa(a.Evaluations))
			e := a.Events
			for _, n := range []int{e.Up, e.Down, e.ByHand, e.Restored, e.Seen, e.Partial, e.Failed, e.RolledBack, e.Interrupted, e.Open, a.Flaps} {
				row = append(row, strconv.Itoa(n))
			}
			row = append(row, exact(a.ReplicaHours), exact(a.Mean), strconv.Itoa(a.Least), strconv.Itoa(a.Most))
			for _, t := range []report.Time{a.AtMax, a.AtMin, a.Past, a.PastAtMax, a.Unknown} {
				row = append(row, exact(t.Seconds))
			}
			row = append(row, strconv.Itoa(a.RulesFailed), known(a.Confidence), known(a.SuccessRate), known(a.ReadySeconds))
			var vetoes, alone []string
			for _, v := range a.Vetoes {
				vetoes = append(vetoes, fmt.Sprintf("%s %s=%s", v.Reason, v.Wish, exact(v.Seconds)))
			}
			for _, m := range a.Alone {
				alone = append(alone, m.Metric+"="+exact(m.Seconds))
			}
			rows = append(rows, append(row, strings.Join(vetoes, ";"), strings.Join(alone, ";")))
		}
	}
	return rows
}

// exact is a number to the thousandth.
func exact(v float64) string {
	return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64)
}

func known(v *float64) string {
	if v == nil {
		return ""
	}
	return exact(*v)
}
