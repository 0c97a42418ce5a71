package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/spf13/cobra"
)

func newMetrics(f *flags) *cobra.Command {
	var last time.Duration
	var resolution string
	cmd := &cobra.Command{
		Use:   "metrics [SERVICE [METRIC]]",
		Short: "Show what each metric reads now, or the history of one",
		Long: `Show what each metric reads now: its value over the window, its age, and why it can't be used where it can't.
With SERVICE and METRIC, show what was kept of it: samples, or five-minute summaries for more than 6 hours.`,
		Example: `  flyball metrics backend
  flyball metrics backend cpu_usage --last 24h -o csv`,
		Args: takes(0, 2, "a service and a metric at most", "flyball metrics backend cpu_usage"),
		RunE: func(cmd *cobra.Command, args []string) error {
			flyball, err := f.open(cmd)
			if err != nil {
				return err
			}
			if len(args) == 2 {
				asked := api.Asked{Service: args[0], Metric: args[1], To: time.Now()}
				if asked.From, asked.Rollups, err = rangeOf(asked.To, last, resolution); err != nil {
					return err
				}
				return f.printKept(cmd, flyball, asked)
			}
			service := ""
			if len(args) > 0 {
				service = args[0]
			}
			metrics, err := flyball.Metrics(cmd.Context(), service)
			if err != nil {
				return refused(err)
			}
			if offline, dead := flyball.(*app.Offline); dead {
				socket, store := offline.Where()
				fmt.Fprintf(cmd.ErrOrStderr(), "no daemon answers at %s; this is what %s last recorded\n", socket, store)
			}
			switch f.output {
			case "json":
				return printJSON(cmd.OutOrStdout(), metrics)
			case "csv":
				return coded{exitUsage, errors.New("-o csv is for the history of one metric: flyball metrics SERVICE METRIC -o csv")}
			}
			return printMetrics(cmd.OutOrStdout(), metrics, time.Now())
		},
	}
	lengthVar(cmd.Flags(), &last, "last", time.Hour, "how far back the history goes, such as 90m, 24h or 7d")
	cmd.Flags().StringVar(&resolution, "resolution", "", "of the history: samples or 5m (default samples up to 6h)")
	f.reachFlags(cmd)
	f.outputFlag(cmd, "table", "json", "csv")
	return cmd
}

func rangeOf(to time.Time, last time.Duration, resolution string) (from time.Time, rollups bool, err error) {
	switch {
	case last <= 0:
		return from, false, coded{exitUsage, fmt.Errorf("--last is %s; allowed is a length of time above 0, such as 90m", last)}
	case resolution != "" && resolution != "samples" && resolution != "5m":
		return from, false, coded{exitUsage, fmt.Errorf("--resolution is %q; allowed is samples or 5m", resolution)}
	}
	return to.Add(-last), resolution == "5m" || resolution == "" && last > 6*time.Hour, nil
}

func printMetrics(out io.Writer, metrics []api.MetricStatus, now time.Time) error {
	w := newTable("SERVICE", "METRIC", "SOURCE", "VALUE", "STATUS", "AGE", "SAMPLES", "TREND", "DETAIL")
	for _, m := range metrics {
		value, age, trend := "-", "-", "-"
		if v := m.Reading.Value; v != nil {
			value = figure(*v)
		}
		if m.Reading.Samples > 0 || m.Reading.Status == engine.Stale {
			age = (time.Duration(m.Reading.AgeSeconds*float64(time.Second)) + now.Sub(m.At)).Round(time.Second).String()
		}
		if slope := m.Reading.SlopePerMinute; slope != nil {
			trend = strings.Replace("+"+figure(*slope)+"/min", "+-", "-", 1)
		}
		w.row(m.Service, m.Metric, m.Source, value, string(m.Reading.Status), age, strconv.Itoa(m.Reading.Samples), trend, detailOf(m))
	}
	return w.print(out)
}

// figure is a number in four digits, or in as many as it has before the point.
func figure(v float64) string { return engine.FormatValue(v) }

// detailOf is why a metric is not ok, or else how it comes to be.
func detailOf(m api.MetricStatus) string {
	switch {
	case m.Reading.Detail != "":
		return m.Reading.Detail
	case m.Expr != "":
		return m.Expr
	case m.Rule != "":
		return "rule " + m.Rule
	}
	window := (time.Duration(m.WindowSeconds * float64(time.Second))).String()
	return m.Aggregation + " of " + window
}

func (f *flags) printKept(cmd *cobra.Command, flyball api.Flyball, asked api.Asked) error {
	kept, err := flyball.Samples(cmd.Context(), asked)
	if err != nil {
		return refused(err)
	}
	out := cmd.OutOrStdout()
	if f.output == "json" {
		return printJSON(out, kept)
	}
	rows := keptRows(kept)
	if len(rows) == 1 {
		fmt.Fprintf(cmd.ErrOrStderr(), "nothing was kept of %s of service %s in the last %s\n", asked.Metric, asked.Service, asked.To.Sub(asked.From))
		return nil
	}
	if f.output == "csv" {
		return csv.NewWriter(out).WriteAll(rows)
	}
	w := newTable(rows[0]...)
	for _, row := range rows[1:] {
		w.row(row...)
	}
	return w.print(out)
}

// keptRows are the samples or rollups of all replicas by time, below a row of heads.
func keptRows(kept api.Kept) [][]string {
	heads := []string{"time", "replica", "value"}
	var rows [][]string
	add := func(at time.Time, replica string, values ...float64) {
		row := []string{at.UTC().Format("2006-01-02T15:04:05.000Z"), replica[:min(12, len(replica))]}
		for _, v := range values {
			row = append(row, strconv.FormatFloat(v, 'g', -1, 64))
		}
		rows = append(rows, row)
	}
	for _, s := range kept.Series {
		for _, p := range s.Points {
			add(p.At, s.Replica, p.Value)
		}
	}
	for _, s := range kept.Rollups {
		heads = []string{"time", "replica", "mean", "min", "max", "samples"}
		for _, r := range s.Rollups {
			add(r.From, s.Replica, r.Mean, r.Min, r.Max, float64(r.Count))
		}
	}
	slices.SortStableFunc(rows, slices.Compare[[]string])
	return append([][]string{heads}, rows...)
}
