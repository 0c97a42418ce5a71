package explain

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/guard"
)

const (
	ahead        = 24 * time.Hour // that is looked at
	mostInstants = 64
)

// instant is when something is over, and what.
type instant struct {
	at  time.Time
	why string
}

// later finds what happens when nothing changes but the time: the first instant at which a service that is held is scaled
// after all, or at least is held for another reason. The metrics go on reading what they read.
func (a *asker) later(c Case, base, lifted outcome) []engine.Alternative {
	a.left = 2 * mostInstants
	if base.decision.Action != engine.Hold || c.Request != nil {
		return nil
	}
	var found []engine.Alternative
	queue := instants(c)
	before, last := base, c
	for n := 0; len(queue) > 0 && n < mostInstants; n++ {
		next := queue[0]
		queue = queue[1:]
		now := passed(last, before, next.at)
		o := a.decide(now)
		switch {
		case !o.asked:
			return found
		case o.decision.Action != engine.Hold:
			return append([]engine.Alternative{a.atTime(next, o)}, a.ifStale(c, lifted, next.at)...)
		case found == nil && waits(base.decision.Reason) && o.decision.Reason != base.decision.Reason:
			found = append(found, a.atTime(next, o))
		}
		if o.wish != before.wish || gated(before) && !gated(o) { // the windows of stabilization begin anew
			queue = sorted(append(queue, reaches(c.Policy, next.at)...), next.at)
		}
		before, last = o, now
	}
	return found
}

// instants are when what a decision waits for is over.
func instants(c Case) []instant {
	at, p, st := c.Snapshot.At, c.Policy, c.State
	all := []instant{
		{st.Cooldown.Up.Until, "the cooldown ends"}, {st.Cooldown.Down.Until, "the cooldown ends"},
		{st.Backoff.Deadline.Until, "the back-off ends"},
		{c.Snapshot.Service.Touched.Add(guard.Quiet), "nobody has touched the service for a while"},
	}
	for _, pause := range st.Pauses {
		all = append(all, instant{pause.Until, "the pause ends"})
	}
	for i, w := range st.Wishes {
		if i == 0 || w.Replicas != st.Wishes[i-1].Replicas {
			all = append(all, reaches(p, w.At)...)
		}
	}
	all = append(all, reaches(p, at)...)
	for _, limit := range slices.Concat(p.Rates.Up.Limits, p.Rates.Down.Limits) {
		for _, change := range st.Changes {
			all = append(all, instant{change.At.Add(limit.Period), "the rates allow more"})
		}
	}
	for _, e := range control.Edges(p.Schedule, at, at.Add(ahead)) {
		all = append(all, instant{e.At, fmt.Sprintf("at %s window %s %s", e.At.In(e.Window.Zone.In()).Format("15:04 ")+e.Window.Zone.In().String(), e.Window.Name, e.What)})
	}
	return sorted(all, at)
}

// reaches are when a wish that is first had at an instant has been had for long enough.
func reaches(p engine.Policy, from time.Time) []instant {
	var all []instant
	for _, reach := range []time.Duration{p.Stabilization.Up, p.Stabilization.Down} {
		if reach > 0 {
			all = append(all, instant{from.Add(reach), "stabilization is over"})
		}
	}
	return all
}

// sorted is the instants after one, in order, those at one time joined.
func sorted(all []instant, after time.Time) []instant {
	all = slices.DeleteFunc(all, func(i instant) bool { return !i.at.After(after) || i.at.After(after.Add(ahead)) })
	slices.SortStableFunc(all, func(x, y instant) int { return x.at.Compare(y.at) })
	var joined []instant
	for _, i := range all {
		last := len(joined) - 1
		switch {
		case last < 0 || !joined[last].at.Equal(i.at):
			joined = append(joined, i)
		case !strings.Contains(joined[last].why, i.why):
			joined[last].why += " and " + i.why
		}
	}
	return joined
}

// passed is a case as it is at a later instant, after cycles that all wished for the same.
func passed(c Case, before outcome, at time.Time) Case {
	since := c.Snapshot.At
	c.State = before.state
	if c.State.Known.Replicas > 0 {
		c.State.Known.At = at
	}
	if reach := max(c.Policy.Stabilization.Up, c.Policy.Stabilization.Down); reach > 0 && !gated(before) {
		interval := max(c.Policy.EvaluationInterval, time.Second)
		var wishes []engine.Wish
		for when := at.Add(-interval); when.After(since) && at.Sub(when) < reach+2*interval; when = when.Add(-interval) {
			wishes = append(wishes, engine.Wish{At: when, Replicas: before.wish})
		}
		slices.Reverse(wishes)
		c.State.Wishes = slices.Concat(c.State.Wishes, wishes)
	}
	c.Snapshot.At = at
	c.Snapshot.Schedule = control.Scheduled(c.Policy.Schedule, at)
	if s := c.Snapshot.History.SecondsSinceScale; s != nil {
		later := *s + at.Sub(since).Seconds()
		c.Snapshot.History.SecondsSinceScale = &later
	}
	return c
}

// gated says that a gate held, so that nothing was wished for.
func gated(o outcome) bool {
	return !slices.ContainsFunc(o.decision.Trace, func(s engine.Step) bool { return s.Stage == "bounds" })
}

func (a *asker) atTime(i instant, o outcome) engine.Alternative {
	why := i.why
	if !i.at.After(a.now) { // it was waited for when the decision was made
		why = strings.ReplaceAll(why, " ends", " has ended")
	}
	text := fmt.Sprintf("%s it %s: %s", a.in(i.at), would(o), why)
	if o.decision.Action == engine.Hold {
		text = fmt.Sprintf("%s it would still hold, but for %s: %s", a.in(i.at), o.decision.Reason, why)
	}
	return engine.Alternative{Kind: engine.ByTime, At: i.at, Reason: o.decision.Reason, Action: o.decision.Action, To: o.decision.To, Message: text}
}

// ifStale says which metrics would keep a service from being scaled at an instant, if no new sample of them came.
func (a *asker) ifStale(c Case, lifted outcome, until time.Time) []engine.Alternative {
	var found []engine.Alternative
	for _, m := range c.Policy.Metrics {
		r := c.Snapshot.Metrics[m.Name]
		at := c.Snapshot.At.Add(m.StaleAfter - time.Duration(r.AgeSeconds*float64(time.Second)))
		if r.Status != engine.OK || m.StaleAfter <= 0 || m.Computed() || !at.Before(until) {
			continue
		}
		stale := c
		stale.Snapshot.Metrics = maps.Clone(c.Snapshot.Metrics)
		stale.Snapshot.Metrics[m.Name] = engine.Reading{Status: engine.Stale, AgeSeconds: m.StaleAfter.Seconds(), Samples: r.Samples}
		if o := a.lifted(a.move(stale)); o.asked && !o.same(lifted) {
			found = append(found, engine.Alternative{
				Kind: engine.ByTime, At: at, Reason: o.decision.Reason, Action: o.decision.Action, To: o.decision.To,
				Message: fmt.Sprintf("%s %s is stale if no new sample comes, and it %s", a.in(at), m.Name, would(o)),
			})
		}
	}
	return found
}
