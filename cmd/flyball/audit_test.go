package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// logbook is an audit log in memory.
type logbook struct {
	entries []store.Entry
	err     error
}

func (l *logbook) add(n int, kind store.EntryKind) {
	for range n {
		l.entries = append(l.entries, store.Entry{Number: int64(len(l.entries) + 1), Kind: kind})
	}
}

func (l *logbook) ask(_ context.Context, f store.Filter) ([]store.Entry, error) {
	var found []store.Entry
	for _, e := range l.entries {
		if f.Has(e) {
			found = append(found, e)
		}
	}
	if n := len(found); f.Limit > 0 && n > f.Limit {
		if f.After == 0 {
			return found[n-f.Limit:], l.err
		}
		return found[:f.Limit], l.err
	}
	return found, l.err
}

func numbers(entries []store.Entry) string {
	if len(entries) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d to %d", entries[0].Number, entries[len(entries)-1].Number)
}

func TestTailNeitherMissesNorRepeats(t *testing.T) {
	tests := []struct {
		name   string
		filter store.Filter
		there  int
		first  string
	}{
		{"of an empty log", store.Filter{Limit: 50}, 0, "none"},
		{"of a log", store.Filter{Limit: 50}, 70, "21 to 70"},
		{"of the first on", store.Filter{After: -1}, 70, "1 to 70"},
		{"behind a number", store.Filter{After: 60}, 70, "61 to 70"},
		{"behind the last", store.Filter{After: 70}, 70, "none"},
		{"of a kind that was not there yet", store.Filter{Kind: store.OfPause, Limit: 50}, 70, "none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			log, tail := &logbook{}, tail{filter: tt.filter}
			log.add(tt.there, store.OfEvent)
			got, again, err := tail.begin(t.Context(), log.ask)
			if numbers(got) != tt.first || again || err != nil {
				t.Errorf("begins with %s, again %v, %v; want %s", numbers(got), again, err, tt.first)
			}
			next := func(want string) {
				t.Helper()
				if got, again, err := tail.next(t.Context(), log.ask); numbers(got) != want || again || err != nil {
					t.Errorf("goes on with %s, again %v, %v; want %s", numbers(got), again, err, want)
				}
			}
			next("none")
			log.add(1, store.OfPause)
			next(fmt.Sprintf("%d to %d", tt.there+1, tt.there+1))
			log.err = errors.New("the daemon is gone")
			if got, _, err := tail.next(t.Context(), log.ask); err == nil {
				t.Errorf("no error, and %s", numbers(got))
			}
			log.err = nil
			log.add(fullPage+1, store.OfPause)
			next(fmt.Sprintf("%d to %d", tt.there+2, tt.there+1+fullPage))
			next(fmt.Sprintf("%d to %d", tt.there+2+fullPage, tt.there+2+fullPage))
			next("none")
		})
	}
}

func TestTailOfAnotherLog(t *testing.T) {
	log, tail := &logbook{}, tail{filter: store.Filter{After: 30}}
	log.add(3, store.OfEvent)
	if got, again, err := tail.begin(t.Context(), log.ask); len(got) != 0 || !again || err != nil {
		t.Errorf("%s, again %v, %v; want it to begin again", numbers(got), again, err)
	}
	if got, again, err := tail.next(t.Context(), log.ask); numbers(got) != "1 to 3" || again || err != nil {
		t.Errorf("%s, again %v, %v", numbers(got), again, err)
	}
	log.entries = nil // as while the store is not there
	if got, again, err := tail.next(t.Context(), log.ask); len(got) != 0 || again || err != nil {
		t.Errorf("of nothing: %s, again %v, %v", numbers(got), again, err)
	}
}

func TestEntriesPrintOnOneHarmlessLine(t *testing.T) {
	nasty := store.Entry{
		Number: 7, At: time.Unix(0, 0), Actor: "an\x1b[31ma", Kind: store.OfPause, Service: "web\u202egnp", Message: "a\r\n8  2026\tsale\x07\u009b2J over\u2028",
	}
	for _, format := range []string{"table", "json"} {
		var out bytes.Buffer
		p := entryPrinter{out: &out, json: format == "json", widths: []int{0}} // the heads are there already
		if err := p.print([]store.Entry{nasty, {Number: 8, Message: "fine"}}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(lines) != 2 {
			t.Errorf("%s: %d lines: %q", format, len(lines), out.String())
		}
		if format == "table" && !strings.HasSuffix(lines[0], "an [31ma  pause  -  web gnp  a 8 2026 sale 2J over") {
			t.Errorf("%q", lines[0])
		}
		if strings.ContainsAny(out.String(), "\x1b\x07\r\u202e\u009b\u2028") {
			t.Errorf("%s: %q", format, out.String())
		}
	}
}
