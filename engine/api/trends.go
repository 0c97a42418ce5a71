package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// TrendsAsk is a stretch of the history of several services.
type TrendsAsk struct {
	Services []string // or policies of them
	From     time.Time
	To       time.Time
	Points   int // that it is to be told in
}

// Long says that it is told in rollups.
func (a TrendsAsk) Long() bool { return a.To.Sub(a.From) > longRange }

// Trends are the histories of policies on one axis: value i of each list is as of From + i·Step. A step is what lies between that
// and the value before, so that no value knows of what came after it; the last one ends at To.
type Trends struct {
	From   time.Time `json:"from"` // of the first value
	To     time.Time `json:"to"`   // of the last
	Step   int       `json:"step" doc:"In seconds"`
	Trends []Trend   `json:"trends" nullable:"false"`
}

// Trend is the history of one policy.
type Trend struct {
	Policy      string        `json:"policy"`
	Service     string        `json:"service"`
	Mode        engine.Mode   `json:"mode"`
	Cooldown    Cooldown      `json:"cooldown" doc:"The whole of it, as the policy says"`
	MinReplicas int           `json:"minReplicas"`
	MaxReplicas int           `json:"maxReplicas"`
	Replicas    []*int        `json:"replicas" nullable:"false" doc:"Of a shadow: those that it would have; null: nothing is known"`
	Metrics     []MetricTrend `json:"metrics" nullable:"false"`
}

// MetricTrend is the history of one metric, with what it is held against.
type MetricTrend struct {
	Metric        string            `json:"metric"`
	Type          string            `json:"type"`
	Aggregation   string            `json:"aggregation"`
	WindowSeconds float64           `json:"windowSeconds"`
	Scope         engine.Scope      `json:"scope"`
	Comparison    engine.Comparison `json:"comparison,omitempty" doc:"How scaleUp and scaleDown are meant; of percentage_change they are no values of the metric"`
	ScaleUp       *float64          `json:"scaleUp,omitempty"`
	ScaleDown     *float64          `json:"scaleDown,omitempty"`
	Target        *float64          `json:"target,omitempty" doc:"Of a metric whose scope is total: of each replica's share"`
	Values        []*float64        `json:"values" nullable:"false" doc:"What the aggregation makes of a step; null: nothing is known"`
	Low           []*float64        `json:"low,omitempty" nullable:"false" doc:"The lowest sample of each step, where a step is longer than the window"`
	High          []*float64        `json:"high,omitempty" nullable:"false" doc:"The highest"`
}

const (
	mostServices = 50
	fewestPoints = 10
	mostPoints   = 1000
	allPoints    = 10_000 // of all services
)

type trendsAnswer struct {
	Success bool `json:"success"`
	Trends
}

// serveTrends adds the histories of services beside each other.
func (s *server) serveTrends() {
	add(s, operation{id: "trends", path: "trends", action: "read", late: true, tag: "metrics", refuses: []int{http.StatusNotFound},
		summary: "Replicas and metrics of services over time, all on one axis",
		about: "Index i of every list is as of from + i·step seconds, and tells of the step that ends there. Beyond 6 hours, and where samples are not kept any more, " +
			"a step has 5 minutes at least, and there are fewer points than asked for."},
		func(ctx context.Context, in *struct {
			Caller
			Services string `query:"services" doc:"Services, or policies of them, with commas between: at most 50"`
			Last     string `query:"last" doc:"So long up to now, or up to to: 90m, 24h, 30d. Default: 1h"`
			From     string `query:"from" doc:"A time in RFC 3339"`
			To       string `query:"to" doc:"A time in RFC 3339. Default: now"`
			Points   string `query:"points" doc:"In how many points at most, 10 to 1000" default:"60"`
		}) (*answer[trendsAnswer], error) {
			services, err := servicesIn(in.Services)
			if err != nil {
				return nil, err
			}
			for _, service := range services {
				if err := s.permit(in.x, service); err != nil {
					return nil, err
				}
			}
			span, err := Span{Last: in.Last, From: in.From, To: in.To, Resolution: "5m"}.asked("", "", s.Clock())
			if err != nil {
				return nil, err
			}
			points, err := pointsIn(in.Points, len(services))
			if err != nil {
				return nil, err
			}
			trends, err := s.Flyball.Trends(ctx, TrendsAsk{services, span.From, span.To, points})
			return &answer[trendsAnswer]{trendsAnswer{true, trends}}, err
		})
}

var serviceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// servicesIn reads a,b.
func servicesIn(text string) ([]string, error) {
	if text == "" {
		return nil, refusal("query.services", "services is missing; write services=NAME, or services=NAME,NAME")
	}
	var names []string
	for name := range strings.SplitSeq(text, ",") {
		switch {
		case !serviceName.MatchString(name):
			return nil, refusal("query.services", fmt.Sprintf("services has %.60q; allowed are names of letters, digits, dots, dashes and underscores, with commas between", name))
		case slices.Contains(names, name):
		case len(names) == mostServices:
			return nil, refusal("query.services", fmt.Sprintf("services names more than %d; ask in parts", mostServices))
		default:
			names = append(names, name)
		}
	}
	return names, nil
}

func pointsIn(text string, services int) (int, error) {
	if text == "" {
		text = "60"
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil || n < fewestPoints || n > mostPoints:
		return 0, refusal("query.points", fmt.Sprintf("points is %q; allowed is %d to %d", text, fewestPoints, mostPoints))
	case n*services > allPoints:
		return 0, refusal("query.points", fmt.Sprintf("points is %d for %d services; allowed are %d in all: ask for fewer, or in parts", n, services, allPoints))
	}
	return n, nil
}

// Trends asks for histories.
func (c *Client) Trends(ctx context.Context, ask TrendsAsk) (Trends, error) {
	q := url.Values{
		"services": {strings.Join(ask.Services, ",")}, "points": {strconv.Itoa(ask.Points)},
		"from": {ask.From.Format(time.RFC3339Nano)}, "to": {ask.To.Format(time.RFC3339Nano)},
	}
	var a trendsAnswer
	err := c.do(ctx, http.MethodGet, "trends?"+q.Encode(), nil, &a)
	return a.Trends, err
}
