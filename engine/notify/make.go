package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

const (
	page     = 1000 // entries that are read at once
	mostRead = 20   // pages of one pass
)

// pass makes messages of what the audit log has since the cursor, and puts them into the outbox with the new cursor, in one step.
// storm says that some were summed up, so that the next pass may wait.
func (t *term) pass(ctx context.Context) (storm bool, err error) {
	cursor, _, err := t.Outbox.Posted(ctx)
	if err != nil {
		return false, err
	}
	found, upTo, err := t.read(ctx, cursor)
	if err != nil || upTo <= cursor {
		return false, err
	}
	now := t.Now()
	batches := make([]batch, len(t.lanes))
	var all []store.Message
	for i, l := range t.lanes {
		if batches[i], err = l.batch(found, upTo, now); err != nil {
			break
		}
		storm = storm || batches[i].storm
		all = append(all, batches[i].made...)
	}
	if err == nil {
		err = t.Outbox.Post(ctx, upTo, all...)
	}
	for i, b := range batches {
		if err != nil {
			t.lanes[i].add(b.folded...)
			continue
		}
		t.lanes[i].add(b.made...)
		for _, m := range b.folded { // a stop in between leaves some that are told twice
			t.lanes[i].noted(ctx, m, t.Outbox.Delivered(ctx, m.ID))
		}
		t.tally.count(t.lanes[i].to.Name, func(c *Counts) { c.Folded += int64(len(b.folded)) })
	}
	return storm, err
}

// batch is what one pass makes for one receiver.
type batch struct {
	made   []store.Message
	folded []store.Message // that one of those sums up
	storm  bool            // one of them sums up what is new
}

func (l *lane) batch(found []Notification, upTo int64, now time.Time) (b batch, err error) {
	if b.made, b.storm, err = l.make(found, now); err != nil {
		return b, err
	}
	old, d := l.fold(len(b.made))
	if len(old) == 0 {
		return b, nil
	}
	b.folded = old
	of, _, _ := strings.Cut(strings.TrimPrefix(old[0].ID, l.to.Name+"-"), "-fold-")
	m, err := messageOf(l.to.Name, fmt.Sprintf("%s-fold-%d", of, upTo), Content{Digest: &d}, old[0].Created, now)
	b.made = append(b.made, m)
	return b, err
}

// read lists what there is to tell since an entry, and the number of the last that was looked at. What is older than a message
// may get is not told any more.
func (t *term) read(ctx context.Context, cursor int64) (found []Notification, upTo int64, err error) {
	upTo = cursor
	for range mostRead {
		after := upTo
		if after == 0 {
			after = -1
		}
		entries, err := t.Outbox.Audited(ctx, store.Filter{After: after, Limit: page})
		if err != nil {
			return nil, cursor, err
		}
		for _, e := range entries {
			upTo = e.Number
			if t.Now().Sub(e.At) >= givenUp {
				continue
			}
			var event engine.Event
			if e.Event != "" {
				if event, _, err = t.Outbox.Event(ctx, e.Event); err != nil {
					return nil, cursor, err
				}
			}
			if n, tells := Of(e, event); tells {
				found = append(found, n)
			}
		}
		if len(entries) < page {
			break
		}
	}
	return found, upTo, nil
}

// make makes the messages of a receiver: one each while they are few, else some for the troubles and one for all the rest.
func (l *lane) make(found []Notification, now time.Time) (messages []store.Message, storm bool, err error) {
	var wanted []Notification
	for _, n := range found {
		if l.wants(n) {
			wanted = append(wanted, n)
		}
	}
	room, enough := l.room.take(len(wanted), now)
	if !enough { // the troubles first, each group in its order
		slices.SortStableFunc(wanted, func(a, b Notification) int { return rank(b) - rank(a) })
		for room = min(room, len(wanted)); room > 0 && !wanted[room-1].Kind.trouble(); {
			room--
		}
	}
	singles, rest := wanted[:room], wanted[room:]
	for _, n := range singles {
		m, err := messageOf(l.to.Name, n.ID, Content{Notification: &n}, n.At, now)
		if err != nil {
			return nil, false, err
		}
		messages = append(messages, m)
	}
	if len(rest) == 0 {
		return messages, false, nil
	}
	var d Digest
	for _, n := range rest {
		d.add(n)
	}
	d = d.bounded()
	of := fmt.Sprintf("%s-and-%d", rest[0].ID, len(rest)-1)
	m, err := messageOf(l.to.Name, of, Content{Digest: &d}, d.To, now)
	return append(messages, m), true, err
}

func rank(n Notification) int {
	if n.Kind.trouble() {
		return 1
	}
	return 0
}

// wants says whether a receiver is to be told.
func (l *lane) wants(n Notification) bool {
	kinds := l.to.Kinds
	if len(kinds) == 0 {
		kinds = l.format.told()
	}
	return slices.Contains(kinds, n.Kind) && (len(l.to.Services) == 0 || n.Service == "" || slices.Contains(l.to.Services, n.Service))
}
