package store

import (
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Delayed are the deadlines of a policy of which nobody knows what it did before an instant, when its store was begun
// anew: each lasts a full cooldown from then on at least.
func Delayed(d engine.Deadlines, p engine.Policy, from time.Time) engine.Deadlines {
	return engine.Deadlines{Up: delayed(d.Up, p.Cooldown.Up, from), Down: delayed(d.Down, p.Cooldown.Down, from)}
}

func delayed(d engine.Deadline, wait time.Duration, from time.Time) engine.Deadline {
	if until := from.Add(wait); wait > 0 && until.After(d.Until) {
		return engine.Deadline{Until: until, Wait: max(wait, d.Wait)}
	}
	return d
}
