package schema

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

func TestDuration(t *testing.T) {
	cases := []struct {
		name     string
		written  any
		shortest time.Duration
		want     time.Duration // -1: refused
	}{
		{"text", "90s", 0, 90 * time.Second},
		{"mixed units", "1h30m", 0, 90 * time.Minute},
		{"bare minutes", 5.0, 0, 5 * time.Minute},
		{"half a minute", 0.5, 0, 30 * time.Second},
		{"nothing", 0.0, 0, 0},
		{"a week", "168h", 0, longest},
		{"more than a week", "168h1s", 0, -1},
		{"more than a week of minutes", 10081.0, 0, -1},
		{"too short", "999ms", time.Second, -1},
		{"shortest", "1s", time.Second, time.Second},
		{"negative", "-1s", 0, -1},
		{"under a millisecond", "1us", 0, -1},
		{"no unit", "5", 0, -1},
		{"other words", "5 minutes", 0, -1},
		{"huge", 1e300, 0, -1},
		{"another kind", true, 0, -1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := duration(c.written, c.shortest)
			if err != nil {
				got = -1
			}
			if got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// What is written as a duration is read as the same one, and what is read is within bounds.
func TestDurationProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(longest/time.Millisecond)).Draw(t, "ms")) * time.Millisecond
		for _, text := range []string{d.String(), engine.Short(d)} {
			if got, err := duration(text, 0); err != nil || got != d {
				t.Fatalf("%q: got %v, %v", text, got, err)
			}
		}
		if got, err := duration(rapid.String().Draw(t, "text"), time.Second); err == nil && (got < time.Second || got > longest) {
			t.Fatal("out of bounds", got)
		}
		if got, err := duration(rapid.Float64().Draw(t, "minutes"), time.Second); err == nil && (got < time.Second || got > longest) {
			t.Fatal("out of bounds", got)
		}
	})
}
