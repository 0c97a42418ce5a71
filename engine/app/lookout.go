package app

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// lookout sees the policies that come by the API: those that another daemon takes too, or a restore brings back. While the store
// can't be reached they are as they last were.
type lookout struct {
	documents []store.Document
	known     bool   // they have been read
	newest    string // entry of the audit log by then: each change of a document is in it, in the same step

	unread  time.Time // when a load had no time for them; zero: it had
	retries int
}

// again is how long after a load that had no time for the documents the next one is.
const again = time.Minute

// missed notes whether a load had no time for the documents, as on a machine that is busy.
func (l *lookout) missed(any bool, now time.Time) {
	l.unread = time.Time{}
	if any {
		l.unread = now
	}
}

// retry has the documents read again, as if something had changed, where it is time.
func (l *lookout) retry(now time.Time) {
	if !l.unread.IsZero() && now.Sub(l.unread) >= again {
		l.unread = time.Time{}
		l.retries++
	}
}

// look reads the documents where something has been done since the last look.
func (l *lookout) look(ctx context.Context, ledger ledgers) {
	ctx, cancel := context.WithTimeout(ctx, settle)
	defer cancel()
	entries, err := ledger.Audited(ctx, store.Filter{Limit: 1})
	if err != nil {
		return
	}
	newest := "none"
	for _, e := range entries {
		newest = fmt.Sprint(e.Number, e.At.UnixNano(), e.Message)
	}
	if l.known && newest == l.newest {
		return
	}
	documents, err := documentsOf(ctx, ledger)
	if err != nil {
		return
	}
	l.documents, l.known, l.newest = documents, true, newest
}

// ledgers is what a lookout looks at.
type ledgers interface {
	store.Documents
	store.Audit
}

// sum tells one state of files and documents from another.
func (l *lookout) sum(files uint64) uint64 {
	sum := fnv.New64a()
	fmt.Fprintln(sum, files, l.known, l.retries)
	for _, d := range l.documents {
		fmt.Fprintln(sum, d.Name, d.Version, d.At.UnixNano())
	}
	return sum.Sum64()
}

// takeUp has what was just written at work before it returns, where the daemon runs.
func (a *App) takeUp(ctx context.Context) {
	if !a.watching.Load() {
		return
	}
	const most = 10 * time.Second // what is late is taken up all the same
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	taken := make(chan struct{})
	select {
	case a.written <- taken:
	case <-ctx.Done():
		return
	}
	select {
	case <-taken:
	case <-ctx.Done():
	}
}
