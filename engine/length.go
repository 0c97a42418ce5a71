package engine

import (
	"errors"
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
