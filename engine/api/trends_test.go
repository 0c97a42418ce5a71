package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

func (p *paper) Trends(_ context.Context, ask TrendsAsk) (Trends, error) {
	p.trends = ask
	count, value, limit := 2, 55.5, 70.0
	return Trends{From: ask.From, To: ask.To, Step: 60, Trends: []Trend{{
		Policy: "web", Service: ask.Services[0], Mode: engine.Live, Cooldown: Cooldown{UpSeconds: 300, DownSeconds: 300}, MinReplicas: 1, MaxReplicas: 5,
		Replicas: []*int{nil, &count},
		Metrics: []MetricTrend{{
			Metric: "cpu", Type: "cpu", Aggregation: "avg", WindowSeconds: 60, Scope: engine.PerReplica, Comparison: engine.GreaterThan,
			ScaleUp: &limit, Values: []*float64{nil, &value},
		}},
	}}}, p.fail
}

func (p *paper) Sources(context.Context) ([]SourceStatus, error) {
	return []SourceStatus{
		{Name: "docker", Kind: "docker", Metrics: 2, OK: 2, Status: "ok"},
		{Name: "prom", Kind: "prometheus", Metrics: 1, Status: "down", Trouble: "latency of web: connection refused"},
	}, p.fail
}

func TestTrendsAreAskedFor(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	many := make([]string, 51)
	for i := range many {
		many[i] = "web" + strings.Repeat("x", i)
	}
	for name, c := range map[string]struct {
		query  string
		ask    TrendsAsk
		refuse string
	}{
		"an hour in 60 points": {query: "services=web", ask: TrendsAsk{[]string{"web"}, now.Add(-time.Hour), now, 60}},
		"several, once each":   {query: "services=web,db,web&last=30d&points=1000", ask: TrendsAsk{[]string{"web", "db"}, now.Add(-30 * 24 * time.Hour), now, 1000}},
		"from and to": {query: "services=web&from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z",
			ask: TrendsAsk{[]string{"web"}, now.Truncate(24 * time.Hour).Add(-24 * time.Hour), now.Truncate(24 * time.Hour).Add(-23 * time.Hour), 60}},
		"of none":         {query: "last=1h", refuse: "services is missing"},
		"of what no name": {query: "services=web,,db", refuse: "allowed are names"},
		"of too many":     {query: "services=" + url.QueryEscape(strings.Join(many, ",")), refuse: "more than 50"},
		"too few points":  {query: "services=web&points=9", refuse: "allowed is 10 to 1000"},
		"too many points": {query: "services=" + url.QueryEscape(strings.Join(many[:11], ",")) + "&points=1000", refuse: "allowed are 10000 in all"},
		"from after to":   {query: "services=web&from=2026-01-03T00:00:00Z", refuse: "from is not before to"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &paper{}
			s := Server{Flyball: p, Hub: &Hub{}, Clock: func() time.Time { return now }}
			w := ask(s.Handler(), "GET", root+"trends?"+c.query, "", "")
			switch {
			case c.refuse != "":
				if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), c.refuse) {
					t.Errorf("got %d %s, want %s", w.Code, w.Body, c.refuse)
				}
			case w.Code != http.StatusOK || strings.Join(p.trends.Services, " ") != strings.Join(c.ask.Services, " ") ||
				!p.trends.From.Equal(c.ask.From) || !p.trends.To.Equal(c.ask.To) || p.trends.Points != c.ask.Points:
				t.Errorf("got %d, asked for %+v, want %+v", w.Code, p.trends, c.ask)
			}
		})
	}
}
