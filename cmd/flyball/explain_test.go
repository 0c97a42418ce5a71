package main

import (
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
)

func TestExplanationOfAnEvent(t *testing.T) {
	for name, c := range map[string]struct {
		mode   engine.Mode
		result engine.Result
		want   string
	}{
		"live":            {engine.Live, engine.Succeeded, "  event web-1: succeeded\n"},
		"live, under way": {engine.Live, "", "  event web-1: has not ended\n"},
		"in shadow":       {engine.Shadow, engine.Succeeded, "  event web-1: shadow\n"},
	} {
		t.Run(name, func(t *testing.T) {
			e := api.Explanation{Record: engine.Record{Mode: c.mode}, Event: &engine.Event{ID: "web-1", Mode: c.mode, Result: c.result}}
			var out strings.Builder
			if err := printExplanation(&out, e, false); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(out.String(), c.want) {
				t.Errorf("no %q in\n%s", c.want, out.String())
			}
		})
	}
}

func TestVoicesText(t *testing.T) {
	voice := func(strategy string, replicas int, wins bool) engine.Voice {
		return engine.Voice{Strategy: strategy, Replicas: replicas, Wins: wins}
	}
	silent := engine.Voice{Strategy: "shop.load", Replicas: 4, Error: "it is undefined"}
	for want, voices := range map[string][]engine.Voice{
		"target_tracking: 2, shop.web: 8 wins":                                  {voice("target_tracking", 2, false), voice("shop.web", 8, true)},
		"step: 6 too, threshold: 6 wins":                                        {voice("step", 6, false), voice("threshold", 6, true)},
		"threshold: 4 wins, schedule: 2, shop.web: 4 too":                       {voice("threshold", 4, true), voice("schedule", 2, false), voice("shop.web", 4, false)},
		"threshold: 2, shop.load: no usable answer, which is no vote for fewer": {voice("threshold", 2, false), silent},
	} {
		if got := voicesText(voices); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
}

// What was tried in vain is only what was tried.
func TestTried(t *testing.T) {
	for name, c := range map[string]struct {
		of   engine.Record
		want string
	}{
		"held":         {engine.Record{Decision: engine.Decision{Action: engine.Hold}}, "other values of a metric, each stage of the guard, and the time until tomorrow all lead to the same"},
		"it acts":      {engine.Record{Decision: engine.Decision{Action: engine.ScaleUp}}, "other values of a metric and each stage of the guard all lead to the same"},
		"by a person":  {engine.Record{Request: &engine.Request{Kind: engine.Scale}}, "leaving out any stage of the guard leads to the same"},
		"by the guard": {engine.Record{Request: &engine.Request{Kind: engine.Restore}, Decision: engine.Decision{Action: engine.ScaleUp}}, "other values of a metric and each stage of the guard all lead to the same"},
	} {
		if got := tried(c.of); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
