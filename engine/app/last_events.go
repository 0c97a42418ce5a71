package app

import (
	"context"
	"sync"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
)

// mostEvents are read to find the newest of each policy.
const mostEvents = 2000

// lastEvents are the newest events, by subject. While a daemon leads nobody else begins any: it reads them once, and hears of those
// that follow. Where another leads they are read again once the audit log has that one ended.
type lastEvents struct {
	mu        sync.Mutex
	recorded  map[string]*api.LastEvent // as they were read
	heard     map[string]*api.LastEvent // that have ended since
	whole     bool                      // there are no others
	forgotten int                       // times
}

// read is for when they are not known. It holds no lock while it asks: the cycle that has one ended must not wait for the store.
func (l *lastEvents) read(ctx context.Context, from interface {
	History(ctx context.Context, service string, limit int) ([]engine.Event, error)
}) error {
	l.mu.Lock()
	whole, forgotten := l.whole, l.forgotten
	l.mu.Unlock()
	if whole {
		return nil
	}
	events, err := from.History(ctx, "", mostEvents)
	if err != nil {
		return err
	}
	recorded := map[string]*api.LastEvent{}
	for _, e := range events {
		if subject := e.Subject(); recorded[subject] == nil { // the newest come first
			recorded[subject] = api.InShort(e)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recorded, l.whole = recorded, forgotten == l.forgotten
	return nil
}

// hear of one that has ended.
func (l *lastEvents) hear(e engine.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.heard == nil {
		l.heard = map[string]*api.LastEvent{}
	}
	l.heard[e.Subject()] = api.InShort(e)
}

// forget is for when somebody else may have begun some.
func (l *lastEvents) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recorded, l.heard, l.whole = nil, nil, false
	l.forgotten++
}

// newest is that of a policy: the one that goes on, or the last that ended, or what its state still has of it.
func (l *lastEvents) newest(p engine.Policy, st engine.State) *api.LastEvent {
	if st.Open != nil {
		return api.InShort(*st.Open)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.heard[p.Subject()]
	if known == nil {
		known = l.recorded[p.Subject()]
	}
	if known != nil && !known.Ended.IsZero() || len(st.Past) == 0 {
		return known
	}
	past := st.Past[len(st.Past)-1]
	last := api.LastEvent{Action: past.Action, From: past.From, To: past.To, Started: past.At}
	if known != nil { // it was read when it had not ended
		last = *known
	}
	last.Reached, last.Ended, last.Result = past.To, past.At, past.Result
	return &last
}
