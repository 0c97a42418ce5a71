package app

import (
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// turns say whether the loop turns: when each policy last showed that its cycles come to an end.
type turns struct {
	mu  sync.Mutex
	all map[string]turn // by subject, of the policies at work
}

type turn struct {
	at     time.Time
	acting bool // and then carries something out, which may take its time
	policy engine.Policy
}

// begin counts from now on for the policies that are handed to the loop and were not there.
func (t *turns) begin(policies []engine.Policy) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.all
	t.all = map[string]turn{}
	for _, p := range policies {
		now, there := before[p.Subject()]
		if !there {
			now.at = time.Now()
		}
		now.policy = p
		t.all[p.Subject()] = now
	}
}

// note is a sign of life.
func (t *turns) note(p engine.Policy, acting bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, there := t.all[p.Subject()]; there {
		t.all[p.Subject()] = turn{time.Now(), acting, p}
	}
}

// turn says that no policy's cycle is long overdue.
func (t *turns) turn() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, one := range t.all {
		most := 2*one.policy.EvaluationInterval + time.Minute
		if one.acting {
			most += max(patience, one.policy.Rollout.ReadyDeadline)
		}
		if time.Since(one.at) > most {
			return false
		}
	}
	return true
}
