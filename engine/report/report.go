// Package report sums up what the policies of a service did, and what those in shadow mode would have done, from what
// the ledger holds. It is pure: rows and events in, numbers out. No policy's numbers depend on another's.
//
// A decision stands until the next one, as long as that comes within a few evaluations (engine.Unseen) of the last look or of
// the end of the change that it began. Where none follows it stands for one evaluation interval. The rest of the range
// nobody watched: it counts nowhere, and Watched says how much is left.
package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Row is a decision, or a row of holds that are alike, with the record of the first.
type Row struct {
	First  time.Time
	Last   time.Time
	Count  int
	Record engine.Record
}

// Report is what was done in a range of time, by service.
type Report struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Services []Service `json:"services"` // by name
}

// Service sets what its policies did, or would have done, side by side.
type Service struct {
	Service  string       `json:"service"`
	Target   engine.Place `json:"target"`
	Policies []Account    `json:"policies"` // the live one first, then the shadows by name
	Advice   []string     `json:"advice,omitempty"`
}

// Account is one policy's. In live mode it is the service's, whatever its policy was called.
type Account struct {
	Policy string      `json:"policy"` // the newest name
	Mode   engine.Mode `json:"mode"`

	Watched     Time `json:"watched"` // of the range; all other shares are of this
	Evaluations int  `json:"evaluations"`

	Events       Events  `json:"events"`
	Flaps        int     `json:"flaps"` // changes of direction soon after the last change
	FlapsPerHour float64 `json:"flapsPerHour"`

	ReplicaHours float64 `json:"replicaHours"`
	Mean         float64 `json:"mean"` // replicas
	Least        int     `json:"least"`
	Most         int     `json:"most"`
	AtMin        Time    `json:"atMin"` // or below
	AtMax        Time    `json:"atMax"` // or above

	Past      Time `json:"violation"`      // a metric asked for more replicas, as past its scaleUp
	PastAtMax Time `json:"violationAtMax"` // the part of it at the maximum
	Unknown   Time `json:"unknown"`        // nobody knows whether one did: it was not ok

	Vetoes      []Veto  `json:"vetoes"`      // the longest first
	Alone       []Alone `json:"alone"`       // the longest first
	RulesFailed int     `json:"rulesFailed"` // evaluations at which the rules gave no usable answer

	Confidence   *float64 `json:"confidence,omitempty"`   // 0..1, mean of what the rules wanted and got
	SuccessRate  *float64 `json:"successRate,omitempty"`  // 0..1, of the changes that ended; absent: none did, or on paper only
	ReadySeconds *float64 `json:"readySeconds,omitempty"` // median from the decision on a raise until all were ready

	Advice []string `json:"advice,omitempty"`
}

// Time is a length of time and its share.
type Time struct {
	Seconds float64 `json:"seconds"`
	Share   float64 `json:"share"` // 0..1
}

// Veto is how long the guard held a wish back for one reason.
type Veto struct {
	Reason string        `json:"reason"`
	Wish   engine.Action `json:"wish"`
	Time
}

// Alone is how long one metric alone kept a policy above its minimum from scaling down.
type Alone struct {
	Metric string `json:"metric"`
	Time
}

// Make sums up rows and events, of any services and in any order. What began before the range counts from its
// beginning, if it is among them.
func Make(rows []Row, events []engine.Event, from, to time.Time) Report {
	type material struct {
		rows   []Row
		events []engine.Event
	}
	of := map[string]map[string]*material{} // by place and subject
	find := func(at engine.Place, service, subject string) *material {
		place := at.Service(service)
		if of[place] == nil {
			of[place] = map[string]*material{}
		}
		if of[place][subject] == nil {
			of[place][subject] = &material{}
		}
		return of[place][subject]
	}
	for _, r := range rows {
		m := find(r.Record.Target, r.Record.Service, r.Record.Subject())
		m.rows = append(m.rows, r)
	}
	for _, e := range events {
		m := find(e.Target, e.Service, e.Subject())
		m.events = append(m.events, e)
	}
	report := Report{From: from, To: to, Services: []Service{}}
	for _, subjects := range of {
		var s Service
		for _, m := range subjects {
			slices.SortStableFunc(m.rows, func(a, b Row) int { return a.First.Compare(b.First) })
			slices.SortStableFunc(m.events, func(a, b engine.Event) int { return a.Started.Compare(b.Started) })
			a, any := account(m.rows, m.events, from, to)
			if !any {
				continue
			}
			s.Service, s.Target = named(m.rows, m.events)
			a.Advice = advise(a, s.Service)
			s.Policies = append(s.Policies, a)
		}
		if s.Policies == nil {
			continue
		}
		slices.SortFunc(s.Policies, func(a, b Account) int {
			return cmp.Or(cmp.Compare(a.Mode, b.Mode), strings.Compare(a.Policy, b.Policy))
		})
		s.Advice = compare(s.Policies)
		report.Services = append(report.Services, s)
	}
	slices.SortFunc(report.Services, func(a, b Service) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), strings.Compare(a.Target.Service(""), b.Target.Service("")))
	})
	return report
}

// named is the service of rows and events, as the newest names it.
func named(rows []Row, events []engine.Event) (string, engine.Place) {
	if n := len(rows); n > 0 {
		return rows[n-1].Record.Service, rows[n-1].Record.Target
	}
	last := events[len(events)-1]
	return last.Service, last.Target
}

// account sums up one subject's rows and events, which are in order; false where nothing of it is in the range.
func account(rows []Row, events []engine.Event, from, to time.Time) (Account, bool) {
	a := Account{Vetoes: []Veto{}, Alone: []Alone{}}
	stretches := stretched(rows, events, from, to)
	done := slices.Collect(within(events, from, to))
	if len(stretches) == 0 && len(done) == 0 {
		return a, false
	}
	if n := len(rows); n > 0 {
		a.Policy, a.Mode = rows[n-1].Record.Policy, rows[n-1].Record.Mode
	} else {
		last := events[len(events)-1]
		a.Policy, a.Mode = last.Policy, last.Mode
	}
	a.count(stretches, to.Sub(from))
	a.decisions(rows, from, to)
	a.tally(events, done)
	return a, true
}
