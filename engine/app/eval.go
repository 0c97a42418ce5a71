package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/scenario"
	"github.com/flyball-dev/flyball/schema"
)

// Evaluation is what one policy makes of a snapshot.
type Evaluation struct {
	Policy         string                `json:"policy"`
	Service        string                `json:"service"`
	Recommendation engine.Recommendation `json:"recommendation"`
	Decision       engine.Decision       `json:"decision"`
	Error          string                `json:"error,omitempty"` // why the rules gave no usable answer
}

// Eval runs the cycle of each policy once over a snapshot file, as if the global switch were on. Nothing is touched. The
// problems say which policies could not be evaluated, and why.
func Eval(ctx context.Context, l Loaded, only, name string, text []byte) ([]Evaluation, []engine.Problem) {
	records, problems := judge(ctx, l, only, name, text)
	if records == nil {
		return nil, problems
	}
	evaluations := []Evaluation{}
	for _, r := range records {
		evaluations = append(evaluations, Evaluation{r.Policy, r.Service, r.Recommendation, r.Decision, r.Recommendation.Error})
	}
	return evaluations, problems
}

// ExplainSnapshot is Eval with how each decision came about, and what would have to be different for another one.
func ExplainSnapshot(ctx context.Context, l Loaded, only, name string, text []byte) ([]api.Explanation, []engine.Problem) {
	records, problems := judge(ctx, l, only, name, text)
	if records == nil {
		return nil, problems
	}
	explanations := []api.Explanation{}
	for _, r := range records {
		e := api.Explanation{At: r.At, Record: r}
		p, err := l.Policy(r.Policy)
		if err != nil {
			return nil, []engine.Problem{{Message: err.Error()}}
		}
		e.File = p.File
		elaborate(ctx, l.Rules, p, &e)
		explanations = append(explanations, e)
	}
	return explanations, problems
}

// judge is the record of each policy's cycle over a snapshot file; nil where there is nothing to judge.
func judge(ctx context.Context, l Loaded, only, name string, text []byte) ([]engine.Record, []engine.Problem) {
	file, problems := schema.DecodeSnapshot(name, text)
	if len(problems) > 0 {
		return nil, problems
	}
	policies := l.Policies
	if only != "" {
		p, err := l.Policy(only)
		if err != nil {
			return nil, []engine.Problem{{Message: err.Error()}}
		}
		policies = []engine.Policy{p}
	}
	records := []engine.Record{}
	for _, p := range policies {
		s, found := file.Services[p.Service]
		if !found {
			problems = append(problems, engine.Problem{File: name, Policy: p.Name, Message: fmt.Sprintf(
				"no service %q, which policy %s scales; the snapshot has %s", p.Service, p.Name,
				strings.Join(slices.Sorted(maps.Keys(file.Services)), ", "))})
			continue
		}
		if wrong := strangersAmong(s.Metrics, of(l.Policies, p.Service), engine.Problem{File: name, Line: s.Line, Column: 1}); len(wrong) > 0 {
			problems = append(problems, wrong...)
			continue
		}
		p.Mode = engine.Live // what it would do, not what it would leave undone
		world := paper(p, s, file.At)
		record, _, err := world.Cycle(l.Rules, &control.Budget{}).Run(ctx, p, control.Moment{At: file.At})
		if err != nil {
			problems = append(problems, engine.Problem{Policy: p.Name, Message: err.Error()})
			continue
		}
		records = append(records, record)
	}
	return records, problems
}

// paper is the world of one service as a snapshot file tells it.
func paper(p engine.Policy, s schema.SnapshotService, at time.Time) *scenario.World {
	world := &scenario.World{Replicas: s.Replicas, Readings: s.Metrics, Rollout: s.Rollout, History: s.History}
	world.Memory.Cooldown = engine.Deadlines{Up: deadline(at, s.CooldownUp), Down: deadline(at, s.CooldownDown)}
	if s.Paused {
		world.Memory.Pauses = []engine.Pause{{Service: p.Service, Actor: "the snapshot", Reason: s.PauseReason}}
	}
	return world
}

func deadline(at time.Time, left time.Duration) engine.Deadline {
	if left == 0 {
		return engine.Deadline{}
	}
	return engine.Deadline{Until: at.Add(left), Wait: left}
}
