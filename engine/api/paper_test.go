package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

func webPolicy() Policy {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return Policy{
		Body:  json.RawMessage(`{"name":"web","service":"web","minReplicas":1,"maxReplicas":5,"enabled":false}`),
		About: About{Name: "web", Service: "web", Source: FromAPI, ETag: `"v1"`, Revision: "r1", Mode: engine.Live, At: &at, Actor: "ana"},
	}
}

func (p *paper) Policies(context.Context) ([]Policy, error) { return []Policy{webPolicy()}, p.fail }

func (p *paper) Policy(_ context.Context, name string) (Policy, error) {
	if name != "web" {
		return Policy{}, Refusal{Status: http.StatusNotFound, Detail: "no policy " + name + "; there is web"}
	}
	return webPolicy(), p.fail
}

func (p *paper) PutPolicy(_ context.Context, name string, body []byte, match, actor string) (Policy, bool, error) {
	p.put = putAsk{name, string(body), match, actor}
	return webPolicy(), match == "", p.fail
}

func (p *paper) DeletePolicy(_ context.Context, name, match, actor string) error {
	p.put = putAsk{name, "", match, actor}
	return p.fail
}

// putAsk is what was asked of a policy.
type putAsk struct{ name, body, match, actor string }

func (p *paper) Recommendations(context.Context) ([]Recommendation, error) {
	return []Recommendation{{
		Service: "backend", Current: 2, Recommended: 3, Reason: "cpu_usage is 85, above scaleUp 70", Confidence: 0.8, Priority: engine.High,
		Policy: "backend", Action: engine.ScaleUp, At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}}, p.fail
}

func (p *paper) Health(context.Context) Health {
	return HealthOf(Check{Name: "loop", OK: true, Detail: "2 policies at work"})
}

func (p *paper) Ready(context.Context) Health {
	return HealthOf(Check{Name: "store", OK: false, Detail: "redis at redis:6379: connection refused"})
}

// local is the API as the owner of the Unix socket sees it.
func local(f Flyball) http.Handler {
	s := Server{Flyball: f, Hub: &Hub{}, Log: slog.New(slog.DiscardHandler), Clock: time.Now, Metrics: http.NotFoundHandler()}
	s.Healthy, _ = f.(Healthy)
	s.Drafts, _ = f.(Drafts)
	return s.Handler()
}
