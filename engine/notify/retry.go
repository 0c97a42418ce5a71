package notify

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	firstWait   = 5 * time.Second
	longestWait = time.Hour
	givenUp     = 3 * 24 * time.Hour // after which a message is not tried any more
	fewTries    = 5                  // of a message that is refused
)

// backoff is how long to wait after so many failures in a row: twice as long each time, up to an hour. chance (0..1) spreads it
// over its upper half, so that many who wait for one receiver do not come all at once.
func backoff(failures int, chance float64) time.Duration {
	wait := longestWait
	if n := failures - 1; n < 16 {
		wait = min(longestWait, firstWait<<max(0, n))
	}
	return wait/2 + time.Duration(chance*float64(wait/2))
}

// retryAfter is how long the header of that name asks to wait, an hour at most; 0 where it says nothing that can be read.
func retryAfter(text string, now time.Time) time.Duration {
	text = strings.TrimSpace(text)
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if !(seconds > 0) { // nor is it a number
			return 0
		}
		return time.Duration(min(seconds, longestWait.Seconds()) * float64(time.Second))
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return max(0, min(at.Sub(now), longestWait))
}
