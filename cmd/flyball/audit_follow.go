package main

import (
	"context"
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/spf13/cobra"
)

// follow prints entries as they come until the verb is stopped. A daemon that goes is waited for; meanwhile its store answers.
func (f *flags) follow(cmd *cobra.Command, flyball api.Flyball, filter store.Filter, p *entryPrinter) error {
	const pace = time.Second
	ctx, tail := cmd.Context(), tail{filter: filter}
	entries, again, err := tail.begin(ctx, flyball.Audit)
	if err != nil {
		return refused(err)
	}
	say := func(format string, args ...any) { fmt.Fprintf(cmd.ErrOrStderr(), "flyball: "+format+"\n", args...) }
	lost := ""
	for {
		if again {
			say("the log ends before what was seen of it: it is another one; going on with its first entry")
		}
		if err := p.print(entries); err != nil {
			return err
		}
		if len(entries) < fullPage {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(pace):
			}
		}
		if entries, again, err = tail.next(ctx, flyball.Audit); ctx.Err() != nil {
			return nil
		}
		if err == nil {
			lost = ""
			continue
		}
		if text := err.Error(); text != lost {
			say("%s; going on when there is an answer", text)
			lost = text
		}
		if found, err := f.open(cmd); err == nil {
			flyball = found
			if offline, dead := found.(*app.Offline); dead {
				socket, store := offline.Where()
				say("no daemon answers at %s; going on with what %s has", socket, store)
			}
		}
	}
}

// fullPage is how many entries are asked for at once: the most that the API gives.
const fullPage = 1000

// tail goes on with the audit log where it left off.
type tail struct {
	filter store.Filter
}

type audited func(context.Context, store.Filter) ([]store.Entry, error)

// begin gives the entries that are shown first: the newest, or the first behind a number.
func (t *tail) begin(ctx context.Context, ask audited) (entries []store.Entry, again bool, err error) {
	if t.filter.After != 0 {
		t.filter.Limit = fullPage
		return t.next(ctx, ask)
	}
	newest, err := ask(ctx, store.Filter{Limit: 1}) // first: what comes before the second answer is in that
	if err != nil {
		return nil, false, err
	}
	entries, err = ask(ctx, t.filter)
	t.filter.Limit, t.filter.After = fullPage, -1
	t.passed(newest)
	t.passed(entries)
	return entries, false, err
}

// next gives the entries that have come since. Where the log ends before what was seen it is another one, and again says
// that what comes is from its beginning.
func (t *tail) next(ctx context.Context, ask audited) (entries []store.Entry, again bool, err error) {
	if entries, err = ask(ctx, t.filter); err != nil || len(entries) > 0 {
		t.passed(entries)
		return entries, false, err
	}
	newest, err := ask(ctx, store.Filter{Limit: 1})
	if err != nil || len(newest) == 0 || newest[0].Number >= t.filter.After {
		return nil, false, err
	}
	t.filter.After = -1
	return nil, true, nil
}

// passed notes that entries were seen.
func (t *tail) passed(entries []store.Entry) {
	if n := len(entries); n > 0 {
		t.filter.After = max(t.filter.After, entries[n-1].Number)
	}
}
