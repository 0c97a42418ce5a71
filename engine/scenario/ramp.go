package scenario

import (
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Ramp is a value at the beginning of a stretch and at its end.
type Ramp struct{ From, To float64 }

// readings are those of an instant of the step.
func (s Step) readings(p engine.Policy, at time.Duration) map[string]engine.Reading {
	if len(s.Ramps) == 0 {
		return s.Readings
	}
	readings := make(map[string]engine.Reading, len(s.Readings))
	for name, r := range s.Readings {
		if ramp, changes := s.Ramps[name]; changes {
			m, _ := p.Metric(name)
			r = ramp.reading(r, s, at, p.EvaluationInterval, m.Window)
		}
		readings[name] = r
	}
	return readings
}

// reading is a reading on the line: its value, and what the author does not say of its slope, of what comes of it in one
// interval, and of what it was a window before. Until the stretch begins the value is that of its beginning.
func (r Ramp) reading(written engine.Reading, s Step, at, interval, window time.Duration) engine.Reading {
	slope := (r.To - r.From) / (s.Until - s.At).Minutes()
	value, previous := r.on(s, at), r.on(s, max(s.At, at-window))
	forecast := value + slope*interval.Minutes()
	written.Value = &value
	if written.SlopePerMinute == nil {
		written.SlopePerMinute = &slope
	}
	if written.Forecast == nil {
		written.Forecast = &forecast
	}
	if written.Previous == nil {
		written.Previous = &previous
	}
	return written
}

// on is the value on the line at an instant of the step.
func (r Ramp) on(s Step, at time.Duration) float64 {
	part := float64(at-s.At) / float64(s.Until-s.At)
	return r.From*(1-part) + r.To*part
}
