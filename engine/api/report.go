package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/report"
)

// reportRange is how far a report goes back unless it is told.
const reportRange = 7 * 24 * time.Hour

type reportAnswer struct {
	Success bool   `json:"success"`
	Service string `json:"service"`
	report.Report
}

// Reported is the range of a report.
type Reported struct {
	Since string `query:"since" doc:"So long up to now: 24h, 7d. Default: 7d"`
	From  string `query:"from" doc:"A time in RFC 3339, or a day"`
	To    string `query:"to" doc:"A time in RFC 3339, or a day. Default: now"`
}

// serveReport adds reports.
func (s *server) serveReport() {
	report := func(ctx context.Context, service string, in Reported) (*answer[reportAnswer], error) {
		from, to, err := ReportRange(in.Since, in.From, in.To, s.Clock())
		if err != nil {
			return nil, refusal("query", err.Error())
		}
		report, err := s.Flyball.Report(ctx, service, from, to)
		return &answer[reportAnswer]{reportAnswer{true, service, report}}, err
	}
	add(s, operation{id: "report", path: "report", action: "read", tag: "on record", summary: "What the policies did, and would have done"},
		func(ctx context.Context, in *Reported) (*answer[reportAnswer], error) { return report(ctx, "", *in) })
	add(s, operation{id: "report-of", path: "report/{service}", action: "read", tag: "on record", refuses: []int{http.StatusNotFound}, summary: "What the policies of a service did, and would have done"},
		func(ctx context.Context, in *struct {
			Of
			Reported
		}) (*answer[reportAnswer], error) {
			return report(ctx, in.Service, in.Reported)
		})
}

// Report asks what was done, and would have been, in a range.
func (c *Client) Report(ctx context.Context, service string, from, to time.Time) (report.Report, error) {
	path := "report"
	if service != "" {
		path += "/" + url.PathEscape(service)
	}
	q := url.Values{"from": {from.Format(time.RFC3339Nano)}, "to": {to.Format(time.RFC3339Nano)}}
	var a reportAnswer
	err := c.do(ctx, http.MethodGet, path+"?"+q.Encode(), nil, &a)
	return a.Report, err
}

// ReportRange reads the range of a report: so long up to now, as since says (7d where nothing says anything), or from one
// time to another, now by default. What is to come is not in it.
func ReportRange(since, from, to string, now time.Time) (begin, end time.Time, err error) {
	switch {
	case since != "" && (from != "" || to != ""):
		return begin, end, fmt.Errorf("since is %q, and from or to is set too; give since, or from and to", since)
	case from == "" && to != "":
		return begin, end, fmt.Errorf("to is %q without a from; give both, or since", to)
	case from == "":
		back := reportRange
		if since != "" {
			back, err = long(since)
		}
		if err != nil {
			return begin, end, fmt.Errorf("since is %q; %w", since, err)
		}
		return now.Add(-back), now, nil
	}
	if begin, err = instant(from); err != nil {
		return begin, end, fmt.Errorf("from is %q; %w", from, err)
	}
	if end = now; to != "" {
		if end, err = instant(to); err != nil {
			return begin, end, fmt.Errorf("to is %q; %w", to, err)
		}
	}
	if end.After(now) {
		end = now
	}
	if !begin.Before(end) {
		return begin, end, fmt.Errorf("from %s is not before %s", begin.Format(time.RFC3339), end.Format(time.RFC3339))
	}
	return begin, end, nil
}

// instant reads a time, or a day, which begins at midnight where flyball runs.
func instant(text string) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	at, err := time.ParseInLocation(time.DateOnly, text, time.Local)
	if err != nil {
		return at, fmt.Errorf("allowed is a day such as 2026-01-31, or a time in RFC 3339 such as 2026-01-31T08:00:00Z")
	}
	return at, nil
}

// long reads a length of time above 0.
func long(text string) (time.Duration, error) {
	d, err := engine.ParseLength(text)
	if err == nil && d == 0 {
		err = errors.New("allowed is a length of time above 0")
	}
	return d, err
}
