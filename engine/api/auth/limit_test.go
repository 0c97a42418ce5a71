package auth

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestLimit(t *testing.T) {
	l := limit[string]{burst: 3, every: 10 * time.Second, most: 10}
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	for i, c := range []struct {
		second int
		key    string
		wait   int
	}{
		{0, "a", 0}, {0, "a", 0}, {0, "a", 0}, {0, "a", 10}, {0, "b", 0}, {4, "a", 6}, {9, "a", 1}, {10, "a", 0}, {10, "a", 10},
		{-100, "a", 10}, {60, "a", 0}, {60, "a", 0}, {60, "a", 0}, {60, "a", 10},
	} {
		if got := l.take(c.key, at(c.second)); got != time.Duration(c.wait)*time.Second {
			t.Errorf("step %d: wait %s, want %d s", i, got, c.wait)
		}
	}
	l.giveBack("a", at(60))
	if wait := l.take("a", at(60)); wait != 0 {
		t.Errorf("what was given back is not there: wait %s", wait)
	}
	l.giveBack("nobody", at(60))
}

// However it is asked, no key gets more than its burst and what has come since; and it is never asked to wait longer than
// it then has to.
func TestLimitHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := limit[int]{burst: rapid.IntRange(1, 5).Draw(t, "burst"), every: time.Second, most: 100}
		now, taken := start, map[int]int{}
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			key := rapid.IntRange(1, 3).Draw(t, "key")
			if wait := l.take(key, now); wait > 0 {
				now = now.Add(wait)
				if l.take(key, now) != 0 {
					t.Fatal("it has waited, and is to wait again")
				}
			}
			taken[key]++
			if most := l.burst + int(now.Sub(start)/l.every); taken[key] > most {
				t.Fatalf("%d times in %s", taken[key], now.Sub(start))
			}
		}
	})
}

// A flood of other keys neither takes memory nor frees the one that has used up its times.
func TestLimitUnderAFlood(t *testing.T) {
	l := limit[int]{burst: 5, every: time.Minute, most: 1000}
	for range 5 {
		l.take(-1, start)
	}
	for i := range 50_000 {
		l.take(i, start.Add(time.Duration(i)*time.Microsecond))
		if len(l.used) > l.most {
			t.Fatalf("%d keys are kept", len(l.used))
		}
	}
	if l.take(-1, start.Add(time.Second)) == 0 {
		t.Error("the flood has freed the one that is to wait")
	}
}

func TestFrom(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:80":                  "192.0.2.1",
		"[::ffff:192.0.2.1]:80":         "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:443":    "2001:db8:1:2::/64",
		"[fe80::1%eth0]:443":            "fe80::/64",
		"@":                             "an unknown address",
		"192.0.2.1":                     "an unknown address",
		"":                              "an unknown address",
		"example.org:80":                "an unknown address",
		"[2001:db8:1:2:ffff::1]:65535":  "2001:db8:1:2::/64",
		"[2001:db8:1:3:ffff::1]:655350": "an unknown address",
	} {
		if got := FromAddress(remote).String(); got != want {
			t.Errorf("%s is from %s, want %s", remote, got, want)
		}
	}
	if FromAddress("[2001:db8::1]:1") != FromAddress("[2001:db8::2]:2") || FromAddress("192.0.2.1:1") == FromAddress("192.0.2.2:1") {
		t.Error("addresses are told apart in another way")
	}
}
