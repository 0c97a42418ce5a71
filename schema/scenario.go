package schema

import (
	"path/filepath"
	"strconv"
	"time"

	"cuelang.org/go/cue"

	"github.com/flyball-dev/flyball/engine"
)

// Scenario is a story of one policy.
type Scenario struct {
	Policy   string // empty: the only one there is
	At       time.Time
	Replicas engine.Replicas
	Steps    []ScenarioStep
}

// ScenarioStep is one instant of a story, with what is expected of the decision. What is empty may be anything.
type ScenarioStep struct {
	Line     int
	At       time.Duration
	Replicas *engine.Replicas // nil: what the last decision made
	Metrics  map[string]engine.Reading
	Action   engine.Action
	To       *int
	Reason   string
}

// DecodeScenario reads a scenario file: .yaml, .json or .cue by its name. Where there are problems, what was read is not to
// be used.
func DecodeScenario(name string, text []byte) (Scenario, []engine.Problem) {
	v, r, w, problems := walked(file{path: name, kind: kindOf("story" + filepath.Ext(name)), text: text}, "#Scenario")
	if len(problems) > 0 {
		return Scenario{}, problems
	}
	s := Scenario{Policy: r.text("policy"), Replicas: ready(r.whole("replicas"))}
	if at, err := time.Parse(time.RFC3339, r.text("at")); err == nil {
		s.At = at
	}
	written, err := v.LookupPath(pathOf("steps")).List()
	if err != nil {
		return s, arrange(w.problems)
	}
	for i, full := range r.list("steps") {
		written.Next()
		s.Steps = append(s.Steps, w.step(written.Value(), full, join("steps", strconv.Itoa(i))))
	}
	w.inOrder(v, s.Steps)
	return s, arrange(w.problems)
}

func (w *walk) step(v cue.Value, r reader, path string) ScenarioStep {
	s := ScenarioStep{
		Line: valuePlace(v).Line, At: r.time("at", 0),
		Metrics: map[string]engine.Reading{},
		Action:  engine.Action(r.text("expect.action")), Reason: r.text("expect.reason"),
	}
	if r.at("replicas").Exists() {
		n := ready(r.whole("replicas"))
		s.Replicas = &n
	}
	if r.at("expect.to").Exists() {
		n := r.whole("expect.to")
		s.To = &n
	}
	iter, err := v.LookupPath(pathOf("metrics")).Fields()
	if err != nil {
		return s
	}
	for iter.Next() {
		name := iter.Selector().Unquoted()
		s.Metrics[name] = w.reading(iter.Value(), join(join(path, "metrics"), name))
	}
	return s
}

// inOrder reports a step that is told before what came earlier.
func (w *walk) inOrder(v cue.Value, steps []ScenarioStep) {
	for i := 1; i < len(steps); i++ {
		path := join(join("steps", strconv.Itoa(i)), "at")
		if steps[i].At >= steps[i-1].At || !w.sound("steps") {
			continue
		}
		at := v.LookupPath(cue.MakePath(cue.Str("steps"), cue.Index(i), cue.Str("at")))
		w.report(valuePlace(at), path, "at is %s, after a step at %s; write the steps in the order of time", short(steps[i].At), short(steps[i-1].At))
	}
}

func ready(n int) engine.Replicas { return engine.Replicas{Current: n, Ready: n} }
