package notify

import "time"

const (
	perMinute = 20 // messages of a receiver that tell one thing each; what is more is summed up
	stormPace = 30 * time.Second
)

// allowance says how many messages of their own a receiver may have now.
type allowance struct {
	left float64
	at   time.Time
}

// take takes as many as are wanted, or says how many there would be.
func (a *allowance) take(wanted int, now time.Time) (room int, enough bool) {
	if a.at.IsZero() {
		a.left = perMinute
	} else {
		a.left = min(perMinute, a.left+max(0, now.Sub(a.at).Minutes())*perMinute)
	}
	a.at = now
	if room = int(a.left); wanted > room {
		a.left -= float64(room)
		return room, false
	}
	a.left -= float64(wanted)
	return wanted, true
}
