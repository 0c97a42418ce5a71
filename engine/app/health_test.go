package app

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestHealth(t *testing.T) {
	const every = 30 * time.Second
	for name, c := range map[string]struct {
		facts facts
		says  string // of the loop; "": it is well
	}{
		"nothing to do":                       {facts{}, ""},
		"all had their turn":                  {facts{turns: []turn{{"a", every, every, false}, {"b", every, 0, false}}}, ""},
		"some intervals late":                 {facts{turns: []turn{{"a", every, 5 * every, false}}}, ""},
		"too late":                            {facts{turns: []turn{{"a", every, 5*every + time.Second, false}, {"b", every, 0, false}}}, "no evaluation of a for 2m31s"},
		"two too late":                        {facts{turns: []turn{{"a", every, time.Hour, false}, {"b", every, time.Hour, false}}}, "no evaluation of a for 1h0m0s, b for 1h0m0s"},
		"a change is under way":               {facts{turns: []turn{{"a", every, time.Hour, true}}}, ""},
		"a change of another is":              {facts{turns: []turn{{"a", every, time.Hour, false}, {"b", every, time.Hour, true}}}, "no evaluation of a for 1h0m0s"},
		"a short interval, and a slow target": {facts{turns: []turn{{"a", 5 * time.Second, time.Minute, false}}}, ""},
		"a short interval, and no end":        {facts{turns: []turn{{"a", 5 * time.Second, 61 * time.Second, false}}}, "no evaluation of a for 1m1s"},
		"a long interval":                     {facts{turns: []turn{{"a", time.Hour, 4 * time.Hour, false}}}, ""},
		"the store is being replaced":         {facts{still: true, turns: []turn{{"a", every, time.Hour, false}}}, ""},
		"the store is away, but it turns":     {facts{store: errors.New("away"), turns: []turn{{"a", every, every, false}}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := c.facts.health()
			if len(h.Checks) != 1 || h.Checks[0].Name != "loop" || h.OK != h.Checks[0].OK {
				t.Fatalf("%+v", h)
			}
			if h.OK != (c.says == "") || !h.OK && h.Checks[0].Detail != c.says {
				t.Errorf("%+v, want %q", h, c.says)
			}
		})
	}
}

func TestReady(t *testing.T) {
	away := errors.New("dial tcp 10.0.0.7:6379: away")
	for name, c := range map[string]struct {
		facts facts
		not   string // the checks that fail
	}{
		"a leader":                                {facts{leads: true, policies: 2}, ""},
		"a follower":                              {facts{policies: 2}, ""},
		"without policies":                        {facts{leads: true}, ""},
		"being stopped":                           {facts{leads: true, stopping: true}, "running"},
		"without the store":                       {facts{leads: true, store: away}, "store"},
		"a follower without the store":            {facts{store: away}, "store"},
		"a leader without Docker":                 {facts{leads: true, target: away}, "target"},
		"a follower without Docker":               {facts{target: away}, ""},
		"the policies on disk can't be used":      {facts{leads: true, policies: 2, problem: "policies.cue:1:1: no"}, ""},
		"all at once":                             {facts{leads: true, stopping: true, store: away, target: away}, "running store target"},
		"a loop that is stuck is health's to say": {facts{leads: true, turns: []turn{{"a", time.Second, time.Hour, false}}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var not []string
			h := c.facts.ready()
			for _, check := range h.Checks {
				if !check.OK {
					not = append(not, check.Name)
				}
			}
			if got := strings.Join(not, " "); got != c.not || h.OK != (c.not == "") {
				t.Errorf("%+v, want %q to fail", h, c.not)
			}
		})
	}
}
