package app

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/backtest"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/diff"
	"github.com/flyball-dev/flyball/engine/sim"
)

const (
	longestTrial = 20 * time.Second // that one may take
	mostPoints   = 500              // of a plot
	mostApart    = 20               // stretches that are told of, as flyball diff does
)

// Try runs a policy in JSON, and the one of its name that is at work, on what was recorded of the load. It takes one core, and
// one at a time.
func (a *App) Try(ctx context.Context, name string, t api.Trial) (api.Tried, error) {
	select {
	case a.trying <- struct{}{}:
		defer func() { <-a.trying }()
	default:
		return api.Tried{}, api.Refusal{Status: http.StatusTooManyRequests, Wait: 5 * time.Second,
			Detail: "another policy is being tried, and one is at a time; try again in a moment"}
	}
	limited, cancel := context.WithTimeout(ctx, longestTrial)
	defer cancel()
	tried, err := a.try(limited, name, t)
	if limited.Err() != nil && ctx.Err() == nil {
		return api.Tried{}, refusal(http.StatusServiceUnavailable, "the trial took longer than %s; try it on less than %s", longestTrial, engine.Short(t.Last))
	}
	return tried, err
}

func (a *App) try(ctx context.Context, name string, t api.Trial) (api.Tried, error) {
	l, problems, err := a.drafted(ctx, name, t.Policy)
	if err != nil {
		return api.Tried{}, err
	}
	next, err := l.Policy(name)
	if err != nil {
		for i, p := range problems {
			problems[i].Path = strings.TrimSuffix("policy."+p.Path, ".")
		}
		return api.Tried{}, api.Invalid{Refusal: api.Refusal{Status: http.StatusBadRequest, Detail: numbered(problems, "and was not tried")}, Problems: problems}
	}
	work := a.set()
	old, missing := work.Policy(name)
	if err := constant(t.Constants, next, old); err != nil {
		return api.Tried{}, err
	}
	d, err := a.demand(ctx, next, t)
	if err != nil {
		return api.Tried{}, err
	}
	world := backtest.Backtest{Trace: d.trace, AtOnce: 1}
	world.Settings = backtest.Settings{Settings: sim.Settings{Capacity: d.capacity, StartDelay: sim.StartDelay}, Seed: 1}
	draft := entryOf(next, l.Rules.Patient(), t.Constants)
	fresh, err := runAlone(ctx, world, draft)
	if err != nil {
		return api.Tried{}, refusal(http.StatusConflict, "the policy can't be tried: %s", byAPI(err.Error(), next))
	}
	tried, by := triedOf(world, d, fresh)
	tried.Notes = append(tried.Notes, notesOf(fresh, next)...)
	if missing != nil {
		return tried, nil
	}
	decisions := diff.Decisions{Limit: mostApart, Groups: []diff.Group{}, First: []diff.Stretch{}}
	before := entryOf(old, work.Rules.Patient(), t.Constants)
	before.Second = &backtest.Second{Policy: next, Rules: draft.Rules, Constants: draft.Constants, Told: decisions.Add}
	former, err := runAlone(ctx, world, before)
	if err != nil {
		tried.Notes = append(tried.Notes, "the policy at work can't be run: "+byAPI(err.Error(), old))
		return tried, nil
	}
	outcome := outcomeOf(former, by)
	tried.Old, tried.Decisions = &outcome, disagreed(decisions)
	for _, note := range notesOf(former, old) {
		if !slices.Contains(tried.Notes, note) {
			tried.Notes = append(tried.Notes, "the policy at work: "+note)
		}
	}
	return tried, nil
}

// constant holds constants to the metrics of the policies that are run.
func constant(constants map[string]float64, policies ...engine.Policy) error {
	var names []string
	for _, p := range policies {
		for _, m := range p.Metrics {
			names = append(names, m.Name)
		}
	}
	for name := range constants {
		if !slices.Contains(names, name) {
			slices.Sort(names)
			return misplaced("body.constants", "no policy has a metric %.60q to be constant; there is %s", name, strings.Join(slices.Compact(names), ", "))
		}
	}
	return nil
}

// misplaced is a refusal about one place of what was sent.
func misplaced(location, format string, args ...any) error {
	detail := fmt.Sprintf(format, args...)
	return api.Refusal{Status: http.StatusBadRequest, Detail: detail, Faults: []api.Fault{{Location: location, Message: detail}}}
}

func entryOf(p engine.Policy, rules control.Recommender, constants map[string]float64) backtest.Entry {
	return backtest.Entry{Name: p.Name, Kind: backtest.Authored, Policy: p, Rules: rules, Constants: constantsOf(constants, p)}
}

// runAlone runs one entry.
func runAlone(ctx context.Context, b backtest.Backtest, e backtest.Entry) (backtest.Run, error) {
	b.Entries = []backtest.Entry{e}
	result, err := backtest.Do(ctx, b)
	if err != nil {
		return backtest.Run{}, err
	}
	return result.Runs[0], nil
}

// triedOf is what there is to tell of a trial before the old policy is run, and how many stretches of a run a point stands for.
func triedOf(world backtest.Backtest, d demand, fresh backtest.Run) (api.Tried, int) {
	need := world.Trace.Need(world.Settings)
	by := max(1, (len(need.Replicas)+mostPoints-1)/mostPoints)
	need = need.Coarser(by)
	return api.Tried{
		Trace: api.Recorded{
			Metric: d.metric.Name, From: d.trace.Start, To: d.trace.Start.Add(time.Duration(d.trace.Seconds()) * time.Second), Rows: len(d.trace.Rows),
			Unit: string(d.unit), Capacity: d.capacity, Delay: world.Settings.StartDelay.Seconds(),
		},
		Step: need.Every, Need: need.Replicas, New: outcomeOf(fresh, by), Notes: append([]string{}, d.notes...),
	}, by
}

func outcomeOf(r backtest.Run, by int) api.Outcome {
	s := r.Series.Coarser(by)
	return api.Outcome{Replicas: s.High, Low: s.Low, Figures: api.Figures{
		ViolationSeconds: r.ViolationSeconds, ReplicaHours: r.ReplicaHours, Under: r.ThetaU, Over: r.ThetaO, TimeUnder: r.TauU, TimeOver: r.TauO,
		Unstable: r.Instability, Changes: r.Changes, FlapsPerHour: r.FlapsPerHour, MeanReplicas: r.MeanReplicas, MostReplicas: r.MostReplicas, Decisions: r.Decisions,
	}}
}

func disagreed(d diff.Decisions) *api.Disagreed {
	d.Sort()
	all := api.Disagreed{Total: d.Total, Differ: d.Differ, Replicas: d.Replicas, Stretches: d.Stretches, Groups: d.Groups, First: []api.Apart{}}
	short := func(r engine.Record) api.Decided {
		return api.Decided{Action: r.Decision.Action, Reason: r.Decision.Reason, From: r.Decision.From, To: r.Decision.To, Message: r.Decision.Message}
	}
	for _, s := range d.First {
		all.First = append(all.First, api.Apart{From: s.From, To: s.To, Count: s.Count, Old: short(s.Old), New: short(s.New)})
	}
	return &all
}

// notesOf is what a run notes, in the words of the API.
func notesOf(r backtest.Run, p engine.Policy) []string {
	notes := make([]string, len(r.Notes))
	for i, note := range r.Notes {
		notes[i] = byAPI(note, p)
	}
	return notes
}

// byAPI has a message that names the flag of the command line name the field of the body.
func byAPI(message string, p engine.Policy) string {
	for _, m := range p.Metrics {
		message = strings.ReplaceAll(message, fmt.Sprintf("--metric %s=VALUE gives it a value", m.Name), fmt.Sprintf("constants can give %s a value", m.Name))
	}
	return message
}
