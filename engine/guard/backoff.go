package guard

import (
	"fmt"
	"time"
)

// backoff holds a raise for a while after raises of which nothing stayed. It binds a raise to the minimum too:
// replicas that can't start are not started over and over.
func backoff(s situation, wish int) ruling {
	l := left(s.state.Backoff.Deadline, s.at)
	if wish <= s.current || l == 0 {
		return ruling{to: wish}
	}
	message := fmt.Sprintf("scaling up waits %s more after %d failed in a row", wait(l), s.state.Backoff.Failures)
	if why := s.state.Backoff.Error; why != "" {
		message += "; the last: " + why
	}
	return ruling{s.current, "BackoffActive", message}
}

const (
	firstBackoff = 30 * time.Second
	mostBackoff  = time.Hour
)

// backoffFor doubles from 30 s with each failure in a row, up to an hour.
func backoffFor(failures int) time.Duration {
	d := firstBackoff
	for range failures - 1 {
		if d *= 2; d >= mostBackoff {
			return mostBackoff
		}
	}
	return d
}
