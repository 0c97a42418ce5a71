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
	Metric  string    `json:"metric"`
	Value   *float64  `json:"value"`
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
		Metrics []MetricStatus `json:"metrics"`
	}
	keptAnswer struct {
		Success bool   `json:"success"`
		Service string `json:"service"`
		Metric  string `json:"metric"`
		Kept
	}
	pushRequest struct {
		Samples []Pushed            `json:"samples,omitempty"`
		Metrics map[string]*float64 `json:"metrics,omitempty"` // by name: the value of now, of the service as a whole
	}
	pushAnswer struct {
		Success  bool `json:"success"`
		Accepted int  `json:"accepted"`
	}
)

// serveMetrics adds the paths of metrics.
func serveMetrics(f Flyball, clock func() time.Time, handle func(pattern string, answer func(r *http.Request) (any, error))) {
	now := func(r *http.Request) (any, error) {
		all, err := f.Metrics(r.Context(), r.PathValue("service"))
		if all == nil {
			all = []MetricStatus{}
		}
		return metricsAnswer{Success: true, Metrics: all}, err
	}
	handle("GET /api/autoscaling/metrics", now)
	handle("GET /api/autoscaling/metrics/{service}", now)
	handle("GET /api/autoscaling/metrics/{service}/{metric}", func(r *http.Request) (any, error) {
		asked, err := askedOf(r, clock())
		if err != nil {
			return nil, err
		}
		kept, err := f.Samples(r.Context(), asked)
		return keptAnswer{Success: true, Service: asked.Service, Metric: asked.Metric, Kept: kept}, err
	})
	handle("POST /api/autoscaling/metrics/{service}", func(r *http.Request) (any, error) {
		var body pushRequest
		if err := decode(r, &body); err != nil {
			return nil, Refusal{http.StatusBadRequest, fmt.Sprintf(
				`the body is not like {"metrics": {"queue_length": 12}} or {"samples": [{"metric": "queue_length", "value": 12}]}: %v`, err)}
		}
		samples := body.Samples
		for name, value := range body.Metrics {
			samples = append(samples, Pushed{Metric: name, Value: value})
		}
		if len(samples) == 0 {
			return nil, Refusal{http.StatusBadRequest, `the body holds no value; write {"metrics": {"queue_length": 12}}`}
		}
		for _, s := range samples {
			if s.Metric == "" || s.Value == nil {
				return nil, Refusal{http.StatusBadRequest, `a sample lacks "metric", or "value" is not a number`}
			}
		}
		return pushAnswer{Success: true, Accepted: len(samples)}, f.Push(r.Context(), r.PathValue("service"), samples)
	})
}

// askedOf reads last=1h, or from and to in RFC 3339, and resolution=samples or 5m.
func askedOf(r *http.Request, now time.Time) (Asked, error) {
	q := r.URL.Query()
	a := Asked{Service: r.PathValue("service"), Metric: r.PathValue("metric"), From: now.Add(-time.Hour), To: now}
	for name, to := range map[string]*time.Time{"from": &a.From, "to": &a.To} {
		text := q.Get(name)
		if text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return a, Refusal{http.StatusBadRequest, fmt.Sprintf("%s is %q; allowed is a time in RFC 3339, such as 2026-01-01T00:00:00Z", name, text)}
		}
		*to = at
	}
	if text := q.Get("last"); text != "" {
		last, err := long(text)
		if err != nil {
			return a, Refusal{http.StatusBadRequest, fmt.Sprintf("last is %q; %v", text, err)}
		}
		a.From = a.To.Add(-last)
	}
	if !a.From.Before(a.To) {
		return a, Refusal{http.StatusBadRequest, "from is not before to"}
	}
	switch text := q.Get("resolution"); text {
	case "":
		a.Rollups = a.To.Sub(a.From) > longRange
	case "5m":
		a.Rollups = true
	case "samples":
		if a.To.Sub(a.From) > longest {
			return a, Refusal{http.StatusBadRequest, fmt.Sprintf("samples of more than %d days in one answer are too many; ask in parts, or with resolution=5m", int(longest.Hours()/24))}
		}
	default:
		return a, Refusal{http.StatusBadRequest, fmt.Sprintf("resolution is %q; allowed is samples or 5m", text)}
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
