package schema

import (
	"fmt"
	"math"
	"time"
)

// longest is the longest duration that a policy may name: a week.
const longest = 168 * time.Hour

// duration reads a duration as authors write it: a text such as "90s", or a bare number of minutes. It is a multiple
// of a millisecond, at least shortest and at most a week.
func duration(written any, shortest time.Duration) (time.Duration, error) {
	var d time.Duration
	switch w := written.(type) {
	case string:
		parsed, err := time.ParseDuration(w)
		if err != nil {
			return 0, fmt.Errorf("not a duration")
		}
		d = parsed
	case float64:
		if math.IsNaN(w) || math.Abs(w) > 2*longest.Minutes() {
			return 0, fmt.Errorf("out of range")
		}
		d = minutes(w)
	default:
		return 0, fmt.Errorf("not a duration")
	}
	if d < shortest || d > longest || d != d.Truncate(time.Millisecond) {
		return 0, fmt.Errorf("out of range")
	}
	return d, nil
}

// minutes is a bare number as a duration.
func minutes(n float64) time.Duration {
	return time.Duration(math.Round(n * float64(time.Minute)))
}
