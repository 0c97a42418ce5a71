package api

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestReportRange(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.Local) }
	tests := []struct {
		name            string
		since, from, to string
		begin, end      time.Time
		err             string
	}{
		{name: "nothing said", begin: now.AddDate(0, 0, -7), end: now},
		{name: "days", since: "2d", begin: now.AddDate(0, 0, -2), end: now},
		{name: "days and hours", since: "1d12h", begin: now.Add(-36 * time.Hour), end: now},
		{name: "minutes", since: "90m", begin: now.Add(-90 * time.Minute), end: now},
		{name: "from a day", from: "2026-03-01", begin: day(1), end: now},
		{name: "two days", from: "2026-03-01", to: "2026-03-02", begin: day(1), end: day(2)},
		{name: "times", from: "2026-03-01T08:00:00Z", to: "2026-03-01T09:00:00+01:00",
			err: "is not before"},
		{name: "what is to come", from: "2026-03-01", to: "2026-12-24", begin: day(1), end: now},
		{name: "nothing but what is to come", from: "2026-12-24", err: "is not before"},
		{name: "no length", since: "7", err: `since is "7"; allowed is a length of time such as 90m, 24h or 7d`},
		{name: "no length at all", since: "0d", err: `since is "0d"`},
		{name: "no day", from: "yesterday", err: `from is "yesterday"; allowed is a day such as 2026-01-31`},
		{name: "no end", from: "2026-03-01", to: "now", err: `to is "now"; allowed is a day`},
		{name: "both", since: "7d", from: "2026-03-01", err: "give since, or from and to"},
		{name: "an end alone", to: "2026-03-01", err: "without a from"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			begin, end, err := ReportRange(tt.since, tt.from, tt.to, now)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want one with %s", err, tt.err)
				}
				return
			}
			if err != nil || !begin.Equal(tt.begin) || !end.Equal(tt.end) {
				t.Errorf("%s to %s, %v; want %s to %s", begin, end, err, tt.begin, tt.end)
			}
		})
	}
}

// How long ago is counted from the clock that the server was given.
func TestHowLongAgo(t *testing.T) {
	now := time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC)
	p := &paper{}
	h := Server{Flyball: p, Log: slog.New(slog.DiscardHandler), Clock: func() time.Time { return now }}.Handler()
	for _, path := range []string{"report/web?since=7d", "audit?since=7d", "metrics/web/cpu?last=1h&resolution=5m"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/api/autoscaling/"+path, nil))
		if w.Code != 200 {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	week := now.Add(-7 * 24 * time.Hour)
	if !p.from.Equal(week) || !p.to.Equal(now) || !p.filter.Since.Equal(week) || !p.samples.From.Equal(now.Add(-time.Hour)) || !p.samples.To.Equal(now) {
		t.Errorf("report from %s to %s, audit since %s, samples from %s to %s", p.from, p.to, p.filter.Since, p.samples.From, p.samples.To)
	}
}
