package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// MetricStatus is what is known of one metric of a policy now.
type MetricStatus struct {
	Policy  string      `json:"policy"`
	Service string      `json:"service"` // that the policy scales
	Mode    engine.Mode `json:"mode"`
	Metric  string      `json:"metric"`
	Type    string      `json:"type"`
	Source  string      `json:"source"`
	Of      string      `json:"of,omitempty"` // the service that it is a signal of, where that is another
	Query   string      `json:"query,omitempty"`
	Expr    string      `json:"expr,omitempty"`
	Rule    string      `json:"rule,omitempty"`

	Aggregation   string         `json:"aggregation"`
	WindowSeconds float64        `json:"windowSeconds"`
	At            time.Time      `json:"at"` // of the reading
	Reading       engine.Reading `json:"reading"`
}

// Kept is what was kept of a metric over a range: samples, or for a long range five-minute rollups.
type Kept struct {
	From    time.Time        `json:"from"`
	To      time.Time        `json:"to"`
	Series  []engine.Series  `json:"series,omitempty"`
	Rollups []engine.Rollups `json:"rollups,omitempty"`
}

// Asked is a range of a metric's history.
type Asked struct {
	Service string
	Metric  string
	From    time.Time
	To      time.Time
	Rollups bool
}

// Pushed is a value that an application posts.
type Pushed struct {
	Metric  string    `json:"metric" minLength:"1"`
	Value   *float64  `json:"value" nullable:"false"`
	At      time.Time `json:"at,omitzero"`       // default: now
	Replica string    `json:"replica,omitempty"` // its name or id; absent: the service as a whole
}

// longRange is where a range is answered in rollups unless samples are asked for.
const longRange = 6 * time.Hour

// longest is the most samples' time in one answer: what would be larger is asked for in parts, or in rollups.
const longest = 7 * 24 * time.Hour

type (
	metricsAnswer struct {
		Success bool           `json:"success"`
		Metrics []MetricStatus `json:"metrics" nullable:"false"`
	}
	keptAnswer struct {
		Success bool   `json:"success"`
		Service string `json:"service"`
		Metric  string `json:"metric"`
		Kept
	}
	pushRequest struct {
		Samples []Pushed           `json:"samples,omitempty" nullable:"false"`
		Metrics map[string]float64 `json:"metrics,omitempty" doc:"By name: the value of now, of the service as a whole"`
	}
	pushAnswer struct {
		Success  bool `json:"success"`
		Accepted int  `json:"accepted"`
	}
)

// Span is the stretch of a metric's history that is asked for.
type Span struct {
	Last       string `query:"last" doc:"So long up to now, or up to to: 90m, 24h, 7d. Default: 1h"`
	From       string `query:"from" doc:"A time in RFC 3339"`
	To         string `query:"to" doc:"A time in RFC 3339. Default: now"`
	Resolution string `query:"resolution" doc:"samples or 5m. Default: 5m beyond 6 hours"`
}

// serveMetrics adds what is measured, and what applications push.
func (s *server) serveMetrics() {
	now := func(ctx context.Context, service string) (*answer[metricsAnswer], error) {
		all, err := s.Flyball.Metrics(ctx, service)
		if all == nil {
			all = []MetricStatus{}
		}
		return &answer[metricsAnswer]{metricsAnswer{true, all}}, err
	}
	add(s, operation{id: "metrics", path: "metrics", action: "read", tag: "metrics", summary: "Every metric of every policy, as it reads now"},
		func(ctx context.Context, _ *struct{}) (*answer[metricsAnswer], error) { return now(ctx, "") })
	add(s, operation{id: "metrics-of", path: "metrics/{service}", action: "read", tag: "metrics", refuses: []int{http.StatusNotFound}, summary: "Every metric of a service's policies, as it reads now"},
		func(ctx context.Context, in *Of) (*answer[metricsAnswer], error) { return now(ctx, in.Service) })
	add(s, operation{id: "samples", path: "metrics/{service}/{metric}", action: "read", tag: "metrics", refuses: []int{http.StatusNotFound}, summary: "What was kept of a metric"},
		func(ctx context.Context, in *struct {
			Of
			Metric string `path:"metric" pattern:"^[A-Za-z_][A-Za-z0-9_-]*$" patternDescription:"a name of letters, digits, dashes and underscores" maxLength:"128"`
			Span
		}) (*answer[keptAnswer], error) {
			asked, err := in.asked(in.Service, in.Metric, s.Clock())
			if err != nil {
				return nil, err
			}
			kept, err := s.Flyball.Samples(ctx, asked)
			return &answer[keptAnswer]{keptAnswer{true, asked.Service, asked.Metric, kept}}, err
		})
	add(s, operation{id: "push", method: "POST", path: "metrics/{service}", action: "push", tag: "metrics", refuses: []int{http.StatusNotFound, http.StatusConflict}, summary: "Push values of a service's metrics; all of them are taken, or none"},
		func(ctx context.Context, in *struct {
			Of
			Body pushRequest
		}) (*answer[pushAnswer], error) {
			samples := in.Body.Samples
			for name, value := range in.Body.Metrics {
				samples = append(samples, Pushed{Metric: name, Value: &value})
			}
			if len(samples) == 0 {
				return nil, refusal("body", `the body holds no value; write {"metrics": {"queue_length": 12}}`)
			}
			return &answer[pushAnswer]{pushAnswer{true, len(samples)}}, s.Flyball.Push(ctx, in.Service, samples)
		})
}

// asked reads last=1h, or from and to in RFC 3339, and resolution=samples or 5m.
func (p Span) asked(service, metric string, now time.Time) (Asked, error) {
	a := Asked{Service: service, Metric: metric, From: now.Add(-time.Hour), To: now}
	for name, one := range map[string]struct {
		text string
		to   *time.Time
	}{"from": {p.From, &a.From}, "to": {p.To, &a.To}} {
		if one.text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, one.text)
		if err != nil {
			return a, refusal("query."+name, fmt.Sprintf("%s is %q; allowed is a time in RFC 3339, such as 2026-01-01T00:00:00Z", name, one.text))
		}
		*one.to = at
	}
	if p.Last != "" {
		last, err := long(p.Last)
		if err != nil {
			return a, refusal("query.last", fmt.Sprintf("last is %q; %v", p.Last, err))
		}
		a.From = a.To.Add(-last)
	}
	if !a.From.Before(a.To) {
		return a, refusal("query.from", "from is not before to")
	}
	switch p.Resolution {
	case "":
		a.Rollups = a.To.Sub(a.From) > longRange
	case "5m":
		a.Rollups = true
	case "samples":
		if a.To.Sub(a.From) > longest {
			return a, refusal("query.resolution", fmt.Sprintf("samples of more than %d days in one answer are too many; ask in parts, or with resolution=5m", int(longest.Hours()/24)))
		}
	default:
		return a, refusal("query.resolution", fmt.Sprintf("resolution is %q; allowed is samples or 5m", p.Resolution))
	}
	return a, nil
}

// Metrics asks what is known of metrics now.
func (c *Client) Metrics(ctx context.Context, service string) ([]MetricStatus, error) {
	path := "metrics"
	if service != "" {
		path += "/" + url.PathEscape(service)
	}
	var a metricsAnswer
	err := c.do(ctx, http.MethodGet, path, nil, &a)
	return a.Metrics, err
}

// Samples asks for the history of a metric.
func (c *Client) Samples(ctx context.Context, asked Asked) (Kept, error) {
	q := url.Values{"from": {asked.From.Format(time.RFC3339Nano)}, "to": {asked.To.Format(time.RFC3339Nano)}, "resolution": {"samples"}}
	if asked.Rollups {
		q.Set("resolution", "5m")
	}
	var a keptAnswer
	err := c.do(ctx, http.MethodGet, "metrics/"+url.PathEscape(asked.Service)+"/"+url.PathEscape(asked.Metric)+"?"+q.Encode(), nil, &a)
	return a.Kept, err
}

// Push posts values of a service's own.
func (c *Client) Push(ctx context.Context, service string, samples []Pushed) error {
	return c.do(ctx, http.MethodPost, "metrics/"+url.PathEscape(service), pushRequest{Samples: samples}, &pushAnswer{})
}
