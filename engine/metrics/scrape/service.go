package scrape

import (
	"errors"
	"fmt"
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
			q.question, err = parse(text)
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

// replica is what is remembered of a replica.
func (s *service) replica(r engine.Replica, at time.Time) *replica {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.replicas[r.ID]
	if known == nil {
		known = &replica{turn: make(chan struct{}, 1), series: map[string]*series{}}
		s.replicas[r.ID] = known
	}
	known.wanted = at
	return known
}

// selection is what pages are read for, and the time: a page of a later time is read for no less.
func (s *service) selection() (*selection, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.selected, time.Now()
}
