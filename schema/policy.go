package schema

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"

	"github.com/flyball-dev/flyball/engine"
)

// written is a policy as the author wrote it, beside what the schema makes of it. It lives for one load.
type written struct {
	walk
	value  cue.Value     // the author's
	full   cue.Value     // unified with the schema: with defaults
	shape  *shape        // of a policy
	policy engine.Policy // what could be read of it
	bounds []int         // of policy.Thresholds: which of the author's thresholds each of them is
	aims   []int         // of policy.Targets
	bands  []int         // of policy.Bands
	api    bool          // it was posted
	rival  bool          // and is at odds with another one
}

// readPolicy checks one policy. key is the name that it has unless it says otherwise, "" if it must say.
func (b *rulebook) readPolicy(v cue.Value, key string) *written {
	return b.read(v, b.policy, key, "")
}

// readBody checks a policy that is alone in its file.
func (b *rulebook) readBody(v cue.Value) *written {
	return b.read(v, b.body, "", "config")
}

func (b *rulebook) read(v, definition cue.Value, key, beside string) *written {
	w := &written{value: v, full: definition.Unify(v), shape: b.policyShape}
	w.name, w.beside = key, beside
	if name, err := v.LookupPath(pathOf("name")).String(); err == nil {
		w.name = name
	}
	if k := v.IncompleteKind(); k != cue.StructKind && k != cue.BottomKind {
		w.leaf(v, b.policyShape, "")
		return w
	}
	invalid := w.full.Validate(cue.Concrete(true))
	if invalid != nil {
		w.full = b.policyShape.check.Unify(v) // rules between fields blur the fields that they read
		w.walk.value(v, b.policyShape, "")
	}
	if key == "" && !v.LookupPath(pathOf("name")).Exists() {
		w.report(labelPlace(v), "name", `name is missing; write one, such as name: "backend"`)
	}
	if named := v.LookupPath(pathOf("name")); key != "" && !named.Exists() && !b.policyShape.fields["name"].accepts(b.ctx.Encode(key)) {
		w.report(labelPlace(v), "name", "policy name %q; allowed: %s", abridge(key), b.policyShape.fields["name"].allowed)
	}
	w.read(key)
	w.rules()
	if invalid != nil && len(w.problems) == 0 {
		w.untranslated(invalid)
	}
	if len(w.wrong) == 0 && !slices.ContainsFunc(w.problems, func(p engine.Problem) bool { return !p.Warning }) {
		w.advise()
	}
	return w
}

// untranslated reports what only CUE noticed, in CUE's words. What its own words do not tell is that a definition of
// the author's leaves no room for the schema's defaults: each of those is an error, and one is enough.
func (w *written) untranslated(invalid error) {
	for _, err := range errors.Errors(invalid) {
		at, others := errorPlace(err)
		if !at.IsValid() {
			at = labelPlace(w.value)
		}
		said := plainly(err)
		if path := err.Path(); said == "field not allowed" && len(path) > 0 {
			w.report(at, "", "a definition of yours is closed and leaves no room for the field %q; write ... at its end, or use a "+
				"hidden field such as _base instead", path[len(path)-1])
			return
		}
		w.report(at, "", "%s%s", said, also(others))
	}
}

// read turns the policy into plain Go. Fields that are not sound come out as anything: rules ask sound first.
func (w *written) read(key string) {
	r := reader{w.full}
	at := labelPlace(w.value)
	p := &w.policy
	p.Name = key
	if name := r.text("name"); name != "" {
		p.Name = name
	}
	p.Service = r.text("service")
	p.Target = engine.Place{Driver: r.text("target.driver"), Project: r.text("target.project")}
	p.Enabled = r.flag("enabled")
	p.Mode = engine.Mode(r.text("mode"))
	p.MinReplicas, p.MaxReplicas = r.whole("minReplicas"), r.whole("maxReplicas")
	p.ScaleUpBy, p.ScaleDownBy, p.MaxStep = r.whole("scaleUpBy"), r.whole("scaleDownBy"), r.whole("maxStep")
	p.Strategies = r.strategies()
	p.Rates = engine.Rates{Up: r.pace("up"), Down: r.pace("down")}
	for _, window := range r.list("schedule") {
		p.Schedule = append(p.Schedule, window.window())
	}
	if uses(*p, "predictive") {
		p.Forecast.Horizon = r.time("forecast.horizon", 0)
		p.Forecast.Season, _ = time.ParseDuration(r.text("forecast.season"))
	}
	p.MinConfidence = r.real("minConfidence")
	p.EvaluationInterval = r.time("evaluationInterval", 0)
	rest := r.time("cooldownPeriod", 0)
	p.Cooldown = engine.UpDown{Up: r.time("cooldown.up", rest), Down: r.time("cooldown.down", rest)}
	p.Stabilization = engine.UpDown{Up: r.time("stabilization.up", 0), Down: r.time("stabilization.down", 0)}
	p.Rollout = engine.Rollout{
		ReadyDeadline: r.time("rollout.readyDeadline", 0),
		MinReady:      r.time("rollout.minReady", 0),
		Warmup:        r.time("rollout.warmup", 0),
		Drain:         r.drain("rollout.drain"),
		DrainDelay:    r.time("rollout.drainDelay", 0),
	}
	p.Metrics = []engine.Metric{}
	for _, m := range r.list("metrics") {
		p.Metrics = append(p.Metrics, m.metric(p.Service))
	}
	p.Thresholds = []engine.Threshold{}
	for i, t := range r.list("thresholds") {
		w.threshold(i, t)
	}
	p.File = fmt.Sprintf("%s:%d", at.Filename, at.Line)
}

func (r reader) metric(service string) engine.Metric {
	m := engine.Metric{
		Name:        r.text("name"),
		Type:        r.text("type"),
		Source:      r.text("source"),
		Service:     r.text("service"),
		Query:       r.text("query"),
		Expr:        r.text("expr"),
		Rule:        r.text("rule"),
		Aggregation: r.text("aggregation"),
		Window:      r.time("window", 0),
		Weight:      r.real("weight"),
		Scope:       engine.Scope(r.text("scope")),
		OnMissing:   r.text("onMissing"),
		Floor:       r.whole("floor"),
	}
	m.StaleAfter = r.time("staleAfter", max(2*m.Window, 2*time.Minute))
	if m.Service == "" {
		m.Service = service
	}
	if m.Scope == "" {
		m.Scope = scopeOf(m.Type)
	}
	return m
}

func (r reader) drain(path string) engine.Drain {
	d := engine.Drain{Timeout: r.time(path+".timeout", 0)}
	for _, word := range r.list(path + ".exec") {
		text, _ := word.v.String()
		d.Exec = append(d.Exec, text)
	}
	if r.at(path + ".http").Exists() {
		d.HTTP = &engine.Call{
			Service: r.text(path + ".http.service"), Method: r.text(path + ".http.method"),
			Port: r.whole(path + ".http.port"), Path: r.text(path + ".http.path"),
		}
	}
	return d
}

// scopeOf is how a type of metric answers to more replicas.
func scopeOf(kind string) engine.Scope {
	switch kind {
	case "cpu", "network":
		return engine.PerReplica
	case "request_rate", "queue_length":
		return engine.Total
	}
	return engine.Independent
}

// reader takes plain Go out of a value. What is absent or of another kind is the zero value.
type reader struct{ v cue.Value }

func (r reader) at(path string) cue.Value { return r.v.LookupPath(pathOf(path)) }

func (r reader) text(path string) string {
	s, _ := r.at(path).String()
	return s
}

func (r reader) flag(path string) bool {
	b, _ := r.at(path).Bool()
	return b
}

func (r reader) whole(path string) int {
	n, _ := r.at(path).Int64()
	return int(n)
}

func (r reader) real(path string) float64 {
	n, _ := r.at(path).Float64()
	return n
}

func (r reader) time(path string, otherwise time.Duration) time.Duration {
	v := r.at(path)
	if !v.Exists() {
		return otherwise
	}
	d, _ := duration(scalar(v), 0)
	return d
}

func (r reader) list(path string) []reader {
	var readers []reader
	for _, v := range elements(r.at(path)) {
		readers = append(readers, reader{v})
	}
	return readers
}

// body is what the author wrote of the policy, without what stands beside it.
func (w *written) body() (Body, error) {
	body, err := w.value.MarshalJSON()
	if err != nil || w.beside == "" || !w.value.LookupPath(pathOf(w.beside)).Exists() {
		return body, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, err
	}
	delete(fields, w.beside)
	return json.Marshal(fields)
}

// place is where the author wrote the value of a field, or else the nearest thing around it.
func (w *written) place(path string) token.Position {
	v := w.value.LookupPath(pathOf(path))
	if v.Exists() {
		if p := valuePlace(v); authored(p) {
			return p
		}
	}
	return labelPlace(w.value)
}
