package rego

import (
	"math"
	"strconv"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/flyball-dev/flyball/engine"
)

// words are the parts that every document is made of, as terms that all evaluations share. What is not among them is
// made anew.
type words struct {
	texts    map[string]*ast.Term
	numbers  map[float64]*ast.Term
	policies map[Terms]*ast.Term
}

// newWords collects the fields of a document, what they may say, and what the policies say.
func newWords(policies []engine.Policy) words {
	w := words{texts: map[string]*ast.Term{}, numbers: map[float64]*ast.Term{}, policies: map[Terms]*ast.Term{}}
	w.add("at", "policy", "service", "metrics", "thresholds", "targets", "bands", "schedule", "history",
		"name", "minReplicas", "maxReplicas", "scaleUpBy", "scaleDownBy", "minConfidence",
		"replicas", "current", "ready", "starting",
		"status", "value", "previous", "samples", "age_seconds", "slope_per_minute", "forecast", "expected", "reporting", "detail",
		"metric", "scaleUp", "scaleDown", "comparison", "ignored", "observed", "share", "up", "down",
		"target", "tolerance", "ratio", "load", "silent", "over", "under", "coming", "beyond", "add", "remove", "edge", "windows", "window", "prewarming", "pause",
		"last_action", "seconds_since_scale", "success_rate", "events", "action", "from", "to", "result",
		string(engine.OK), string(engine.Stale), string(engine.Missing), string(engine.Invalid),
		string(engine.GreaterThan), string(engine.LessThan), string(engine.PercentageChange),
		string(engine.ScaleUp), string(engine.ScaleDown), string(engine.Hold))
	for _, p := range policies {
		w.add(p.Name, p.Service)
		for _, m := range p.Metrics {
			w.add(m.Name)
		}
		for _, m := range Measure(p, engine.Snapshot{}) {
			for _, v := range []float64{m.ScaleUp, m.ScaleDown, m.Share} {
				w.numbers[v] = w.number(v)
			}
		}
		terms := termsOf(p)
		w.policies[terms] = w.policy(terms)
	}
	return w
}

func (w words) add(list ...string) {
	for _, s := range list {
		w.texts[s] = ast.StringTerm(s)
	}
}

func (w words) text(s string) *ast.Term {
	if t := w.texts[s]; t != nil {
		return t
	}
	return ast.StringTerm(s)
}

// number writes whole numbers without an exponent, as long as a float holds them exactly.
func (w words) number(v float64) *ast.Term {
	const exact = 1 << 53
	if v == math.Trunc(v) && math.Abs(v) < exact {
		return ast.InternedTerm(int(v))
	}
	if t := w.numbers[v]; t != nil {
		return t
	}
	return ast.NewTerm(ast.Number(strconv.FormatFloat(v, 'g', -1, 64)))
}

func (w words) item(key string, value *ast.Term) [2]*ast.Term { return ast.Item(w.text(key), value) }

func (w words) optional(items [][2]*ast.Term, key string, value *float64) [][2]*ast.Term {
	if value == nil {
		return items
	}
	return append(items, w.item(key, w.number(*value)))
}

func (w words) detail(items [][2]*ast.Term, text string) [][2]*ast.Term {
	if text == "" {
		return items
	}
	return append(items, w.item("detail", ast.StringTerm(text)))
}

// document builds the value that OPA evaluates. It is what decoding the document's JSON would give (a test holds it to
// that), without the detour, which would cost more than the evaluation. What nobody needs is left out.
func (w words) document(d Document, n needs) *ast.Term {
	items := append(make([][2]*ast.Term, 0, 9),
		w.item("policy", w.policy(d.Policy)),
		w.item("service", object(
			w.item("name", w.text(d.Service.Name)),
			w.item("replicas", object(
				w.item("current", ast.InternedTerm(d.Service.Replicas.Current)),
				w.item("ready", ast.InternedTerm(d.Service.Replicas.Ready)),
				w.item("starting", ast.InternedTerm(d.Service.Replicas.Starting)),
			)),
		)),
		w.item("thresholds", list(d.Thresholds, w.measured)),
		w.item("targets", list(d.Targets, w.tracked)),
		w.item("bands", list(d.Bands, w.banded)),
		w.item("history", w.history(d.History, n)),
	)
	if d.Schedule != nil {
		items = append(items, w.item("schedule", w.schedule(*d.Schedule)))
	}
	if n.at {
		items = append(items, w.item("at", instant(d.At)))
	}
	if n.metrics {
		items = append(items, w.item("metrics", w.metrics(d.Metrics)))
	}
	return object(items...)
}

func (w words) metrics(metrics map[string]engine.Reading) *ast.Term {
	items := make([][2]*ast.Term, 0, len(metrics))
	for name, r := range metrics {
		items = append(items, w.item(name, w.reading(r)))
	}
	return object(items...)
}

func (w words) policy(t Terms) *ast.Term {
	if known := w.policies[t]; known != nil {
		return known
	}
	return object(
		w.item("name", w.text(t.Name)),
		w.item("service", w.text(t.Service)),
		w.item("minReplicas", ast.InternedTerm(t.MinReplicas)),
		w.item("maxReplicas", ast.InternedTerm(t.MaxReplicas)),
		w.item("scaleUpBy", ast.InternedTerm(t.ScaleUpBy)),
		w.item("scaleDownBy", ast.InternedTerm(t.ScaleDownBy)),
		w.item("minConfidence", w.number(t.MinConfidence)),
	)
}

func (w words) reading(r engine.Reading) *ast.Term {
	items := append(make([][2]*ast.Term, 0, 10),
		w.item("status", w.text(string(r.Status))),
		w.item("samples", ast.InternedTerm(r.Samples)),
		w.item("age_seconds", w.number(r.AgeSeconds)),
		w.item("reporting", ast.InternedTerm(r.Reporting)),
	)
	items = w.optional(items, "value", r.Value)
	items = w.optional(items, "previous", r.Previous)
	items = w.optional(items, "slope_per_minute", r.SlopePerMinute)
	items = w.optional(items, "forecast", r.Forecast)
	items = w.optional(items, "expected", r.Expected)
	return object(w.detail(items, r.Detail)...)
}

func (w words) measured(m Measured) *ast.Term {
	items := append(make([][2]*ast.Term, 0, 11),
		w.item("metric", w.text(m.Metric)),
		w.item("scaleUp", w.number(m.ScaleUp)),
		w.item("scaleDown", w.number(m.ScaleDown)),
		w.item("comparison", w.text(string(m.Comparison))),
		w.item("status", w.text(string(m.Status))),
		w.item("ignored", ast.InternedTerm(m.Ignored)),
		w.item("share", w.number(m.Share)),
		w.item("up", w.number(m.Up)),
		w.item("down", w.number(m.Down)),
	)
	items = w.optional(items, "observed", m.Observed)
	return object(w.detail(items, m.Detail)...)
}

func (w words) sight(items [][2]*ast.Term, s Sight) [][2]*ast.Term {
	items = append(items,
		w.item("status", w.text(string(s.Status))),
		w.item("ignored", ast.InternedTerm(s.Ignored)),
		w.item("share", w.number(s.Share)),
		w.item("up", w.number(s.Up)),
		w.item("down", w.number(s.Down)),
	)
	items = w.optional(items, "observed", s.Observed)
	return w.detail(items, s.Detail)
}

func (w words) tracked(t Tracked) *ast.Term {
	items := append(make([][2]*ast.Term, 0, 18),
		w.item("metric", w.text(t.Metric)),
		w.item("target", w.number(t.Value)),
		w.item("tolerance", w.number(t.Tolerance)),
		w.item("silent", ast.InternedTerm(t.Silent)),
		w.item("over", w.number(t.Over)),
		w.item("under", w.number(t.Under)),
	)
	items = w.optional(items, "ratio", t.Ratio)
	items = w.optional(items, "load", t.Load)
	items = w.optional(items, "expected", t.Expected)
	items = w.optional(items, "coming", t.Coming)
	items = w.optional(items, "beyond", t.Beyond)
	return object(w.sight(items, t.Sight)...)
}

func (w words) banded(b Banded) *ast.Term {
	items := append(make([][2]*ast.Term, 0, 11),
		w.item("metric", w.text(b.Metric)),
		w.item("add", ast.InternedTerm(b.Add)),
		w.item("remove", ast.InternedTerm(b.Remove)),
	)
	items = w.optional(items, "edge", b.Edge)
	return object(w.sight(items, b.Sight)...)
}

func (w words) schedule(s Schedule) *ast.Term {
	items := append(make([][2]*ast.Term, 0, 6),
		w.item("windows", list(s.Windows, w.text)),
		w.item("window", w.text(s.Window)),
		w.item("prewarming", ast.InternedTerm(s.Prewarming)),
	)
	if s.MinReplicas > 0 {
		items = append(items, w.item("minReplicas", ast.InternedTerm(s.MinReplicas)))
	}
	if s.MaxReplicas > 0 {
		items = append(items, w.item("maxReplicas", ast.InternedTerm(s.MaxReplicas)))
	}
	if s.Pause != "" {
		items = append(items, w.item("pause", ast.StringTerm(s.Pause)))
	}
	return object(items...)
}

func list[T any](all []T, term func(T) *ast.Term) *ast.Term {
	terms := make([]*ast.Term, len(all))
	for i, one := range all {
		terms[i] = term(one)
	}
	return ast.ArrayTerm(terms...)
}

func (w words) history(h engine.History, n needs) *ast.Term {
	items := append(make([][2]*ast.Term, 0, 4),
		w.item("last_action", w.text(string(h.LastAction))),
		w.item("success_rate", w.number(h.SuccessRate)),
	)
	if n.since {
		items = w.optional(items, "seconds_since_scale", h.SecondsSinceScale)
	}
	if n.events {
		items = append(items, w.item("events", list(h.Events, w.event)))
	}
	return object(items...)
}

func (w words) event(e engine.Past) *ast.Term {
	return object(
		w.item("at", instant(e.At)),
		w.item("action", w.text(string(e.Action))),
		w.item("from", ast.InternedTerm(e.From)),
		w.item("to", ast.InternedTerm(e.To)),
		w.item("result", w.text(string(e.Result))),
	)
}

func object(items ...[2]*ast.Term) *ast.Term { return ast.ObjectTerm(items...) }

func instant(t time.Time) *ast.Term { return ast.StringTerm(t.Format(time.RFC3339Nano)) }
