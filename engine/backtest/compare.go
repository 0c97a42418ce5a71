package backtest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
)

// Backtest is what is run, and against what.
type Backtest struct {
	Trace     Trace
	Settings  Settings
	Entries   []Entry
	Baselines bool               // hpa, threshold and static before the entries
	Constants map[string]float64 // what metrics read that the model does not have, by name
	AtOnce    int                // runs side by side; 0: one
	// Told hears of the share of the work that is done, now and then, from one goroutine at a time; nil: nobody does.
	Told func(share float64)
}

// Entry is one policy to be run, with the rules that decide for it.
type Entry struct {
	Name   string
	Kind   Kind
	Policy engine.Policy
	Rules  control.Recommender
	// Constants are in the place of the backtest's; nil: those.
	Constants map[string]float64
	Second    *Second // asked at each evaluation; nil: nobody is
}

// Result is what a backtest came to: the baselines first, then the entries in their order.
type Result struct {
	Runs []Run `json:"runs"`
}

// Do runs a backtest. The error names each entry that can't be run.
func Do(ctx context.Context, b Backtest) (Result, error) {
	if err := unknown(b.Entries, b.Constants); err != nil {
		return Result{}, err
	}
	start := b.Settings.Needed(b.Trace.Rows[0].Demand)
	peak := b.Settings.Needed(b.Trace.Peak())
	var loops []loop
	if b.Baselines {
		loops = []loop{
			{Run{Name: "hpa", Kind: Baseline}, start, &hpa{}, nil},
			{Run{Name: "threshold", Kind: Baseline}, start, &threshold{}, nil},
			{Run{Name: "static", Kind: Baseline}, peak, static(peak), nil},
		}
	}
	for _, e := range b.Entries {
		loops = append(loops, b.loop(ctx, e, start))
	}
	without := fixed(b.Trace, b.Settings, meanNeed(b.Trace, b.Settings))
	told := b.progress(len(loops))
	errs := make([]error, len(loops))
	var wg sync.WaitGroup
	slots := make(chan struct{}, max(1, b.AtOnce))
	for i := range loops {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := loops[i].close(ctx, b, told); err != nil {
				errs[i] = fmt.Errorf("%s: %w", loops[i].run.Name, err)
			}
		})
	}
	wg.Wait()
	result := Result{Runs: make([]Run, len(loops))}
	for i := range loops {
		result.Runs[i] = loops[i].run
		result.Runs[i].Speedup = loops[i].run.speedup(without)
	}
	return result, errors.Join(errs...)
}

// loop is one run that is to be made.
type loop struct {
	run   Run
	first int // replicas that it begins with
	by    autoscaler
	err   error // why it can't be made
}

func (b Backtest) loop(ctx context.Context, e Entry, first int) loop {
	l := loop{run: Run{Name: e.Name, Kind: e.Kind}, first: first}
	constants := b.Constants
	if e.Constants != nil {
		constants = e.Constants
	}
	p, sources, notes, err := fit(e.Policy, constants)
	l.run.Notes, l.err = notes, err
	if err == nil {
		l.by, l.err = b.governed(ctx, e, p, sources)
	}
	return l
}

// close runs the loop.
func (l *loop) close(ctx context.Context, b Backtest, told func(int)) (err error) {
	if l.err != nil {
		return l.err
	}
	l.run.Figures, l.run.Series, err = run(ctx, b.Trace, b.Settings, l.first, l.by, told)
	if g, ok := l.by.(*governed); ok {
		l.run.Decisions = g.decisions
		if g.failed > 0 {
			l.run.Notes = append(l.run.Notes, fmt.Sprintf("the rules gave no answer for %d of %d decisions, first because: %s", g.failed, g.decisions, g.failure))
		}
	}
	return err
}

// progress adds up the seconds that have passed in all runs.
func (b Backtest) progress(runs int) func(seconds int) {
	whole := float64(max(1, runs*b.Trace.Seconds()))
	var mu sync.Mutex
	done := 0
	return func(seconds int) {
		mu.Lock()
		defer mu.Unlock()
		if done += seconds; b.Told != nil {
			b.Told(float64(done) / whole)
		}
	}
}
