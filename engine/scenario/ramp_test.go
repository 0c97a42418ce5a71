package scenario

import (
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// A ramp is more than its value: rules may ask where it comes from and where it goes.
func TestRamp(t *testing.T) {
	n := func(v float64) *float64 { return &v }
	p := policy()
	p.Metrics[0].Window = 2 * time.Minute
	tests := map[string]struct {
		written                          engine.Reading
		at                               time.Duration
		value, slope, forecast, previous float64
	}{
		"as it begins":        {at: 10 * time.Minute, value: 20, slope: 5, forecast: 25, previous: 20},
		"in its first window": {at: 11 * time.Minute, value: 25, slope: 5, forecast: 30, previous: 20},
		"later":               {at: 15 * time.Minute, value: 45, slope: 5, forecast: 50, previous: 35},
		"as it ends":          {at: 20 * time.Minute, value: 70, slope: 5, forecast: 75, previous: 60},
		"as the author says":  {written: engine.Reading{SlopePerMinute: n(1), Forecast: n(2), Previous: n(3)}, at: 15 * time.Minute, value: 45, slope: 1, forecast: 2, previous: 3},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.written.Status = engine.OK
			s := Step{At: 10 * time.Minute, Until: 20 * time.Minute, Ramps: map[string]Ramp{"cpu": {20, 70}},
				Readings: map[string]engine.Reading{"cpu": tt.written, "mem": engine.Reads(40)}}
			r := s.readings(p, tt.at)["cpu"]
			if *r.Value != tt.value || *r.SlopePerMinute != tt.slope || *r.Forecast != tt.forecast || *r.Previous != tt.previous {
				t.Errorf("got %g, slope %g, forecast %g, previous %g", *r.Value, *r.SlopePerMinute, *r.Forecast, *r.Previous)
			}
			if mem := s.readings(p, tt.at)["mem"]; *mem.Value != 40 || mem.SlopePerMinute != nil {
				t.Errorf("what is no ramp reads %+v", mem)
			}
		})
	}
}
