package explain_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/explain"
)

// What has ended since the decision was made is nothing to wait for, and is told once.
func TestWhatHasEndedIsNoWait(t *testing.T) {
	paused := func(c *explain.Case) {
		c.State.Pauses = []engine.Pause{{Until: start.Add(time.Second), Actor: "ana", Reason: "sale"}}
	}
	for name, c := range map[string]struct {
		of   explain.Case
		want []string
	}{
		"a pause": {web(reads("cpu", 90), paused), []string{
			"would no longer scale up when cpu falls to 70; now 90",
			"scales down to 1 when cpu falls below 25; now 90",
			"now it would scale up to 3: the pause has ended",
		}},
		"a pause, and then there is nothing to do": {web(paused), []string{
			"scales up to 3 when cpu rises above 70; now 64",
			"scales down to 1 when cpu falls below 25; now 64",
			"scales up to 3 when mem rises above 80; now 20",
			"now it would still hold, but for Asked: the pause has ended",
		}},
		"a pause, and a cooldown lasts": {web(reads("cpu", 90), paused, cooling(time.Minute)), []string{
			"would no longer scale up when cpu falls to 70; now 90",
			"scales down to 1 when cpu falls below 25; now 90, once the cooldown is over (in 58s)",
			"in 58s it would scale up to 3: the cooldown ends",
		}},
		"a cooldown": {web(reads("cpu", 90), cooling(2*time.Second)), []string{
			"would no longer scale up when cpu falls to 70; now 90",
			"scales down to 1 when cpu falls below 25; now 90",
			"now it would scale up to 3: the cooldown has ended",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, a := range explain.Alternatives(t.Context(), rules(thresholds), c.of, start.Add(2*time.Second)) {
				got = append(got, a.Message)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("alternatives are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}
