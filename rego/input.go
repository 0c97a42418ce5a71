package rego

import (
	"maps"
	"math"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Document is what a rule sees as input: one policy and its world at one instant. schema/snapshot.cue defines it.
type Document struct {
	At         time.Time                 `json:"at"` // UTC: a rule's only clock
	Policy     Terms                     `json:"policy"`
	Service    engine.ServiceView        `json:"service"`
	Metrics    map[string]engine.Reading `json:"metrics"`
	Thresholds []Measured                `json:"thresholds"`
	Targets    []Tracked                 `json:"targets"`
	Bands      []Banded                  `json:"bands"`
	Schedule   *Schedule                 `json:"schedule,omitempty"`
	History    engine.History            `json:"history"`
}

// Terms is the part of a policy that rules may see.
type Terms struct {
	Name          string  `json:"name"`
	Service       string  `json:"service"`
	MinReplicas   int     `json:"minReplicas"`
	MaxReplicas   int     `json:"maxReplicas"`
	ScaleUpBy     int     `json:"scaleUpBy"`
	ScaleDownBy   int     `json:"scaleDownBy"`
	MinConfidence float64 `json:"minConfidence"`
}

// Schedule is what a policy's schedule says now.
type Schedule struct {
	Windows     []string `json:"windows"`
	MinReplicas int      `json:"minReplicas,omitempty"`
	Window      string   `json:"window"`
	MaxReplicas int      `json:"maxReplicas,omitempty"`
	Prewarming  bool     `json:"prewarming"`
	Pause       string   `json:"pause,omitempty"`
}

func scheduleOf(s *engine.Scheduled) *Schedule {
	if s == nil {
		return nil
	}
	windows := s.Windows
	if windows == nil {
		windows = []string{}
	}
	return &Schedule{Windows: windows, MinReplicas: s.MinReplicas, Window: s.Window, MaxReplicas: s.MaxReplicas, Prewarming: s.Prewarming, Pause: s.Pause}
}

// Input lays out a policy and a snapshot as the document that rules see. Every metric of the policy is in it, those
// that the snapshot lacks as missing, and every number is finite.
func Input(p engine.Policy, s engine.Snapshot) Document {
	s.Metrics = maps.Clone(s.Metrics)
	if s.Metrics == nil {
		s.Metrics = map[string]engine.Reading{}
	}
	for name, r := range s.Metrics {
		s.Metrics[name] = trusted(r)
	}
	for _, m := range p.Metrics {
		if _, found := s.Metrics[m.Name]; !found {
			s.Metrics[m.Name] = engine.Reading{Status: engine.Missing}
		}
	}
	history := s.History
	history.SuccessRate = finiteOr(history.SuccessRate, 0)
	history.SecondsSinceScale = finite(history.SecondsSinceScale)
	history.Events = make([]engine.Past, len(s.History.Events))
	for i, e := range s.History.Events {
		e.At = e.At.UTC()
		history.Events[i] = e
	}
	return Document{
		At:         s.At.UTC(),
		Policy:     termsOf(p),
		Service:    s.Service,
		Metrics:    s.Metrics,
		Thresholds: Measure(p, s),
		Targets:    Track(p, s),
		Bands:      Band(p, s),
		Schedule:   scheduleOf(s.Schedule),
		History:    history,
	}
}

func termsOf(p engine.Policy) Terms {
	return Terms{
		Name: p.Name, Service: p.Service,
		MinReplicas: p.MinReplicas, MaxReplicas: p.MaxReplicas,
		ScaleUpBy: p.ScaleUpBy, ScaleDownBy: p.ScaleDownBy,
		MinConfidence: p.MinConfidence,
	}
}

// trusted is a reading as it may reach a rule, whatever a source made of it: only one that is ok has numbers, and they
// are finite.
func trusted(r engine.Reading) engine.Reading {
	switch r.Status {
	case engine.OK:
		switch {
		case r.Value == nil:
			r.Status = engine.Missing
		case finite(r.Value) == nil:
			r.Status = engine.Invalid
		}
	case engine.Stale, engine.Missing, engine.Invalid:
	default:
		r.Status = engine.Invalid
	}
	r.AgeSeconds = finiteOr(r.AgeSeconds, math.MaxInt32)
	if r.Status != engine.OK {
		r.Value, r.Previous, r.SlopePerMinute, r.Forecast, r.Expected = nil, nil, nil, nil, nil
		return r
	}
	r.Previous, r.SlopePerMinute, r.Forecast = finite(r.Previous), finite(r.SlopePerMinute), finite(r.Forecast)
	r.Expected = finite(r.Expected)
	return r
}

func finite(v *float64) *float64 {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return nil
	}
	return v
}

func finiteOr(v, otherwise float64) float64 {
	if finite(&v) == nil {
		return otherwise
	}
	return v
}
