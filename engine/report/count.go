package report

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// of makes a length of time and its share of a whole.
func of(part, whole time.Duration) Time {
	if whole <= 0 {
		return Time{}
	}
	return Time{Seconds: part.Seconds(), Share: part.Seconds() / whole.Seconds()}
}

// count adds up stretches of a range that is so long.
func (a *Account) count(stretches []stretch, whole time.Duration) {
	type wish struct {
		reason string
		action engine.Action
	}
	var watched, atMin, atMax, past, pastAtMax, unknown time.Duration
	vetoes, alone := map[wish]time.Duration{}, map[string]time.Duration{}
	for i, s := range stretches {
		d, terms := s.length(), s.record.Terms
		watched += d
		a.ReplicaHours += float64(s.replicas) * d.Hours()
		if a.Most = max(a.Most, s.replicas); i == 0 || s.replicas < a.Least {
			a.Least = s.replicas
		}
		if s.replicas <= terms.Min {
			atMin += d
		} else if terms.Alone != "" {
			alone[terms.Alone] += d
		}
		full := terms.Max > 0 && s.replicas >= terms.Max
		if full {
			atMax += d
		}
		switch {
		case terms.Load == engine.LoadPast && full:
			past, pastAtMax = past+d, pastAtMax+d
		case terms.Load == engine.LoadPast:
			past += d
		case terms.Load == engine.LoadUnknown, terms.Every == 0: // of a flyball that did not say
			unknown += d
		}
		if reason, action, held := vetoed(*s.record); held {
			vetoes[wish{reason, action}] += d
		}
	}
	a.Watched = of(watched, whole)
	a.AtMin, a.AtMax = of(atMin, watched), of(atMax, watched)
	a.Past, a.PastAtMax, a.Unknown = of(past, watched), of(pastAtMax, watched), of(unknown, watched)
	if watched > 0 {
		a.Mean = a.ReplicaHours / watched.Hours()
	}
	for w, d := range vetoes {
		a.Vetoes = append(a.Vetoes, Veto{w.reason, w.action, of(d, watched)})
	}
	slices.SortFunc(a.Vetoes, func(a, b Veto) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), strings.Compare(a.Reason, b.Reason), cmp.Compare(a.Wish, b.Wish))
	})
	for _, metric := range slices.Sorted(maps.Keys(alone)) {
		a.Alone = append(a.Alone, Alone{metric, of(alone[metric], watched)})
	}
	slices.SortStableFunc(a.Alone, func(a, b Alone) int { return cmp.Compare(b.Seconds, a.Seconds) })
}

// vetoed says why the guard held a wish of the rules, or of the bounds, back altogether. That a policy at its minimum goes
// no lower is no veto.
func vetoed(r engine.Record) (reason string, wish engine.Action, held bool) {
	d := r.Decision
	wish = r.Recommendation.Action
	for _, step := range d.Trace {
		if step.Stage == "bounds" && (wish == engine.Hold || wish == "") {
			wish = engine.Between(d.From, step.To)
		}
		held = held || step.Reason != "" && step.Reason == d.Reason
	}
	if r.Request != nil || d.Action != engine.Hold || wish == engine.Hold || wish == "" || d.Reason == "AtMinimum" {
		return "", "", false
	}
	return d.Reason, wish, held
}

// decisions counts what was decided in the range. Of a row of which a part is in it, that part.
func (a *Account) decisions(rows []Row, from, to time.Time) {
	applied, confidence := 0, 0.0
	for _, r := range rows {
		n := share(r, from, to)
		a.Evaluations += n
		if r.Record.Recommendation.Error != "" {
			a.RulesFailed += n
		}
		d, rec := r.Record.Decision, r.Record.Recommendation
		if n > 0 && d.Action != engine.Hold && r.Record.Request == nil && rec.Action == d.Action {
			applied++
			confidence += rec.Confidence
		}
	}
	if applied > 0 {
		mean := confidence / float64(applied)
		a.Confidence = &mean
	}
}

// share is how many of a row's decisions lie in the range, which they do evenly.
func share(r Row, from, to time.Time) int {
	first, last := later(r.First, from), earlier(r.Last, to)
	if last.Before(first) {
		return 0
	}
	if whole := r.Last.Sub(r.First); whole > 0 {
		return 1 + int(math.Round(float64(r.Count-1)*last.Sub(first).Seconds()/whole.Seconds()))
	}
	return r.Count
}
