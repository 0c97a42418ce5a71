package schema

import (
	"path/filepath"
	"time"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/parser"

	"github.com/flyball-dev/flyball/engine"
)

// SnapshotFile stands in for the world where there is none, as in `flyball eval`.
type SnapshotFile struct {
	At       time.Time
	Services map[string]SnapshotService // by name
}

// SnapshotService is one service as such a file shows it.
type SnapshotService struct {
	Line         int
	Replicas     engine.Replicas
	Metrics      map[string]engine.Reading // by the name of the metric; AgeSeconds against staleAfter is left to the caller
	History      *engine.History           // nil: not given
	CooldownUp   time.Duration             // left
	CooldownDown time.Duration             // left
	Paused       bool
	PauseReason  string
	Rollout      string // why the target asks to be left alone; empty: it does not
}

// DecodeSnapshot reads a snapshot file: .json, .yaml, .yml or .cue by its name, JSON without one of these. Where there are
// problems, what was read is not to be used.
func DecodeSnapshot(name string, text []byte) (SnapshotFile, []engine.Problem) {
	v, r, w, problems := walked(file{path: name, kind: kindOf(filepath.Base(name)), text: text}, "#SnapshotFile")
	if len(problems) > 0 {
		return SnapshotFile{}, problems
	}
	s := SnapshotFile{Services: map[string]SnapshotService{}}
	if at, err := time.Parse(time.RFC3339, r.text("at")); err == nil {
		s.At = at
	}
	services := v.LookupPath(pathOf("services"))
	iter, err := services.Fields()
	if err != nil {
		return s, arrange(w.problems)
	}
	for iter.Next() {
		service := iter.Selector()
		path := join("services", service.Unquoted())
		full := reader{r.v.LookupPath(cue.MakePath(cue.Str("services"), service))}
		s.Services[service.Unquoted()] = w.snapshotService(iter.Value(), full, path)
	}
	return s, arrange(w.problems)
}

// walked reads a file that stands alone and holds it to a definition: the author's value, a reader of it with the defaults,
// and the walk with what is wrong with its fields. Problems are of a file that can't be read that far.
func walked(f file, definition string) (cue.Value, reader, *walk, []engine.Problem) {
	if p := screen(f.path, f.text); p != nil {
		return cue.Value{}, reader{}, nil, []engine.Problem{*p}
	}
	ctx := cuecontext.New()
	defs, err := definitions(ctx)
	if err != nil {
		return cue.Value{}, reader{}, nil, []engine.Problem{{File: f.path, Message: err.Error()}}
	}
	v, problems := valueOf(ctx, f)
	if len(problems) > 0 {
		return v, reader{}, nil, problems
	}
	d := defs.LookupPath(cue.ParsePath(definition))
	s, err := shapeOf(d)
	if err != nil {
		return v, reader{}, nil, []engine.Problem{{File: f.path, Message: err.Error()}}
	}
	w := &walk{}
	w.value(v, s, "")
	return v, reader{d.Unify(v)}, w, nil
}

func valueOf(ctx *cue.Context, f file) (cue.Value, []engine.Problem) {
	switch f.kind {
	case cueFile:
		if p := screenCUE(f.path, f.text); p != nil {
			return cue.Value{}, []engine.Problem{*p}
		}
		syntax, err := parser.ParseFile(f.path, f.text, parser.AllErrors)
		if err != nil {
			return cue.Value{}, syntaxProblems(f.path, err)
		}
		inst := build.NewContext().NewInstance("", nil)
		if err := inst.AddSyntax(syntax); err != nil {
			return cue.Value{}, syntaxProblems(f.path, err)
		}
		if err := inst.Complete(); err != nil {
			return cue.Value{}, syntaxProblems(f.path, err)
		}
		v := ctx.BuildInstance(inst)
		if _, err := v.Fields(); err != nil {
			return v, syntaxProblems(f.path, v.Err())
		}
		return v, nil
	case yamlFile:
	default:
		f.kind = jsonFile
	}
	expr, problems := parseData(f)
	if len(problems) > 0 {
		return cue.Value{}, problems
	}
	return ctx.BuildExpr(expr), nil
}

// snapshotService reads one service, with what its shape leaves to rules: counts that agree, and metrics that are ok
// only with a value.
func (w *walk) snapshotService(v cue.Value, r reader, path string) SnapshotService {
	up, down := r.timeLeft("state.cooldown_left")
	s := SnapshotService{
		Line:         labelPlace(v).Line,
		Replicas:     w.replicas(v, r, path),
		Metrics:      map[string]engine.Reading{},
		History:      r.history(),
		CooldownUp:   up,
		CooldownDown: down,
		Paused:       r.flag("state.paused") || r.text("state.paused") != "",
		PauseReason:  r.text("state.paused"),
		Rollout:      r.text("state.rollout"),
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

func (w *walk) replicas(v cue.Value, r reader, path string) engine.Replicas {
	n := engine.Replicas{Current: r.whole("replicas.current"), Ready: r.whole("replicas.ready"), Starting: r.whole("replicas.starting")}
	ready, starting := r.at("replicas.ready").Exists(), r.at("replicas.starting").Exists()
	switch {
	case !ready:
		n.Ready = n.Current - n.Starting
	case !starting:
		n.Starting = n.Current - n.Ready
	}
	if at := join(path, "replicas"); w.sound(at) && (n.Ready < 0 || n.Starting < 0 || n.Ready+n.Starting > n.Current) {
		w.report(valuePlace(v.LookupPath(pathOf("replicas"))), at,
			"%s: current is %d; allowed: ready and starting that together are at most that", at, n.Current)
	}
	return n
}

func (w *walk) reading(v cue.Value, path string) engine.Reading {
	if value, err := v.Float64(); err == nil {
		return engine.Reads(value)
	}
	r := reader{v}
	m := engine.Reading{
		Status:         engine.Status(r.text("status")),
		Value:          r.optional("value"),
		Previous:       r.optional("previous"),
		Samples:        r.whole("samples"),
		AgeSeconds:     r.real("age_seconds"),
		SlopePerMinute: r.optional("slope_per_minute"),
		Forecast:       r.optional("forecast"),
		Reporting:      r.whole("reporting"),
	}
	if m.Status == "" {
		m.Status = engine.OK
		if m.Value == nil {
			m.Status = engine.Missing
		}
	}
	switch {
	case m.Status == engine.OK && m.Value == nil && w.sound(path):
		w.report(valuePlace(v), path, `%s is ok without a value; write a value, or status: "missing"`, path)
	case m.Status != engine.OK:
		m.Value = nil // what is not to be trusted is not to be seen
	}
	return m
}

func (r reader) optional(path string) *float64 {
	if !r.at(path).Exists() {
		return nil
	}
	n := r.real(path)
	return &n
}

// timeLeft is a duration for each direction, written once for both or apart.
func (r reader) timeLeft(path string) (up, down time.Duration) {
	both := r.time(path, 0)
	return r.time(path+".up", both), r.time(path+".down", both)
}

func (r reader) history() *engine.History {
	if !r.at("history").Exists() {
		return nil
	}
	h := &engine.History{
		LastAction:        engine.Action(r.text("history.last_action")),
		SecondsSinceScale: r.optional("history.seconds_since_scale"),
		SuccessRate:       r.real("history.success_rate"),
		Events:            []engine.Past{},
	}
	for _, e := range r.list("history.events") {
		at, _ := time.Parse(time.RFC3339, e.text("at"))
		h.Events = append(h.Events, engine.Past{
			At: at, Action: engine.Action(e.text("action")), From: e.whole("from"), To: e.whole("to"), Result: engine.Result(e.text("result")),
		})
	}
	return h
}
