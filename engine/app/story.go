package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/scenario"
	"github.com/flyball-dev/flyball/schema"
)

// tell runs one scenario file. Each of its steps is a test, and what must hold of the whole is another.
func tell(ctx context.Context, read Reader, l Loaded, path string) ([]Checked, []engine.Problem) {
	problem := func(err error) []engine.Problem { return []engine.Problem{{File: path, Message: err.Error()}} }
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, problem(err)
	}
	file, problems := schema.DecodeScenario(path, text)
	if len(problems) > 0 {
		return nil, problems
	}
	if schema.Archived(path) {
		own, err := Load(ctx, read, path)
		switch {
		case err != nil:
			return nil, problem(err)
		case len(own.Errors()) > 0:
			return nil, own.Errors()
		case len(own.Policies)+len(own.Set.Rules) > 0:
			l = own
		}
	}
	p, err := l.Policy(file.Policy)
	if err != nil {
		return nil, problem(err)
	}
	if problems := append(strangers(p, path, file), unknownCodes(l.Rules, p, file)...); len(problems) > 0 {
		return nil, problems
	}
	begun := time.Now()
	tale, err := scenario.Tell(ctx, p, l.Rules, story(file))
	checked := tests(path, file, tale, time.Since(begun))
	if err != nil && !errors.Is(err, context.Canceled) {
		at := file.Steps[len(tale.Steps)]
		return checked, []engine.Problem{{File: path, Line: at.Line, Column: 1, Policy: p.Name, Message: err.Error()}}
	}
	return checked, nil
}

// story is a scenario file as it is told.
func story(file schema.Scenario) scenario.Story {
	m := file.Must
	s := scenario.Story{Start: file.At, Replicas: file.Replicas, Must: scenario.Must{
		Final: m.Final, NeverAbove: m.NeverAbove, NeverBelow: m.NeverBelow, NoFlap: m.NoFlap,
		Changes: m.Changes, Reasons: m.Reasons, Never: m.Never,
	}}
	for _, step := range file.Steps {
		ramps := map[string]scenario.Ramp{}
		for name, ramp := range step.Ramps {
			ramps[name] = scenario.Ramp(ramp)
		}
		s.Steps = append(s.Steps, scenario.Step{
			At: step.At, Until: step.Until, Every: step.Every, Replicas: step.Replicas, Starting: step.Starting,
			Readings: step.Metrics, Ramps: ramps, Rollout: step.Rollout, Paused: step.Paused, Restart: step.Restart,
			Outcome: step.Outcome, Expect: scenario.Expect(step.Expect),
		})
	}
	return s
}

// tests are the steps of a story as they went, and what must hold of the whole.
func tests(path string, file schema.Scenario, tale scenario.Tale, took time.Duration) []Checked {
	title, _, _ := strings.Cut(filepath.Base(path), ".scenario.")
	var list []Checked
	add := func(line int, name string, failures []string, output string) {
		list = append(list, Checked{Name: title + " " + name, File: path, Line: line, About: file.About, Failures: failures, Output: output})
	}
	for i, t := range tale.Steps {
		step := file.Steps[i]
		name := fmt.Sprintf("at %s", engine.Short(step.At))
		if step.Until > step.At {
			name = fmt.Sprintf("from %s to %s", engine.Short(step.At), engine.Short(step.Until))
		}
		add(step.Line, name, t.Failures, decisions(t.Instants))
	}
	if file.Must.Line > 0 && len(tale.Steps) == len(file.Steps) {
		add(file.Must.Line, "as a whole", tale.Failures, "")
	}
	for i := range list {
		list[i].Seconds = took.Seconds() / float64(len(list))
	}
	return list
}

// decisions lists what was decided, each thing once for as long as it was decided again.
func decisions(instants []scenario.Instant) string {
	var lines strings.Builder
	last := ""
	for _, i := range instants {
		d := i.Decision
		if now := fmt.Sprint(d.From, d.To, d.Reason); now != last {
			fmt.Fprintf(&lines, "at %s: %s\n", engine.Short(i.At), i)
			last = now
		}
	}
	return lines.String()
}
