package auth

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/flyball-dev/flyball/engine/store"
)

const (
	noteEvery = time.Minute // for one address and reason
	noteMost  = 1000        // addresses and reasons that are told apart
	noteAll   = 60          // entries in one noteEvery, whatever they are
)

// notes write refusals to the audit log, and so few of them that somebody who tries passwords does not fill it.
type notes struct {
	write func(ctx context.Context, e store.Entry)

	mu    sync.Mutex
	told  map[noteKey]note
	all   limit[struct{}]
	other int // that were left out, and belong to no note
}

type noteKey struct {
	from   From
	reason string
}

type note struct {
	at   time.Time
	left int // out since
}

func newNotes(write func(context.Context, store.Entry)) *notes {
	return &notes{write: write, told: map[noteKey]note{}, all: limit[struct{}]{burst: noteAll, every: noteEvery / noteAll, most: 1}}
}

// refused notes who was refused what and why. It says whether it did, or leaves it to a later one to count it.
func (n *notes) refused(ctx context.Context, actor string, from From, reason, what string, now time.Time) bool {
	left, write := n.count(noteKey{from, reason}, now)
	if !write {
		return false
	}
	message := fmt.Sprintf("refused from %s: %s", from, reason)
	if what != "" {
		message = fmt.Sprintf("%s, refused from %s: %s", what, from, reason)
	}
	if left > 0 {
		message += fmt.Sprintf("; and %d times more that are not noted", left)
	}
	n.write(ctx, store.Entry{At: now, Actor: actor, Kind: store.OfAccess, Message: line(message)})
	return true
}

func (n *notes) count(key noteKey, now time.Time) (left int, write bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	last, known := n.told[key]
	switch {
	case known && now.Before(last.at.Add(noteEvery)):
		last.left++
		n.told[key] = last
		return 0, false
	case n.all.take(struct{}{}, now) > 0:
		n.other++
		return 0, false
	}
	if !known && len(n.told) >= noteMost {
		n.forget()
	}
	left, n.other = last.left+n.other, 0
	n.told[key] = note{at: now}
	return left, true
}

// forget makes room: of a few the one that is oldest goes, and what it has left out is told by another.
func (n *notes) forget() {
	var oldest noteKey
	looked := 0
	for key, last := range n.told { // from anywhere on
		if looked == 0 || last.at.Before(n.told[oldest].at) {
			oldest = key
		}
		if looked++; looked == few {
			break
		}
	}
	n.other += n.told[oldest].left
	delete(n.told, oldest)
}

// line is a text on one line, without what can't be printed.
func line(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) }), " ")
}
