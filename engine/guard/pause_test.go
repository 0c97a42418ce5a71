package guard

import (
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"pgregory.net/rapid"
)

func TestPaused(t *testing.T) {
	until := func(minutes int, actor string) engine.Pause {
		return engine.Pause{Until: start.Add(time.Duration(minutes) * time.Minute), Actor: actor}
	}
	forGood := engine.Pause{Actor: "for good"}
	for name, c := range map[string]struct {
		pauses []engine.Pause
		actor  string // whose holds; empty: none
	}{
		"none":                             {nil, ""},
		"one":                              {[]engine.Pause{until(1, "ana")}, "ana"},
		"one that ends now":                {[]engine.Pause{until(0, "ana")}, ""},
		"one that is over, and one not":    {[]engine.Pause{until(-1, "ana"), until(1, "ben")}, "ben"},
		"the longer is the first":          {[]engine.Pause{until(2, "ana"), until(1, "ben")}, "ana"},
		"the longer is the second":         {[]engine.Pause{until(1, "ana"), until(2, "ben")}, "ben"},
		"without an end is longest":        {[]engine.Pause{until(1, "ana"), forGood}, "for good"},
		"without an end, and one with":     {[]engine.Pause{forGood, until(1, "ana")}, "for good"},
		"without an end, and one over":     {[]engine.Pause{forGood, until(-1, "ana")}, "for good"},
		"of two alike the service's is it": {[]engine.Pause{until(1, "ana"), until(1, "ben")}, "ana"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if p := Paused(c.pauses, start); p != nil {
				got = p.Actor
			}
			if got != c.actor {
				t.Errorf("got the pause of %q, want %q's", got, c.actor)
			}
		})
	}
}

// Nothing that is paused gets smaller or larger, whatever else is wished for, until the last pause is over.
func TestEveryPauseHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := draw(t)
		in.st.Pauses = nil
		for range rapid.IntRange(1, 3).Draw(t, "pauses") {
			in.st.Pauses = append(in.st.Pauses, engine.Pause{Until: start.Add(seconds(t, "until", 4) - 2*time.Second), Actor: "ana", Reason: "sale"})
		}
		holds := false
		for _, p := range in.st.Pauses {
			holds = holds || start.Before(p.Until)
		}
		d, _ := Decide(in.p, in.s, in.r, in.st)
		if holds && (d.Action != engine.Hold || in.st.Enabled && in.p.Enabled && d.Reason != "Paused") {
			t.Fatalf("%+v with %+v", d, in.st.Pauses)
		}
		if !holds && d.Reason == "Paused" {
			t.Fatalf("held by what is over: %+v", in.st.Pauses)
		}
	})
}

func TestCarry(t *testing.T) {
	booted := engine.Boot{ID: "a", Started: start.Add(-time.Hour)}
	ahead := engine.Boot{ID: "a", Started: start}
	counted := engine.Pause{Since: start, Until: start.Add(2 * time.Hour), Boot: booted}
	named := engine.Pause{Since: start, Until: start.Add(2 * time.Hour)}
	for name, c := range map[string]struct {
		pause engine.Pause
		boot  engine.Boot
		end   time.Time
	}{
		"nothing happened":                     {counted, booted, start.Add(2 * time.Hour)},
		"two hours, the clock an hour ahead":   {counted, ahead, start.Add(3 * time.Hour)},
		"two hours, the clock an hour back":    {counted, engine.Boot{ID: "a", Started: start.Add(-2 * time.Hour)}, start.Add(time.Hour)},
		"two hours, the clock a bit ahead":     {counted, engine.Boot{ID: "a", Started: booted.Started.Add(time.Second - 1)}, start.Add(2 * time.Hour)},
		"two hours, after another boot":        {counted, engine.Boot{ID: "b", Started: start.Add(time.Hour)}, start.Add(2 * time.Hour)},
		"a named time, the clock an hour away": {named, ahead, start.Add(2 * time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			st := Rebase(engine.State{Pauses: []engine.Pause{c.pause}}, c.boot, start)
			if got := st.Pauses[0].Until; !got.Equal(c.end) {
				t.Errorf("ends at %s, want %s", got, c.end)
			}
			if again := Carry(st.Pauses, c.boot); again[0] != st.Pauses[0] {
				t.Errorf("carried twice it is %+v", again[0])
			}
			if counted.Until != start.Add(2*time.Hour) {
				t.Error("the pause before was changed")
			}
		})
	}
}
