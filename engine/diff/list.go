package diff

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// metrics match by name. What follows from another field unless it is written is said only where it does not follow.
func metrics(p engine.Policy) []item {
	var all []item
	for i, m := range p.Metrics {
		one := item{path: "metrics[" + m.Name + "]", fields: []Field{
			{"type", m.Type, nil},
			{"source", m.Source, nil},
			{"service", nil, nil},
			{"query", text(m.Query), nil},
			{"expr", text(m.Expr), nil},
			{"rule", text(m.Rule), nil},
			{"aggregation", m.Aggregation, nil},
			{"window", m.Window, more("follows the load slower", "follows the load faster")},
			{"staleAfter", nil, longer("is believed for %s longer", "is believed for %s less")},
			{"weight", m.Weight, more("counts more in the confidence", "counts less in the confidence")},
			{"scope", string(m.Scope), nil},
			{"onMissing", m.OnMissing, missing},
			{"floor", count(m.Floor), by("at least %d replicas while it is not ok")},
		}}
		if m.Service != p.Service {
			one.fields[2].Value = m.Service
		}
		if m.StaleAfter != max(2*m.Window, 2*time.Minute) {
			one.fields[8].Value = m.StaleAfter
		}
		if m.Rule != "" { // it sees those above it
			one.fields = append(one.fields, Field{"above", text(above(p.Metrics[:i])), nil})
		}
		one.whole = fmt.Sprintf("%s of %s, %s of %s", m.Type, m.Source, m.Aggregation, short(m.Window))
		all = append(all, one)
	}
	return all
}

func above(metrics []engine.Metric) string {
	var names []string
	for _, m := range metrics {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// thresholds match by their metric and form.
func thresholds(p engine.Policy) []item {
	var all []item
	for _, t := range p.Thresholds {
		up, down := more("raises later", "raises earlier"), more("lowers earlier", "lowers later")
		if t.Comparison == engine.LessThan {
			up, down = more("raises earlier", "raises later"), more("lowers later", "lowers earlier")
		}
		all = append(all, item{path: "thresholds[" + t.Metric + "]", fields: []Field{
			{"scaleUp", t.ScaleUp, up}, {"scaleDown", t.ScaleDown, down}, {"comparison", string(t.Comparison), nil},
		}, whole: fmt.Sprintf("scaleUp %s, scaleDown %s, %s", number(t.ScaleUp), number(t.ScaleDown), t.Comparison)})
	}
	for _, t := range p.Targets {
		all = append(all, item{path: "thresholds[" + t.Metric + "]", form: "target", fields: []Field{
			{"target", t.Value, held}, {"tolerance", t.Tolerance, more("acts further from the target", "acts closer to the target")},
		}, whole: fmt.Sprintf("target %s, tolerance %s", number(t.Value), number(t.Tolerance))})
	}
	for _, b := range p.Bands {
		one := item{path: "thresholds[" + b.Metric + "]", form: "bands"}
		known := map[string]bool{}
		var whole []string
		for _, band := range b.Bands {
			name, does := bound(band)
			if !known[name] { // of two at one bound the first holds
				known[name] = true
				one.fields = append(one.fields, Field{name, does, nil})
				whole = append(whole, name+" "+does)
			}
		}
		one.whole = strings.Join(whole, ", ")
		all = append(all, one)
	}
	return all
}

func bound(b engine.Band) (name, does string) {
	if b.Above != nil {
		return "above " + number(*b.Above), fmt.Sprintf("add %d", b.Add)
	}
	if b.Below != nil {
		return "below " + number(*b.Below), fmt.Sprintf("remove %d", b.Remove)
	}
	return "", ""
}

// windows match by name, and those without a name of their own by their bounds.
func windows(p engine.Policy) []item {
	var all []item
	for _, w := range p.Schedule {
		zone := w.Zone.In().String()
		to := w.To
		if to == 0 { // midnight, either way
			to = 24 * time.Hour
		}
		one := item{path: "schedule[" + w.Name + "]", fields: []Field{
			{"days", text(days(w.Days)), nil},
			{"dates", text(dates(w.Dates)), nil},
			{"from", daytime(w.From), until(to, "begins %s later", "begins %s earlier")},
			{"to", daytime(to), since(w.From, "lasts %s longer", "lasts %s less long")},
			{"timeZone", zone, nil},
			{"minReplicas", count(w.MinReplicas), fewest},
			{"maxReplicas", count(w.MaxReplicas), most},
			{"pause", text(w.Pause), pauses},
			{"prewarm", span(w.Prewarm), longer("prepares %s earlier", "prepares %s later")},
		}}
		if w.Name == clock(w.From)+" to "+clock(w.To)+" "+zone {
			one.kin = "unnamed"
		}
		var whole []string
		for _, f := range one.fields {
			if f.Value != nil {
				whole = append(whole, f.Path+" "+Text(written(f.Value)))
			}
		}
		one.whole = strings.Join(whole, ", ")
		all = append(all, one)
	}
	return all
}

// days are in the order of the week; all of them is the same as none.
func days(of []time.Weekday) string {
	sorted := slices.Compact(slices.Sorted(slices.Values(of)))
	if len(sorted) == 7 {
		return ""
	}
	names := make([]string, len(sorted))
	for i, day := range sorted {
		names[i] = strings.ToLower(day.String()[:3])
	}
	return strings.Join(names, ", ")
}

func dates(of []string) string {
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(of))), ", ")
}

func clock(since time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(since.Hours()), int(since.Minutes())%60)
}
