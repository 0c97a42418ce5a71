package auth

import (
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

const (
	recentTime = time.Second // so a token that is revoked ends within it
	recentMost = 1000
)

// recent keeps the tokens that were shown lately: not each request has the store asked for one, and a token that was good a
// moment ago does not suffer from others who try wrong ones at the same address.
type recent struct {
	mu     sync.Mutex
	tokens map[string]seen
}

type seen struct {
	token store.Token
	at    time.Time
}

// find is a token by its id; fresh: it need not be looked up again.
func (r *recent) find(id string, now time.Time) (t store.Token, known, fresh bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, known := r.tokens[id]
	age := now.Sub(s.at)
	return s.token, known, known && age >= 0 && age < recentTime
}

func (r *recent) keep(t store.Token, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tokens == nil {
		r.tokens = map[string]seen{}
	}
	if _, known := r.tokens[t.ID]; !known && len(r.tokens) >= recentMost {
		for id := range r.tokens { // any: it is looked up again
			delete(r.tokens, id)
			break
		}
	}
	r.tokens[t.ID] = seen{t, now}
}

func (r *recent) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.tokens, id)
}

// Forget has every token looked up again at its next request: one may have been revoked, or be another now.
func (g *Gate) Forget() {
	g.recent.mu.Lock()
	defer g.recent.mu.Unlock()
	clear(g.recent.tokens)
}
