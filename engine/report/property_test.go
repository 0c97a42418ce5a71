package report

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"pgregory.net/rapid"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(second int) time.Time { return start.Add(time.Duration(second) * time.Second) }

// second is what was so in one second of a story.
type second struct {
	watched  bool
	replicas int
	terms    engine.Terms
}

// story is a life of one policy: what the ledger has of it, and what was so in each second.
type story struct {
	rows    []Row
	events  []engine.Event
	seconds []second
}

// tell draws a life: looks at an interval, now and then late or after a gap; holds, and changes that take their time.
func tell(t *rapid.T, name string, mode engine.Mode) story {
	const length = 3600
	every := rapid.IntRange(1, 90).Draw(t, "every")
	unseen := int(engine.Unseen(time.Duration(every)*time.Second) / time.Second)
	s := story{seconds: make([]second, length)}
	replicas := rapid.IntRange(0, 5).Draw(t, "replicas")
	lived := func(from, to, n int, terms engine.Terms) {
		for i := max(from, 0); i < min(to, length); i++ {
			s.seconds[i] = second{true, n, terms}
		}
	}
	for now := rapid.IntRange(0, 100).Draw(t, "begin"); now < length; {
		terms := engine.Terms{
			Min: 1, Max: rapid.IntRange(3, 4).Draw(t, "max"), Every: time.Duration(every) * time.Second,
			Load: rapid.SampledFrom([]engine.Load{engine.LoadWithin, engine.LoadWithin, engine.LoadPast, engine.LoadUnknown}).Draw(t, "load"),
		}
		r := engine.Record{
			At: at(now), Policy: name, Service: "web", Mode: mode, Terms: terms,
			Decision: engine.Decision{Action: engine.Hold, From: replicas, To: replicas, Reason: "Steady"},
		}
		seen, before := now, replicas
		if rapid.IntRange(0, 3).Draw(t, "change") == 0 {
			to := rapid.IntRange(0, 5).Draw(t, "to")
			r.Decision.To, r.Decision.Action = to, engine.Between(replicas, to)
		}
		silence := rapid.SampledFrom([]int{every, every, every, unseen, unseen + 1, unseen + 500}).Draw(t, "silence")
		if r.Decision.Action != engine.Hold {
			e := engine.Event{ID: fmt.Sprint(name, now), Policy: name, Service: "web", Mode: mode, Action: r.Decision.Action,
				From: replicas, To: r.Decision.To, Started: at(now)}
			took := rapid.IntRange(0, 200).Draw(t, "took")
			e.Ended, e.Result, e.Reached = at(now+took), engine.Succeeded, e.To
			if rapid.IntRange(0, 4).Draw(t, "fails") == 0 {
				e.Result, e.Reached = engine.Failed, e.From
			}
			s.events = append(s.events, e)
			seen, replicas = now+took, e.Reached
			lived(now, seen, max(e.From, e.To), terms)
		} else if rapid.IntRange(0, 9).Draw(t, "drift") == 0 {
			replicas = rapid.IntRange(0, 5).Draw(t, "drifted to")
		}
		next := seen + silence
		stands, count := next, before
		if silence > unseen || next >= length { // nobody looks any more
			stands = seen + every
		}
		if r.Decision.Action != engine.Hold {
			count = replicas
		}
		lived(seen, stands, count, terms)
		s.record(r, unseen)
		now = next
	}
	return s
}

// record adds a decision as a ledger does.
func (s *story) record(r engine.Record, unseen int) {
	if n := len(s.rows); n > 0 && r.Decision.Action == engine.Hold {
		last := &s.rows[n-1]
		alike := reflect.DeepEqual(last.Record.Decision, r.Decision) && last.Record.Terms == r.Terms
		if alike && r.At.Sub(last.Last) <= time.Duration(unseen)*time.Second {
			last.Last, last.Count = r.At, last.Count+1
			return
		}
	}
	s.rows = append(s.rows, Row{First: r.At, Last: r.At, Count: 1, Record: r})
}

// anyRange is one within an hour or so of a story.
func anyRange(t *rapid.T) (from, to int) {
	from = rapid.IntRange(-100, 3000).Draw(t, "from")
	return from, from + rapid.IntRange(1, 4000).Draw(t, "length")
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6*max(1, math.Abs(a), math.Abs(b)) }

// Every sum is what counting second by second gives.
func TestSumsAreThoseOfTheSeconds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tell(t, "web", engine.Live)
		from, to := anyRange(t)
		to = min(to, len(s.seconds)) // what comes after the story is not in it
		var watched, replicas, past, unknown, atMin, atMax float64
		least, most := math.MaxInt, 0
		for _, now := range s.seconds[max(0, from):max(0, from, to)] {
			if !now.watched {
				continue
			}
			watched++
			replicas += float64(now.replicas)
			least, most = min(least, now.replicas), max(most, now.replicas)
			switch now.terms.Load {
			case engine.LoadPast:
				past++
			case engine.LoadUnknown:
				unknown++
			}
			if now.replicas <= now.terms.Min {
				atMin++
			}
			if now.replicas >= now.terms.Max {
				atMax++
			}
		}
		r := Make(s.rows, s.events, at(from), at(to))
		if len(r.Services) == 0 {
			if watched > 0 {
				t.Fatalf("nothing is reported of %v watched seconds", watched)
			}
			return
		}
		a := r.Services[0].Policies[0]
		for name, sum := range map[string][2]float64{
			"watched": {a.Watched.Seconds, watched}, "replica-hours": {a.ReplicaHours, replicas / 3600},
			"past": {a.Past.Seconds, past}, "unknown": {a.Unknown.Seconds, unknown},
			"at min": {a.AtMin.Seconds, atMin}, "at max": {a.AtMax.Seconds, atMax},
			"share of the range": {a.Watched.Share, watched / float64(to-from)},
		} {
			if !near(sum[0], sum[1]) {
				t.Errorf("%s is %v, the seconds say %v", name, sum[0], sum[1])
			}
		}
		if watched > 0 && (a.Least != least || a.Most != most || !near(a.Mean, replicas/watched) || !near(a.Past.Share, past/watched)) {
			t.Errorf("%d to %d replicas, mean %v, share %v; the seconds say %d to %d, %v, %v",
				a.Least, a.Most, a.Mean, a.Past.Share, least, most, replicas/watched, past/watched)
		}
	})
}

// A range in two parts has the sums of both.
func TestRangesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tell(t, "web", engine.Shadow)
		from, to := anyRange(t)
		middle := rapid.IntRange(from, to).Draw(t, "middle")
		sums := func(from, to int) (sum [5]float64) {
			for _, service := range Make(s.rows, s.events, at(from), at(to)).Services {
				a := service.Policies[0]
				sum = [5]float64{a.Watched.Seconds, a.ReplicaHours, a.Past.Seconds, float64(a.Events.Up + a.Events.Down), float64(a.Flaps)}
			}
			return sum
		}
		whole, first, second := sums(from, to), sums(from, middle), sums(middle, to)
		for i := range whole {
			if !near(whole[i], first[i]+second[i]) {
				t.Errorf("sum %d is %v, of the parts %v and %v", i, whole[i], first[i], second[i])
			}
		}
	})
}

// What else is in the ledger, and in which order, is nothing to a policy's numbers.
func TestNoPolicyDependsOnAnother(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stories := map[string]story{
			"web": tell(t, "web", engine.Live), "eager": tell(t, "eager", engine.Shadow), "lazy": tell(t, "lazy", engine.Shadow),
		}
		from, to := anyRange(t)
		var rows []Row
		var events []engine.Event
		for _, name := range []string{"lazy", "web", "eager"} {
			rows, events = append(rows, stories[name].rows...), append(events, stories[name].events...)
		}
		rows, events = shuffled(t, rows), shuffled(t, events)
		together := map[string]Account{}
		for _, s := range Make(rows, events, at(from), at(to)).Services {
			for _, a := range s.Policies {
				together[a.Policy] = a
			}
		}
		for name, s := range stories {
			var alone Account
			for _, service := range Make(s.rows, s.events, at(from), at(to)).Services {
				alone = service.Policies[0]
			}
			if !reflect.DeepEqual(alone, together[name]) {
				t.Errorf("%s alone\n%+v\ntogether\n%+v", name, alone, together[name])
			}
		}
	})
}

func shuffled[T any](t *rapid.T, all []T) []T {
	if len(all) < 2 {
		return all
	}
	return rapid.Permutation(slices.Clone(all)).Draw(t, "order")
}
