package app

import (
	"context"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// outbox is what a restore leaves to be told. Nothing that was told is told again: a backup knows nothing of what was since it
// was made.
type outbox struct {
	own   bool // the audit log of the store stays, and so does what is still to be told of it
	known bool // somebody has ever been told of an audit log
}

// of is what is taken of a part of the backup. Messages that waited there are given up, for whoever is to be told after all
// sends them again; where the log goes on, those of the store are there in their place.
func (o *outbox) of(p store.Part) store.Part {
	o.known = o.known || p.Posted > 0
	p.Posted = 0
	if o.own {
		p.Messages = nil
		return p
	}
	var messages []store.Message
	for _, m := range p.Messages {
		if !m.Dead {
			m.Dead, m.Error = true, "it waited when the backup was made: whether it was delivered since is not known"
		}
		messages = append(messages, m)
	}
	p.Messages = messages
	return p
}

// rest is what is left to be told besides. last is the end of the log that is restored, which is told of as far as somebody was.
func (o *outbox) rest(ctx context.Context, into store.Outbox, last int64, at time.Time) (store.Part, error) {
	upTo, known, err := into.Posted(ctx)
	if err != nil {
		return store.Part{}, err
	}
	if !o.own {
		if !known && !o.known {
			last = 0
		}
		return store.Part{Posted: last}, nil
	}
	waiting, err := into.Due(ctx, at.AddDate(100, 0, 0), 0)
	if err != nil {
		return store.Part{}, err
	}
	dead, err := into.Dead(ctx, 0)
	return store.Part{Messages: append(waiting, dead...), Posted: upTo}, err
}
