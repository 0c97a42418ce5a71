package main

import (
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

func TestReaction(t *testing.T) {
	start := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	threshold := 70.0
	raise := engine.Event{
		Action: engine.ScaleUp, Result: engine.Succeeded, Started: at(10), Ended: at(13),
		Reasons: []engine.Reason{{Metric: "cpu_usage", Threshold: &threshold}},
	}
	failed, lowered := raise, raise
	failed.Result, lowered.Action = engine.RolledBack, engine.ScaleDown

	for name, tc := range map[string]struct {
		event    engine.Event
		readings []reading
		took     time.Duration
		ok       bool
	}{
		"raised at the first reading above":    {raise, []reading{{at(8), 20}, {at(10), 95}}, 3 * time.Second, true},
		"held for two readings, by a cooldown": {raise, []reading{{at(4), 20}, {at(6), 80}, {at(8), 90}, {at(10), 95}}, 7 * time.Second, true},
		"only the last time above counts":      {raise, []reading{{at(4), 90}, {at(6), 70}, {at(8), 71}, {at(10), 95}}, 5 * time.Second, true},
		"readings after it do not count":       {raise, []reading{{at(10), 95}, {at(12), 30}}, 3 * time.Second, true},
		"no reading":                           {raise, nil, 3 * time.Second, true},
		"rolled back":                          {failed, []reading{{at(10), 95}}, 0, false},
		"a scale-down":                         {lowered, []reading{{at(10), 5}}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := show{readings: tc.readings}
			took, above, ok := s.reaction(tc.event)
			if took != tc.took || ok != tc.ok || ok && above != threshold {
				t.Errorf("got %s above %g (ok %v), want %s (ok %v)", took, above, ok, tc.took, tc.ok)
			}
		})
	}
}

func TestEnd(t *testing.T) {
	up := engine.Event{Action: engine.ScaleUp, From: 1, To: 2, Reached: 2, Result: engine.Succeeded}
	down := engine.Event{Action: engine.ScaleDown, From: 2, To: 1, Reached: 1, Result: engine.Succeeded}
	for name, tc := range map[string]struct {
		events  []engine.Event
		summary string
		err     string
	}{
		"up and down": {[]engine.Event{up, down}, "At most 2 replicas; scaled up once and down once", ""},
		"never up":    {nil, "At most 0 replicas; scaled up 0 times and down 0 times", "did not scale up"},
		"never down":  {[]engine.Event{up}, "At most 2 replicas; scaled up once and down 0 times", "did not scale back down"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			s := newShow(&out, time.Now())
			for _, e := range tc.events {
				s.events, s.peak = append(s.events, e), max(s.peak, e.Reached)
			}
			err := s.end()
			if !strings.Contains(out.String(), tc.summary) {
				t.Errorf("got %q, want %q in it", out.String(), tc.summary)
			}
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("got the error %v, want %q", err, tc.err)
			}
		})
	}
}
