package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/flyball-dev/flyball/engine/backtest"
	"github.com/spf13/cobra"
)

// backtestFlags is what a backtest is told on the command line.
type backtestFlags struct {
	trace, history    string
	since, startDelay time.Duration
	column, unit      string
	scale, capacity   float64
	noise             float64
	faults, constants []string
	seed              uint64
	policies, sweeps  []string
	strategies        bool
	html              string
}

func newBacktest(f *flags) *cobra.Command {
	var b backtestFlags
	cmd := &cobra.Command{
		Use:   "backtest --trace FILE --capacity N",
		Short: "Try policies on recorded traffic, in a simulation",
		Long: `Run policies, with the code that decides in the daemon, against a recorded demand, and set what comes of it beside
known baselines: the HPA of Kubernetes, one replica more or less at a time, and always the peak's number. Without --policy the
shipped strategies are run, with fixed settings. The service is simulated: each replica does --capacity requests a minute once it
has started, and what it can't do waits.

FILE is CSV with a header: a time, then a demand. --unit says what the numbers are: rpm and rps (requests a minute, a second),
count (requests of the row) or percent (of what one replica can do, such as a CPU trace).

violations are seconds that ended with requests waiting longer than 1 s; cost is replica-hours; under and over say how far the
replicas were from what was needed, and for how much of the time. In json and csv the columns are called

  VIOLATIONS  violation_seconds    TIME UNDER  tau_u           CHANGES  changes
  COST        replica_hours        TIME OVER   tau_o           FLAPS/H  flaps_per_hour
  UNDER       theta_u, in percent  UNSTABLE    instability     MOST     most_replicas
  OVER        theta_o, in percent  (all three in percent)`,
		Example: `  flyball backtest --trace requests.csv --capacity 600
  flyball backtest --trace requests.csv --capacity 600 -p config/autoscaling --policy web --html web.html
  flyball backtest --trace requests.csv --capacity 600 --policy web --sweep 'thresholds[0].scaleUp=60,70,80' --sweep cooldownPeriod=1m,5m
  flyball backtest --history web --since 7d --capacity 600 --policy web`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.backtest(cmd, b) },
	}
	fs := cmd.Flags()
	b.traceFlags(fs)
	fs.StringVar(&b.history, "history", "", "instead: a service, or SERVICE/METRIC, whose recorded metric is the demand")
	lengthVar(fs, &b.since, "since", 7*24*time.Hour, "with --history: how far back, such as 90m, 24h or 7d")
	fs.StringArrayVar(&b.policies, "policy", nil, "policy to run, of those in --policies (may be given again)")
	fs.StringArrayVar(&b.sweeps, "sweep", nil, "FIELD=A,B,C: try these values for a field of the policies (may be given again)")
	fs.BoolVar(&b.strategies, "strategies", false, "run the shipped strategies beside the policies")
	fs.StringVar(&b.html, "html", "", "write a page with the plot to this file")
	f.reachFlags(cmd)
	f.outputFlag(cmd, "table", "json", "csv")
	return cmd
}

func (f *flags) backtest(cmd *cobra.Command, b backtestFlags) error {
	settings, how, err := b.world()
	if err != nil {
		return coded{exitUsage, err}
	}
	sweeps, err := b.swept()
	if err != nil {
		return coded{exitUsage, err}
	}
	trace, err := f.demand(cmd, b, how)
	if err != nil {
		return err
	}
	if err := b.within(settings, trace); err != nil {
		return coded{exitUsage, err}
	}
	entries, err := f.entries(cmd, b, sweeps)
	if err != nil {
		return err
	}
	constants, err := b.fixed()
	if err != nil {
		return coded{exitUsage, err}
	}
	debug.SetGCPercent(400) // what a decision leaves behind is soon garbage, and little is kept: a quarter of the time is saved
	bar := newBar(cmd.ErrOrStderr())
	result, err := app.Backtest(cmd.Context(), backtest.Backtest{
		Trace: trace, Settings: settings, Entries: entries, Baselines: true, Constants: constants, Told: bar.show,
	})
	bar.clear()
	if err != nil {
		return coded{exitNo, err}
	}
	said := toldOf(b, trace, settings)
	if b.html != "" {
		if err := writePage(b.html, said, result); err != nil {
			return unreachable(err)
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "wrote %s\n", b.html)
	}
	return printBacktest(cmd, f.output, said, result, len(sweeps) > 0)
}

// world reads what the simulated world is like, and the trace.
func (b backtestFlags) world() (backtest.Settings, backtest.CSV, error) {
	how := backtest.CSV{Column: b.column, Unit: backtest.Unit(b.unit), Scale: b.scale, Capacity: b.capacity}
	s := backtest.Settings{Noise: b.noise, Seed: b.seed}
	s.Capacity, s.StartDelay = b.capacity, b.startDelay
	var units []string
	for _, u := range backtest.Units() {
		units = append(units, string(u))
	}
	switch {
	case (b.trace == "") == (b.history == ""):
		return s, how, errors.New("give the demand with --trace FILE or --history SERVICE, one of them")
	case b.capacity == 0 && how.Unit == backtest.Percent:
		return s, how, errors.New("--capacity is 0; --unit percent is of what one replica can do: say how many requests a minute that is, above 0; where no policy counts requests, any number such as 600 gives the same replicas")
	case !(b.capacity > 0 && b.capacity <= 1e9):
		return s, how, fmt.Errorf("--capacity is %g; allowed: the requests a minute that one replica can do, above 0", b.capacity)
	case b.unit != "" && !slices.Contains(units, b.unit):
		return s, how, fmt.Errorf("--unit is %q; allowed: %s", b.unit, join(units))
	case !(b.scale > 0 && b.scale <= 1e6):
		return s, how, fmt.Errorf("--scale is %g; allowed: a number above 0", b.scale)
	case !(b.noise >= 0 && b.noise <= 100):
		return s, how, fmt.Errorf("--noise is %g; allowed: percent from 0 to 100", b.noise)
	case b.startDelay < 0 || b.startDelay > 24*time.Hour:
		return s, how, fmt.Errorf("--start-delay is %s; allowed: 0s to 24h", b.startDelay)
	}
	for _, text := range b.faults {
		fault, err := backtest.ParseFault(text)
		if err != nil {
			return s, how, err
		}
		s.Faults = append(s.Faults, fault)
	}
	return s, how, nil
}

// within holds the faults to the length of the trace.
func (b backtestFlags) within(s backtest.Settings, t backtest.Trace) error {
	long := time.Duration(t.Seconds()) * time.Second
	for i, fault := range s.Faults {
		if fault.From >= long {
			return fmt.Errorf("--fault %s begins after the end of the trace, which lasts %s; allowed: a beginning before that", b.faults[i], long)
		}
	}
	return nil
}

func (b backtestFlags) swept() ([]app.Sweep, error) {
	var sweeps []app.Sweep
	tried := 1
	for _, text := range b.sweeps {
		s, err := app.ParseSweep(text)
		if err != nil {
			return nil, err
		}
		sweeps = append(sweeps, s)
		if tried *= len(s.Values); tried > app.MostTried {
			return nil, fmt.Errorf("the sweeps make more than %d combinations; try fewer values at once", app.MostTried)
		}
	}
	return sweeps, nil
}

// fixed reads what metrics read that are not simulated.
func (b backtestFlags) fixed() (map[string]float64, error) {
	constants := map[string]float64{}
	for _, text := range b.constants {
		name, value, found := strings.Cut(text, "=")
		v, err := strconv.ParseFloat(value, 64)
		if !found || err != nil || v-v != 0 {
			return nil, fmt.Errorf("--metric is %q; allowed: a name and a number, such as memory_usage=50", text)
		}
		constants[name] = v
	}
	return constants, nil
}

// demand is the trace: of the file, or of what a daemon recorded.
func (f *flags) demand(cmd *cobra.Command, b backtestFlags, how backtest.CSV) (backtest.Trace, error) {
	if b.trace != "" {
		trace, err := app.ReadTrace(b.trace, how)
		if errors.Is(err, backtest.ErrNoUnit) {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: nothing tells the unit, so it is requests a minute; --unit says otherwise\n", b.trace)
			return trace, nil
		}
		return trace, err
	}
	if b.since <= 0 {
		return backtest.Trace{}, coded{exitUsage, fmt.Errorf("--since is %s; allowed is a length of time above 0, such as 7d", b.since)}
	}
	flyball, err := f.open(cmd)
	if err != nil {
		return backtest.Trace{}, err
	}
	service, metric, named := strings.Cut(b.history, "/")
	if !named {
		metric = "request_rate"
	}
	trace, err := app.Recorded(cmd.Context(), flyball, service, metric, b.since, how, time.Now())
	if errors.As(err, &app.Invalid{}) {
		return trace, err
	}
	if err != nil && !named {
		err = fmt.Errorf("%w%s", err, instead(cmd.Context(), flyball, service))
	}
	if err != nil {
		return trace, refused(err)
	}
	return trace, nil
}

// instead says what else of a service may be its demand, where there is something.
func instead(ctx context.Context, flyball api.Flyball, service string) string {
	metrics, err := flyball.Metrics(ctx, service)
	if err != nil {
		return ""
	}
	for _, m := range metrics {
		if m.Type == "cpu" {
			return fmt.Sprintf("; its CPU can be the demand: --history %s/%s --unit percent", service, m.Metric)
		}
	}
	return fmt.Sprintf("; --history %s/METRIC takes another one as the demand, and --unit says what its numbers are", service)
}

// entries are the policies to run, or else the shipped strategies.
func (f *flags) entries(cmd *cobra.Command, b backtestFlags, sweeps []app.Sweep) ([]backtest.Entry, error) {
	var entries []backtest.Entry
	names := b.policies
	if len(names) > 0 || len(sweeps) > 0 || cmd.Flags().Changed("policies") {
		loaded, err := app.Load(cmd.Context(), reader(), f.policies)
		if err != nil {
			return nil, unreachable(err)
		}
		if errs := loaded.Errors(); len(errs) > 0 {
			return nil, app.Invalid{Problems: errs}
		}
		if len(names) == 0 {
			for _, p := range loaded.Policies {
				names = append(names, p.Name)
			}
		}
		if entries, err = app.Tried(cmd.Context(), loaded, names, sweeps); err != nil {
			return nil, coded{exitNo, err}
		}
	}
	if len(entries) > 0 && !b.strategies {
		return entries, nil
	}
	shipped, err := app.ShippedEntries(cmd.Context(), b.capacity)
	return append(entries, shipped...), err
}

// told is what a report says of the backtest as a whole.
type told struct {
	Source     string    `json:"trace"`
	Start      time.Time `json:"start"`
	Seconds    int       `json:"seconds"`
	Peak       float64   `json:"peak_requests_per_minute"`
	Capacity   float64   `json:"capacity"`
	StartDelay float64   `json:"start_delay_seconds"`
	Noise      float64   `json:"noise_percent,omitempty"`
	Faults     []string  `json:"faults,omitempty"`
	Seed       uint64    `json:"seed"`
	title      string    // of a page: the file's name without its folders
	trace      backtest.Trace
	settings   backtest.Settings
}

func toldOf(b backtestFlags, t backtest.Trace, s backtest.Settings) told {
	title := b.history
	if b.trace != "" {
		title = filepath.Base(b.trace)
	}
	return told{
		title: title, Source: cmp.Or(b.trace, b.history), Start: t.Start, Seconds: t.Seconds(), Peak: 60 * t.Peak(), Capacity: b.capacity,
		StartDelay: b.startDelay.Seconds(), Noise: b.noise, Faults: b.faults, Seed: b.seed, trace: t, settings: s,
	}
}

func writePage(path string, said told, r backtest.Result) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(page(file, said, r), file.Close())
}
