package schema

import (
	"fmt"
	"path/filepath"
	"time"

	"cuelang.org/go/cue"

	"github.com/flyball-dev/flyball/engine"
)

// Scenario is a story of one policy.
type Scenario struct {
	About    string // what an archive says above its files
	Policy   string // empty: the only one there is
	At       time.Time
	Replicas engine.Replicas
	Steps    []ScenarioStep
	Must     ScenarioMust
	Codes    []ScenarioCode // all that it names
}

// ScenarioCode is the code of a reason at the place where a scenario names it.
type ScenarioCode struct {
	Code   string
	Path   string
	File   string
	Line   int
	Column int
}

// ScenarioStep is one instant of a story, or a stretch of it.
type ScenarioStep struct {
	Line     int
	At       time.Duration
	Until    time.Duration    // the end of a stretch; not after At: an instant
	Every    time.Duration    // within a stretch; 0: the policy's interval
	Replicas *engine.Replicas // nil: what the last decision made
	Starting int
	Metrics  map[string]engine.Reading
	Ramps    map[string]ScenarioRamp // of metrics whose value changes along a stretch
	Rollout  string
	Paused   *string // the reason
	Restart  string  // daemon, machine
	Outcome  engine.Result
	Expect   ScenarioExpect
}

// ScenarioRamp is a value at the beginning of a stretch and at its end.
type ScenarioRamp struct{ From, To float64 }

// ScenarioExpect is what must hold of a step's decisions. What is empty may be anything.
type ScenarioExpect struct {
	Action     engine.Action
	To         *int
	Reason     string
	NoReason   string
	Confidence [2]*float64 // the least and the most confidence
	Replicas   *int
}

// ScenarioMust is what must hold of a whole story. What is empty may be anything.
type ScenarioMust struct {
	Line       int
	Final      *int
	NeverAbove *int
	NeverBelow *int
	NoFlap     time.Duration
	Changes    [2]*int // the fewest and the most
	Reasons    []string
	Never      []string
}

// steady is how long after a change its direction is kept, unless the author names another time.
const steady = 10 * time.Minute

// DecodeScenario reads a scenario file: .yaml, .json, .cue or a .txtar archive by its name. Where there are problems, what
// was read is not to be used.
func DecodeScenario(name string, text []byte) (Scenario, []engine.Problem) {
	if !Archived(name) {
		return decodeScenario(file{path: name, kind: kindOf("story" + filepath.Ext(name)), text: text})
	}
	a, problems := unpack(name, text)
	if len(problems) > 0 {
		return Scenario{}, problems
	}
	s, problems := decodeScenario(a.story)
	s.About = a.about
	for i, c := range s.Codes {
		s.Codes[i].File = placed(name, c.File)
	}
	return s, Placed(name, problems)
}

func decodeScenario(f file) (Scenario, []engine.Problem) {
	v, r, w, problems := walked(f, "#Scenario")
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
	expects := false
	for i, full := range r.list("steps") {
		written.Next()
		expects = expects || full.at("expect").Exists()
		s.Steps = append(s.Steps, w.step(written.Value(), full, place(i)))
	}
	s.Must = w.must(v, r)
	s.Codes = codes(v, s)
	w.inOrder(v, s.Steps)
	if written := v.LookupPath(pathOf("steps")); !expects && !v.LookupPath(pathOf("must")).Exists() && w.sound("steps") {
		w.report(labelPlace(written), "steps", "nothing is expected; write expect in a step, or must beside the steps")
	}
	return s, arrange(w.problems)
}

func (w *walk) step(v cue.Value, r reader, path string) ScenarioStep {
	s := ScenarioStep{
		Line: valuePlace(v).Line, At: r.time("at", 0), Until: r.time("until", 0), Every: r.time("every", 0),
		Starting: r.whole("starting"), Metrics: map[string]engine.Reading{}, Ramps: map[string]ScenarioRamp{},
		Rollout: r.text("rollout"), Restart: r.text("restart"), Outcome: engine.Result(r.text("outcome")),
		Expect: ScenarioExpect{
			Action: engine.Action(r.text("expect.action")), To: r.count("expect.to"),
			Reason: r.text("expect.reason"), NoReason: r.text("expect.noReason"),
			Confidence: [2]*float64{r.optional("expect.confidence.least"), r.optional("expect.confidence.most")},
			Replicas:   r.count("expect.replicas"),
		},
	}
	if n := r.count("replicas"); n != nil {
		all := ready(*n)
		s.Replicas = &all
	}
	if why := r.text("paused"); why != "" || r.flag("paused") {
		s.Paused = &why
	}
	if at := join(path, "every"); r.at("every").Exists() && !r.at("until").Exists() && w.sound(at) {
		w.report(valuePlace(v.LookupPath(pathOf("every"))), at, "%s has no end; write until beside it", at)
	}
	if at := join(path, "until"); r.at("until").Exists() && s.Until <= s.At && w.sound(at, join(path, "at")) {
		w.report(valuePlace(v.LookupPath(pathOf("until"))), at, "%s is %s, and the step begins at %s; allowed: a later time since the beginning",
			at, engine.Short(s.Until), engine.Short(s.At))
	}
	iter, err := v.LookupPath(pathOf("metrics")).Fields()
	if err != nil {
		return s
	}
	for iter.Next() {
		name := iter.Selector().Unquoted()
		at := join(join(path, "metrics"), name)
		reading := w.reading(iter.Value(), at)
		if ramp, found := w.ramp(iter.Value(), at, r.at("until").Exists()); found {
			s.Ramps[name] = ramp
			reading.Status, reading.Value = engine.OK, &ramp.From
		}
		s.Metrics[name] = reading
	}
	return s
}

// ramp reads a value that changes along a stretch; false where it is another.
func (w *walk) ramp(v cue.Value, path string, stretch bool) (ScenarioRamp, bool) {
	r := reader{v}
	from, to := r.optional("from"), r.optional("to")
	if from == nil && to == nil {
		return ScenarioRamp{}, false
	}
	switch {
	case !w.sound(path):
	case from == nil || to == nil:
		w.report(valuePlace(v), path, "%s has half a ramp; allowed: from and to together", path)
	case r.at("value").Exists() || r.at("status").Exists():
		w.report(valuePlace(v), path, "%s has a ramp beside value or status; allowed: one of them", path)
	case !stretch:
		w.report(valuePlace(v), path, "%s is a ramp, and the step is an instant; write until in the step, or a number here", path)
	default:
		return ScenarioRamp{*from, *to}, true
	}
	return ScenarioRamp{}, true
}

func (w *walk) must(v cue.Value, r reader) ScenarioMust {
	m := ScenarioMust{
		Final: r.count("must.final"), NeverAbove: r.count("must.neverAbove"), NeverBelow: r.count("must.neverBelow"),
		NoFlap:  r.time("must.noFlap", 0),
		Changes: [2]*int{r.count("must.changes.least"), r.count("must.changes.most")},
		Reasons: r.texts("must.reasons"), Never: r.texts("must.never"),
	}
	if r.flag("must.noFlap") {
		m.NoFlap = steady
	}
	if written := v.LookupPath(pathOf("must")); written.Exists() {
		m.Line = labelPlace(written).Line
	}
	return m
}

func (r reader) count(path string) *int {
	if !r.at(path).Exists() {
		return nil
	}
	n := r.whole(path)
	return &n
}

func (r reader) texts(path string) []string {
	var texts []string
	for _, element := range r.list(path) {
		text, _ := element.v.String()
		texts = append(texts, text)
	}
	return texts
}

// codes are those that a scenario names, with their places.
func codes(v cue.Value, s Scenario) []ScenarioCode {
	var all []ScenarioCode
	add := func(code, path string) {
		at := valuePlace(v.LookupPath(pathOf(path)))
		if code != "" {
			all = append(all, ScenarioCode{code, path, at.Filename, at.Line, at.Column})
		}
	}
	for i, step := range s.Steps {
		add(step.Expect.Reason, place(i)+".expect.reason")
		add(step.Expect.NoReason, place(i)+".expect.noReason")
	}
	for i, code := range s.Must.Reasons {
		add(code, fmt.Sprintf("must.reasons[%d]", i))
	}
	for i, code := range s.Must.Never {
		add(code, fmt.Sprintf("must.never[%d]", i))
	}
	return all
}

// inOrder reports a step that is told before what came earlier.
func (w *walk) inOrder(v cue.Value, steps []ScenarioStep) {
	for i := 1; i < len(steps); i++ {
		path, before := join(place(i), "at"), max(steps[i-1].At, steps[i-1].Until)
		if steps[i].At >= before || !w.sound("steps") {
			continue
		}
		at := v.LookupPath(cue.MakePath(cue.Str("steps"), cue.Index(i), cue.Str("at")))
		w.report(valuePlace(at), path, "at is %s, after a step at %s; write the steps in the order of time", engine.Short(steps[i].At), engine.Short(before))
	}
}

// place is the path of a step.
func place(step int) string { return fmt.Sprintf("steps[%d]", step) }

func ready(n int) engine.Replicas { return engine.Replicas{Current: n, Ready: n} }
