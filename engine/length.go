package engine

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// LongestLength is the longest time that ParseLength reads: ten years, far more than anybody keeps.
const LongestLength = 3650 * 24 * time.Hour

// errLength says what ParseLength reads.
var errLength = errors.New("allowed is a length of time such as 90m, 24h or 7d")

// ParseLength reads a length of time, 0 or more, that may begin with days: 7d, 1d12h, 90m.
func ParseLength(text string) (time.Duration, error) {
	long := time.Duration(0)
	days, rest, found := strings.Cut(text, "d")
	if !found {
		rest = text
	}
	if found {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, errLength
		}
		long = time.Duration(n) * 24 * time.Hour
	}
	if rest != "" || !found {
		more, err := time.ParseDuration(rest)
		if err != nil || more < 0 || more > LongestLength {
			return 0, errLength
		}
		long += more
	}
	if long > LongestLength {
		return 0, errLength
	}
	return long, nil
}

// FormatLength writes a length of time in the two units that matter: 2m34s, 1h30m, 2d4h.
func FormatLength(d time.Duration) string {
	const day = 24 * time.Hour
	text := d.Round(time.Second).String()
	switch {
	case d >= 2*day:
		h := d.Round(time.Hour)
		return fmt.Sprintf("%dd%dh", h/day, h%day/time.Hour)
	case d >= 10*time.Minute:
		text = d.Round(time.Minute).String()
	}
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
