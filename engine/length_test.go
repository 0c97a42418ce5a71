package engine

import (
	"testing"
	"time"
)

func TestParseLength(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"7d": 7 * 24 * time.Hour, "1d12h": 36 * time.Hour, "90m": 90 * time.Minute, "0s": 0, "1d0.5h": 24*time.Hour + 30*time.Minute,
	} {
		if got, err := ParseLength(text); err != nil || got != want {
			t.Errorf("%s reads as %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "7", "d", "1d ", "-1h", "1d-2h", "-1d", "1.5d", "3650d1s", "1h1d", "soon"} {
		if got, err := ParseLength(text); err == nil {
			t.Errorf("%q reads as %s", text, got)
		}
	}
}

func TestFormatLength(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 45 * time.Second: "45s", 90 * time.Second: "1m30s", 2 * time.Minute: "2m",
		12*time.Minute + 20*time.Second: "12m", time.Hour - 1: "1h", time.Hour + 59*time.Minute: "1h59m", 2 * time.Hour: "2h",
		47 * time.Hour: "47h", 76*time.Hour + 10*time.Minute: "3d4h",
	} {
		if got := FormatLength(d); got != want {
			t.Errorf("%s reads %s, want %s", d, got, want)
		}
	}
}

func FuzzParseLength(f *testing.F) {
	for _, seed := range []string{"7d", "1d12h", "90m", "", "d", "-1d", "1d-2h", "99999d", "2562047h47m16s", "1.5d", "3650d24h", "1dd"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		long, err := ParseLength(text)
		if err == nil && (long < 0 || long > LongestLength) {
			t.Errorf("%q reads as %s", text, long)
		}
	})
}
