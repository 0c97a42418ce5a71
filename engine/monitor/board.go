package monitor

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
)

// mostNotes is how many entries are remembered.
const mostNotes = 500

// board is what is known of a daemon.
type board struct {
	status api.Status
	rows   []*row // in the order of the status
	named  map[string]*row
	notes  []store.Entry // what has happened, the newest last
	seen   map[string]bool
	lost   error // why the daemon is not heard now
	begun  bool  // a status has come
	stale  bool  // something has changed that the newest status does not have

	told    time.Time // when the newest status came
	counted int       // how many replicas were live then
}

// row is a policy, with what it was lately.
type row struct {
	api.PolicyStatus
	heard    time.Time // when it was told: what it has in seconds is from then on
	replicas history
	metrics  map[string]*metric
	traced   time.Time // when its past was asked for, and its bounds; zero: they are to be asked for
}

// metric is what a metric of a policy reads, and is held against.
type metric struct {
	history
	limits
}

// hear takes up what a daemon tells.
func (b *board) hear(h api.Happening, now time.Time) {
	if h.Lost == nil {
		b.lost = nil
	}
	switch {
	case h.Status != nil:
		b.know(*h.Status, now)
		for _, r := range b.rows {
			r.traced = time.Time{} // something may have been missed
		}
	case h.Policy != nil:
		if r := b.named[h.Policy.Name]; r != nil {
			r.take(*h.Policy, now)
		} else {
			b.stale = true
		}
	case h.Entry != nil:
		b.note(*h.Entry)
		if r := b.named[h.Entry.Policy]; r != nil && h.Entry.Kind == store.OfPolicy {
			r.traced = time.Time{} // other bounds, maybe
		}
		switch h.Entry.Kind {
		case store.OfSwitch, store.OfPause, store.OfResume, store.OfPolicy, store.OfDaemon, store.OfStore:
			b.stale = true
		}
	case h.Lost != nil:
		b.lost = h.Lost
	}
}

// know takes up a whole status.
func (b *board) know(s api.Status, now time.Time) {
	before := b.named
	b.named, b.rows = map[string]*row{}, nil
	for _, p := range s.Policies {
		r := before[p.Name]
		if r == nil || r.Service != p.Service {
			r = &row{}
		}
		r.take(p, now)
		b.named[p.Name] = r
		b.rows = append(b.rows, r)
	}
	s.Policies = nil
	b.status, b.begun, b.stale = s, true, false
	b.told, b.counted = now, b.live()
}

// note takes up an entry of the audit log, once.
func (b *board) note(e store.Entry) {
	if e.Event != "" {
		key := string(e.Kind) + e.Event
		if b.seen[key] {
			return
		}
		if b.seen == nil {
			b.seen = map[string]bool{}
		}
		b.seen[key] = true
	}
	if b.notes = append(b.notes, e); len(b.notes) > mostNotes {
		delete(b.seen, string(b.notes[0].Kind)+b.notes[0].Event)
		b.notes = slices.Delete(b.notes, 0, 1)
	}
}

// recall takes up events that lie back, as the audit log has them.
func (b *board) recall(events []engine.Event) {
	var old []store.Entry
	for _, e := range events {
		if old = append(old, store.Opened(e)); e.Result != "" {
			old = append(old, store.Ended(e))
		}
	}
	newer := b.notes
	b.notes, b.seen = nil, nil
	slices.SortStableFunc(old, func(a, b store.Entry) int { return a.At.Compare(b.At) })
	for _, e := range append(old, newer...) {
		b.note(e)
	}
}

// fleet is how many replicas there are of all services: as many as the daemon counted, and what has come and gone since.
func (b *board) fleet() int { return b.status.Fleet.Replicas + b.live() - b.counted }

// live is how many replicas there are of the services that are acted on, each counted once.
func (b *board) live() int {
	of := map[string]int{}
	for _, r := range b.rows {
		if r.Mode != engine.Shadow && r.Enabled {
			of[r.Service] = r.CurrentReplicas
		}
	}
	n := 0
	for _, replicas := range of {
		n += replicas
	}
	return n
}

// take takes up what a policy has come to.
func (r *row) take(p api.PolicyStatus, now time.Time) {
	if r.PolicyStatus, r.heard = p, now; p.LastEvaluation == nil {
		return
	}
	r.replicas.put(now, float64(p.CurrentReplicas))
	if r.metrics == nil {
		r.metrics = map[string]*metric{}
	}
	for name, reading := range p.Metrics {
		if r.metrics[name] == nil {
			r.metrics[name], r.traced = &metric{}, time.Time{}
		}
		r.metrics[name].put(now, valueOf(reading))
	}
	maps.DeleteFunc(r.metrics, func(name string, _ *metric) bool {
		_, there := p.Metrics[name]
		return !there
	})
}

func valueOf(r engine.Reading) float64 {
	if r.Value == nil || r.Status != engine.OK {
		return math.NaN()
	}
	return *r.Value
}

// left is what of a number of seconds is left, as they were told.
func (r *row) left(seconds float64, now time.Time) time.Duration {
	return max(0, time.Duration(seconds*float64(time.Second))-now.Sub(r.heard))
}

// worst is the metric that asks for more replicas the most: the one whose value is nearest to the bound that has the service grow.
// One that is not ok comes before those. Empty: there is none.
func (r *row) worst() string {
	name, most := "", math.Inf(-1)
	for _, n := range slices.Sorted(maps.Keys(r.Metrics)) {
		near := math.Inf(1)
		if v := valueOf(r.Metrics[n]); !math.IsNaN(v) {
			if near = r.metrics[n].near(v); math.IsNaN(near) {
				near = -1
			}
		}
		if near > most {
			name, most = n, near
		}
	}
	return name
}

// trace takes up the past of policies.
func (b *board) trace(t api.Trends) {
	at := func(i int) time.Time { return t.From.Add(time.Duration(i*t.Step) * time.Second) }
	for _, one := range t.Trends {
		r := b.named[one.Policy]
		if r == nil {
			continue
		}
		for i, n := range slices.Backward(one.Replicas) {
			if n != nil {
				r.replicas.fill(at(i), float64(*n))
			}
		}
		for _, m := range one.Metrics {
			if r.metrics[m.Metric] == nil {
				continue
			}
			known := r.metrics[m.Metric]
			known.limits = limits{m.Comparison, m.ScaleUp, m.ScaleDown, m.Target}
			if m.Scope == engine.Total { // the target is of a replica's share
				known.target = nil
			}
			for i, v := range slices.Backward(m.Values) {
				if v != nil {
					known.fill(at(i), *v)
				}
			}
		}
	}
}

// label names a policy: its service, and itself where it is called otherwise.
func (r *row) label() string {
	if r.Name == r.Service {
		return clean(r.Service)
	}
	return clean(r.Service) + " (" + clean(r.Name) + ")"
}

// word is the state of a policy as flyball status words it: active, cooling 4m30s, scale_up to 3.
func (r *row) word(now time.Time) string {
	name := clean(r.State.Name)
	left := engine.FormatLength(r.left(r.State.Seconds, now))
	switch {
	case r.State.Name == api.IsScaling:
		return clean(r.State.Why)
	case r.State.Name == api.IsBlocked && r.State.Seconds > 0:
		return "backing off " + left
	case r.State.Seconds > 0:
		return name + " " + left
	}
	return name
}

// event is what was last done with a service, in short. That it succeeded goes without saying.
func (r *row) event(now time.Time) string {
	e := r.LastEvent
	if e == nil {
		return ""
	}
	text := fmt.Sprintf("%d → %d", e.From, e.To)
	switch e.Result {
	case "":
		return text + " for " + engine.FormatLength(max(0, now.Sub(e.Started)))
	case engine.Succeeded:
	default:
		text += " " + clean(string(e.Result))
	}
	return text + ", " + engine.FormatLength(max(0, now.Sub(e.Ended))) + " ago"
}
