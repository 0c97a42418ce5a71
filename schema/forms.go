package schema

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// defaultTolerance is the HPA's.
const defaultTolerance = 0.1

// threshold reads one of the author's thresholds into the list of its form.
func (w *written) threshold(i int, r reader) {
	p, metric := &w.policy, r.text("metric")
	switch {
	case r.at("target").Exists():
		tolerance := defaultTolerance
		if r.at("tolerance").Exists() {
			tolerance = r.real("tolerance")
		}
		p.Targets = append(p.Targets, engine.Target{Metric: metric, Value: r.real("target"), Tolerance: tolerance})
		w.aims = append(w.aims, i)
	case r.at("bands").Exists():
		bands := engine.Bands{Metric: metric}
		for _, b := range r.list("bands") {
			bands.Bands = append(bands.Bands, engine.Band{
				Above: b.optional("above"), Below: b.optional("below"), Add: b.whole("add"), Remove: b.whole("remove"),
			})
		}
		p.Bands = append(p.Bands, bands)
		w.bands = append(w.bands, i)
	default:
		p.Thresholds = append(p.Thresholds, engine.Threshold{
			Metric:     metric,
			ScaleUp:    r.real("scaleUp"),
			ScaleDown:  r.real("scaleDown"),
			Comparison: engine.Comparison(cmp.Or(r.text("comparison"), string(engine.GreaterThan))),
		})
		w.bounds = append(w.bounds, i)
	}
}

// strategies are those that decide, the author's own rules last.
func (r reader) strategies() []string {
	var names []string
	if one := r.text("strategy"); one != "" {
		names = append(names, one)
	}
	for _, one := range r.list("strategy") {
		name, _ := one.v.String()
		names = append(names, name)
	}
	if rules := r.text("rules"); rules != "" && !slices.Contains(names, rules) {
		names = append(names, rules)
	}
	if names == nil {
		return []string{"threshold"}
	}
	return names
}

// named is where the author wrote each of the policy's strategies.
func (w *written) named() []Ask {
	asks := make([]Ask, len(w.policy.Strategies))
	paths := []string{"strategy"}
	if written := elements(w.value.LookupPath(pathOf("strategy"))); len(written) > 0 {
		paths = nil
		for i := range written {
			paths = append(paths, fmt.Sprintf("strategy[%d]", i))
		}
	}
	for _, path := range append(paths, "rules") {
		name, err := w.value.LookupPath(pathOf(path)).String()
		i := slices.Index(w.policy.Strategies, name)
		if err != nil || i < 0 || asks[i].Line > 0 {
			continue
		}
		at := w.place(path)
		field, _, _ := strings.Cut(path, "[")
		asks[i] = Ask{field, at.Filename, at.Line, at.Column}
	}
	return asks
}

// uses says whether a strategy is one of those that decide.
func uses(p engine.Policy, strategy string) bool { return slices.Contains(p.Strategies, strategy) }

func (r reader) pace(direction string) engine.Pace {
	pace := engine.Pace{Least: r.text("rates.select."+direction) == "least"}
	for _, one := range r.list("rates." + direction) {
		pace.Limits = append(pace.Limits, engine.Rate{
			Replicas: one.whole("replicas"), Percent: one.whole("percent"), Period: one.time("period", 0),
		})
	}
	return pace
}

func (r reader) window() engine.Window {
	w := engine.Window{
		From: clock(r.text("from")), To: clock(r.text("to")),
		MinReplicas: r.whole("minReplicas"), MaxReplicas: r.whole("maxReplicas"),
		Pause: r.text("pause"), Prewarm: r.time("prewarm", 0),
	}
	w.Name = cmp.Or(r.text("name"), r.text("from")+" to "+r.text("to")+" "+r.text("timeZone"))
	w.Zone, _ = engine.ParseZone(r.text("timeZone"))
	for _, day := range r.list("days") {
		name, _ := day.v.String()
		w.Days = append(w.Days, time.Weekday(max(0, slices.Index(weekdays, name))))
	}
	for _, date := range r.list("dates") {
		text, _ := date.v.String()
		w.Dates = append(w.Dates, text)
	}
	return w
}

// weekdays are in the order of time.Weekday.
var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// clock reads a time of day, such as 08:00, as what has passed since midnight.
func clock(text string) time.Duration {
	if text == "24:00" {
		return 24 * time.Hour
	}
	at, err := time.Parse("15:04", text)
	if err != nil {
		return 0 // the schema has said so
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
}
