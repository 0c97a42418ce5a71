package scrape

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// service is what is remembered of a service: what is asked of it, and its replicas.
type service struct {
	wanted time.Time // guarded by the source

	mu       sync.Mutex
	queries  map[string]*known // by text
	selected *selection        // by the queries
	replicas map[string]*replica
	sweeps   int       // how many there were
	swept    time.Time // when the last one began
	lost     time.Time // until when replicas were seen whose past is forgotten for want of room
}

// known is a query and when it was last asked.
type known struct {
	*question
	last time.Time
}

// asked is a query of a metric.
type asked struct {
	*question
	metric string
}

// ask reads the metrics' queries, and has what they look at kept from now on.
func (s *service) ask(metrics []engine.Metric, at time.Time) ([]asked, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := len(s.queries)
	var all []asked
	var errs []error
	for _, m := range metrics {
		text, err := queryOf(m)
		q := s.queries[text]
		if q == nil && err == nil {
			q = &known{}
			q.question, err = parse(text, at)
		}
		if err != nil {
			errs = append(errs, engine.Unread{Metric: m.Name, Query: text, Err: err})
			continue
		}
		q.last = at
		s.queries[text] = q
		all = append(all, asked{q.question, m.Name})
	}
	other := len(s.queries) != count
	for text, q := range s.queries {
		if at.Sub(q.last) > forget {
			delete(s.queries, text)
			other = true
		}
	}
	for id, r := range s.replicas {
		if at.Sub(r.wanted) > forget {
			delete(s.replicas, id)
		}
	}
	if other {
		s.selected = selects(s.queries)
	}
	return all, errors.Join(errs...)
}

func queryOf(m engine.Metric) (string, error) {
	if m.Query != "" {
		return m.Query, nil
	}
	text, found := Default(m)
	if !found {
		return "", fmt.Errorf("it has no query; request_rate, error_rate, response_time and queue_length have one of their own, %s has none", m.Type)
	}
	return text, nil
}

// sees begins a sweep over the replicas: what is remembered of each, and of those that are gone.
func (s *service) sees(replicas []engine.Replica, at time.Time) (known, gone []*replica) {
	s.mu.Lock()
	defer s.mu.Unlock()
	watched := s.sweeps > 0 && at.Sub(s.swept) <= slack
	s.sweeps++
	s.swept = at
	for _, r := range replicas {
		k := s.replicas[r.ID]
		if k == nil {
			k = &replica{id: r.ID, turn: make(chan struct{}, 1), series: map[string]*series{}}
			s.replicas[r.ID] = k
		}
		if k.sweep < s.sweeps-1 { // it was not there, the last time
			k.comes(watched)
		}
		k.sweep = s.sweeps
		k.wanted = at
		known = append(known, k)
	}
	return known, s.gone(at)
}

// gone are the replicas that this sweep is not about, those that went last first, as far as there is room for their past.
func (s *service) gone(at time.Time) []*replica {
	var all []*replica
	for _, r := range s.replicas {
		if r.sweep < s.sweeps {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *replica) int { return cmp.Or(b.sweep-a.sweep, strings.Compare(a.id, b.id)) })
	var kept []*replica
	room := mostGone
	for _, r := range all {
		size, seen := r.goes(at, s.selected.reach)
		switch room -= size; {
		case size > 0 && room >= 0:
			kept = append(kept, r)
			continue
		case size == 0 && at.Sub(r.wanted) <= slack: // it may have just come, as another policy sees
			continue
		case size > 0 && seen.After(s.lost):
			s.lost = seen
		}
		delete(s.replicas, r.id)
	}
	return kept
}

// forgotten is until when replicas were seen whose past is forgotten for want of room; zero: none is.
func (s *service) forgotten() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// selection is what pages are read for, and the time: a page of a later time is read for no less.
func (s *service) selection() (*selection, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.selected, time.Now()
}
