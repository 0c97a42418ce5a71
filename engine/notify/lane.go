package notify

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// noteTime is for what came of an attempt to be noted, also when all is told to stop: else it would be told twice.
const noteTime = 5 * time.Second

// mostWaiting is how many messages may wait for one receiver. The oldest of more than that are summed up.
const mostWaiting = 100

// lane delivers the messages of one receiver, one after the other, and holds up no other. While the receiver is not well all
// of them wait for it.
type lane struct {
	*caller
	outbox Outbox
	log    *slog.Logger
	chance func() float64
	tally  *counters
	format Format

	mu       sync.Mutex
	queue    []store.Message // waiting, the oldest first
	sending  string          // the id of the one under way
	failures int             // of the receiver, in a row
	rest     time.Time       // it is not asked before
	room     allowance       // for messages of their own; the makers alone
	wake     chan struct{}
}

// add takes messages that are in the outbox.
func (l *lane) add(messages ...store.Message) {
	l.mu.Lock()
	l.queue = append(l.queue, messages...)
	slices.SortStableFunc(l.queue, func(a, b store.Message) int { return a.Created.Compare(b.Created) })
	l.mu.Unlock()
	l.stir()
}

func (l *lane) stir() {
	select {
	case l.wake <- struct{}{}:
	default: // it is to look already
	}
}

// remove forgets a message.
func (l *lane) remove(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = slices.DeleteFunc(l.queue, func(m store.Message) bool { return m.ID == id })
}

// run delivers until ctx ends.
func (l *lane) run(ctx context.Context) {
	defer l.close()
	for ctx.Err() == nil {
		m, wait, found := l.next()
		if found {
			l.deliver(ctx, m)
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-l.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// next is the message to send now, or else how long to wait for one.
func (l *lane) next() (m store.Message, wait time.Duration, found bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	wait = longestWait
	for _, m := range l.queue {
		due := m.Due
		if l.rest.After(due) {
			due = l.rest
		}
		if !due.After(now) {
			l.sending = m.ID
			return m, 0, true
		}
		wait = min(wait, due.Sub(now))
	}
	return m, wait, false
}

// deliver makes one attempt, and notes what came of it.
func (l *lane) deliver(ctx context.Context, m store.Message) {
	defer func() {
		l.mu.Lock()
		l.sending = ""
		l.mu.Unlock()
	}()
	var content Content
	var a Answer
	if a.Err = json.Unmarshal(m.Body, &content); a.Err == nil && content.Notification == nil && content.Digest == nil {
		a.Err = errUnreadable
	}
	if a.Err != nil {
		l.end(ctx, m, "what it says can't be read: "+a.Err.Error())
		return
	}
	if a = l.post(ctx, m.ID, content); a.Status == 0 && ctx.Err() != nil {
		return // it is tried again, under the same id
	}
	noting, done := context.WithTimeout(context.WithoutCancel(ctx), noteTime)
	defer done()
	l.settle(noting, m, a)
}

// settle notes what came of an attempt.
func (l *lane) settle(ctx context.Context, m store.Message, a Answer) {
	now, verdict := l.now(), a.verdict()
	if verdict == taken {
		l.mu.Lock()
		before := l.failures
		l.failures, l.rest = 0, time.Time{}
		l.mu.Unlock()
		if before > 0 {
			l.log.Info("notifications are taken again", "receiver", l.to.Name)
		}
		l.tally.count(l.to.Name, func(c *Counts) { c.Delivered++ })
		l.remove(m.ID)
		l.noted(ctx, m, l.outbox.Delivered(ctx, m.ID))
		return
	}
	l.tally.count(l.to.Name, func(c *Counts) { c.Failed++ })
	m.Attempts++
	m.Error = a.Problem()
	l.mu.Lock()
	first, wait := l.failures == 0 && m.Attempts == 1, backoff(m.Attempts, l.chance())
	if verdict == later {
		l.failures = max(l.failures, m.Attempts-1) + 1
		wait = max(backoff(l.failures, l.chance()), a.Again)
		l.rest = now.Add(wait)
	}
	l.mu.Unlock()
	if first {
		l.log.Warn("a notification is not taken, and is tried again", "receiver", l.to.Name, "error", m.Error)
	}
	m.Due = now.Add(wait)
	if verdict == gone || verdict == refused && m.Attempts >= fewTries || now.Sub(m.Created) >= givenUp {
		l.end(ctx, m, m.Error)
		return
	}
	l.put(m)
	l.noted(ctx, m, l.outbox.Put(ctx, m))
}

// end gives a message up.
func (l *lane) end(ctx context.Context, m store.Message, why string) {
	m.Dead, m.Error = true, why
	l.remove(m.ID)
	l.tally.count(l.to.Name, func(c *Counts) { c.Dropped++ })
	l.log.Error("a notification is given up; flyball notify replay has it tried again", "receiver", l.to.Name, "id", m.ID, "error", why)
	l.noted(ctx, m, l.outbox.Put(ctx, m))
}

// put replaces a message that waits.
func (l *lane) put(m store.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.queue {
		if l.queue[i].ID == m.ID {
			l.queue[i] = m
		}
	}
}

// noted says that what became of a message is not in the outbox: after a restart it is sent again.
func (l *lane) noted(ctx context.Context, m store.Message, err error) {
	if err != nil && ctx.Err() == nil {
		l.log.Error("what became of a notification is not in the store", "receiver", l.to.Name, "id", m.ID, "error", err)
	}
}

// fold takes the older half out of what waits, where that is too much with so many more, for a digest to take their place.
// Troubles are folded by themselves, when nothing else is left.
func (l *lane) fold(more int) (old []store.Message, d Digest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue)+more <= mostWaiting {
		return nil, d
	}
	var calm, troubles []store.Message
	contents := map[string]Content{}
	for _, m := range l.queue {
		var c Content
		if m.ID == l.sending || json.Unmarshal(m.Body, &c) != nil {
			continue
		}
		if contents[m.ID] = c; c.trouble() {
			troubles = append(troubles, m)
		} else {
			calm = append(calm, m)
		}
	}
	if old = calm; len(calm) < 2 {
		old = troubles
	}
	if len(old) < 2 {
		return nil, d
	}
	old = old[:(len(old)+1)/2]
	var all []Content
	for _, m := range old {
		all = append(all, contents[m.ID])
	}
	l.queue = slices.DeleteFunc(l.queue, func(m store.Message) bool {
		return slices.ContainsFunc(old, func(o store.Message) bool { return o.ID == m.ID })
	})
	return old, sum(all)
}
