package api

import (
	"context"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

func (p *paper) Rows(_ context.Context, from, to time.Time, after int64, limit int) ([]store.Row, error) {
	p.from, p.to, p.limit = from, to, limit
	return []store.Row{{ID: after + 1, First: from, Last: to, Count: 2, Record: engine.Record{Policy: "web", At: from}}}, p.fail
}

func (p *paper) Revision(_ context.Context, id string) (store.Revision, bool, error) {
	return store.Revision{ID: id, Rules: []store.Rule{{Name: "a.rego", Text: "package a"}}}, id != "gone", p.fail
}

func TestLedger(t *testing.T) {
	p := &paper{}
	client, err := Dial(serve(t, p))
	if err != nil {
		t.Fatal(err)
	}
	defer client.http.CloseIdleConnections()
	from, to := time.Date(2026, 1, 1, 8, 0, 0, 5, time.UTC), time.Date(2026, 1, 2, 8, 0, 0, 6, time.UTC)
	rows, err := client.Rows(t.Context(), from, to, 16, 7)
	if err != nil || len(rows) != 1 || rows[0].ID != 17 || !p.from.Equal(from) || !p.to.Equal(to) || p.limit != 7 || !rows[0].Record.At.Equal(from) {
		t.Errorf("rows %+v, %v, from %s to %s", rows, err, p.from, p.to)
	}
	r, known, err := client.Revision(t.Context(), "a/b c")
	if want := (store.Revision{ID: "a/b c", Rules: []store.Rule{{Name: "a.rego", Text: "package a"}}}); err != nil || !known || !reflect.DeepEqual(r, want) {
		t.Errorf("revision %+v, %v, %v", r, known, err)
	}
	if _, known, err := client.Revision(t.Context(), "gone"); known || err != nil {
		t.Errorf("one that is gone: %v, %v", known, err)
	}
	for path, want := range map[string]string{
		"decisions?after=x":           `after is "x"; allowed is the number of a decision, or 0`,
		"decisions?limit=0":           `limit is "0"; allowed is 1 to 1000`,
		"decisions?from=soon":         `the beginning is "soon"; allowed is a length of time such as 90m, 24h or 7d, a day such as 2026-01-31, or a time in RFC 3339 such as 2026-01-31T08:00:00Z`,
		"decisions?from=1h&to=monday": `the end is "monday"; allowed is a day such as 2026-01-31, or a time in RFC 3339 such as 2026-01-31T08:00:00Z`,
	} {
		if err := client.do(t.Context(), http.MethodGet, path, nil, &rowsAnswer{}); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
}

func TestStretch(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	day := time.Date(2026, 1, 20, 0, 0, 0, 0, time.Local)
	for _, c := range []struct {
		since, until string
		from, to     time.Time
	}{
		{"", "", now.Add(-24 * time.Hour), now},
		{"7d", "", now.Add(-7 * 24 * time.Hour), now},
		{"1h", "2100-01-01", now.Add(-time.Hour), now},
		{"1h", "2026-01-20", day.Add(-time.Hour), day},
		{"2026-01-20", "2026-01-30T08:00:00Z", day, time.Date(2026, 1, 30, 8, 0, 0, 0, time.UTC)},
	} {
		if from, to, err := Stretch(c.since, c.until, now); err != nil || !from.Equal(c.from) || !to.Equal(c.to) {
			t.Errorf("%q to %q is from %s to %s, %v", c.since, c.until, from, to, err)
		}
	}
	for _, c := range [][2]string{{"0s", ""}, {"2026-02-01", ""}, {"2026-01-21", "2026-01-20"}} {
		if from, to, err := Stretch(c[0], c[1], now); err == nil {
			t.Errorf("%q to %q is from %s to %s", c[0], c[1], from, to)
		}
	}
}

func FuzzStretch(f *testing.F) {
	for _, seed := range [][2]string{{"24h", ""}, {"7d", "2026-01-31"}, {"2026-01-31T08:00:00Z", "2026-02-01"}, {"-1h", "x"}, {"0001-01-01", "9999-12-31"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, since, until string) {
		from, to, err := Stretch(since, until, time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC))
		if err == nil && !from.Before(to) {
			t.Errorf("%q to %q is from %s to %s", since, until, from, to)
		}
	})
}
