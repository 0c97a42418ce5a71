package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine/backtest"
	"github.com/spf13/cobra"
)

func printBacktest(cmd *cobra.Command, format string, said told, r backtest.Result, swept bool) error {
	out := cmd.OutOrStdout()
	switch format {
	case "json":
		return printJSON(out, struct {
			told
			backtest.Result
			Front []string `json:"front"`
		}{said, r, front(r)})
	case "csv":
		return printRuns(out, r)
	}
	for _, run := range r.Runs {
		for _, note := range run.Notes {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", run.Name, note)
		}
	}
	fmt.Fprintf(out, "%s: %s from %s, at most %.4g requests a minute; a replica does %g and starts in %s\n\n",
		said.Source, (time.Duration(said.Seconds) * time.Second).String(), said.Start.Format(time.DateTime), said.Peak, said.Capacity,
		time.Duration(said.StartDelay*float64(time.Second)))
	if err := printTable(out, r.Runs); err != nil || !swept {
		return err
	}
	best := front(r)
	fmt.Fprintf(out, "\nNobody else costs less and violates less (the Pareto front):\n")
	for _, name := range best {
		fmt.Fprintf(out, "  %s\n", name)
	}
	return nil
}

func printTable(out io.Writer, runs []backtest.Run) error {
	w := newTable("RUN", "VIOLATIONS", "COST", "UNDER", "OVER", "TIME UNDER", "TIME OVER", "UNSTABLE", "CHANGES", "FLAPS/H", "MOST")
	for _, r := range runs {
		w.row(r.Name, fmt.Sprintf("%d s", r.ViolationSeconds), fmt.Sprintf("%.1f h", r.ReplicaHours), percent(r.ThetaU), percent(r.ThetaO),
			percent(r.TauU), percent(r.TauO), percent(r.Instability), strconv.Itoa(r.Changes), fmt.Sprintf("%.2f", r.FlapsPerHour), strconv.Itoa(r.MostReplicas))
	}
	return w.print(out)
}

func percent(v float64) string { return fmt.Sprintf("%.2f %%", v) }

// front names the runs on the Pareto front of cost and violations.
func front(r backtest.Result) []string {
	names := []string{}
	for i, on := range backtest.Front(r.Runs) {
		if on {
			names = append(names, r.Runs[i].Name)
		}
	}
	return names
}

func printRuns(out io.Writer, r backtest.Result) error {
	w := csv.NewWriter(out)
	rows := [][]string{{"name", "kind", "seconds", "violation_seconds", "replica_hours", "theta_u", "theta_o", "tau_u", "tau_o",
		"instability", "jitter", "changes", "flaps", "flaps_per_hour", "mean_replicas", "most_replicas", "decisions"}}
	for _, r := range r.Runs {
		row := []string{r.Name, string(r.Kind), strconv.Itoa(r.Seconds), strconv.Itoa(r.ViolationSeconds)}
		for _, v := range []float64{r.ReplicaHours, r.ThetaU, r.ThetaO, r.TauU, r.TauO, r.Instability, r.Jitter} {
			row = append(row, strconv.FormatFloat(v, 'g', -1, 64))
		}
		row = append(row, strconv.Itoa(r.Changes), strconv.Itoa(r.Flaps), strconv.FormatFloat(r.FlapsPerHour, 'g', -1, 64),
			strconv.FormatFloat(r.MeanReplicas, 'g', -1, 64), strconv.Itoa(r.MostReplicas), strconv.Itoa(r.Decisions))
		rows = append(rows, row)
	}
	return w.WriteAll(rows)
}

// bar shows how far a long run is, where somebody watches a terminal.
type bar struct {
	out   io.Writer
	shown int // percent; -1: nothing yet
}

func newBar(out io.Writer) *bar {
	file, isFile := out.(*os.File)
	if !isFile {
		return &bar{shown: -1}
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &bar{shown: -1}
	}
	return &bar{out: out, shown: -1}
}

func (b *bar) show(share float64) {
	const wide = 40
	now := int(100 * share)
	if b.out == nil || now == b.shown {
		return
	}
	b.shown = now
	full := int(wide * share)
	fmt.Fprintf(b.out, "\r[%s%s] %3d %%", strings.Repeat("#", full), strings.Repeat(".", wide-full), now)
}

// clear takes the bar away.
func (b *bar) clear() {
	if b.shown >= 0 {
		fmt.Fprint(b.out, "\r\x1b[K")
	}
}
