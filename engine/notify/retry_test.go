package notify

import (
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"":      0,
		"30":    30 * time.Second,
		" 30 ":  30 * time.Second,
		"0.5":   500 * time.Millisecond,
		"0":     0,
		"-5":    0,
		"NaN":   0,
		"Inf":   time.Hour,
		"86400": time.Hour,
		"1e300": time.Hour,
		"soon":  0,
		now.Add(time.Minute).Format(http.TimeFormat):    time.Minute,
		now.Add(-time.Minute).Format(http.TimeFormat):   0,
		now.Add(48 * time.Hour).Format(http.TimeFormat): time.Hour,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("30")
	f.Add("Fri, 27 Nov 2026 10:00:00 GMT")
	f.Add("9e999")
	f.Fuzz(func(t *testing.T, text string) {
		if got := retryAfter(text, time.Unix(1795763427, 0)); got < 0 || got > time.Hour {
			t.Errorf("%q: %s", text, got)
		}
	})
}

func TestBackoff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		failures, chance := rapid.IntRange(1, 1_000_000).Draw(t, "failures"), rapid.Float64Range(0, 1).Draw(t, "chance")
		wait := backoff(failures, chance)
		if wait < firstWait/2 || wait > longestWait {
			t.Fatalf("%s", wait)
		}
		if next := backoff(failures+1, chance); next < wait {
			t.Fatalf("after one more failure %s, which is less than %s", next, wait)
		}
	})
	if first, tenth := backoff(1, 1), backoff(10, 1); first != 5*time.Second || tenth != 2560*time.Second {
		t.Errorf("%s and %s", first, tenth)
	}
}
