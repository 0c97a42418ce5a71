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
	mu  sync.Mutex
	all map[string]*api.LastEvent // nil: they are yet to be read
}

// read is for when they are not known.
func (l *lastEvents) read(ctx context.Context, from interface {
	History(ctx context.Context, service string, limit int) ([]engine.Event, error)
}) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all != nil {
		return nil
	}
	events, err := from.History(ctx, "", mostEvents)
	if err != nil {
		return err
	}
	l.all = map[string]*api.LastEvent{}
	for _, e := range events {
		if subject := e.Subject(); l.all[subject] == nil { // the newest come first
			l.all[subject] = api.InShort(e)
		}
	}
	return nil
}

// hear of one that has ended.
func (l *lastEvents) hear(e engine.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all != nil {
		l.all[e.Subject()] = api.InShort(e)
	}
}

// forget is for when somebody else may have begun some.
func (l *lastEvents) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = nil
}

// newest is that of a policy: the one that goes on, or the last that ended, or what its state still has of it.
func (l *lastEvents) newest(p engine.Policy, st engine.State) *api.LastEvent {
	if st.Open != nil {
		return api.InShort(*st.Open)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.all[p.Subject()]
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
