package api

import (
	_ "embed"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/flyball-dev/flyball/engine/api/auth"
	"github.com/flyball-dev/flyball/engine/api/dashboard"
)

const (
	defaultLimit = 50
	maxLimit     = 1000
	maxBody      = 64 << 10
	bodyTime     = 5 * time.Second // for a body to arrive in
)

// openAPI is the document about every operation, as build makes it.
//
//go:generate go test . -run TestCommittedOpenAPI -update
//go:embed openapi.json
var openAPI []byte

// Server is what the API is made of.
type Server struct {
	Flyball Flyball
	Gate    *auth.Gate                            // nil: for the Unix socket, whose owner may do everything
	Meant   func(name string) (services []string) // beside one that is called so: those of the policy of this name; nil: none
	Clock   func() time.Time                      // what a request says of how long ago counts from here
	Log     *slog.Logger
	Hub     *Hub
	Observe func(operation string, status int, took time.Duration) // is told of each answer; nil: nobody is
	Healthy Healthy
	Drafts  Drafts       // nil: nobody asks for any
	Metrics http.Handler // for Prometheus; nil: there are none
	Open    bool         // Prometheus needs no token
}

// server is a Server that is being put together.
type server struct {
	Server
	api     huma.API
	problem *huma.Schema
}

// Handler answers for all of it.
func (o Server) Handler() http.Handler {
	mux := http.NewServeMux()
	s := build(o, mux)
	mux.HandleFunc("GET /api/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(openAPI) // the caller is gone
	})
	mux.HandleFunc("GET /api/docs", docs(s.api.OpenAPI()))
	mux.Handle("GET /api/docs/{$}", http.RedirectHandler("/api/docs", http.StatusMovedPermanently))
	dashboard.Serve(mux, dashboard.Pages())
	mux.HandleFunc("/", nowhere(mux))
	return guarded(mux, o.Gate != nil)
}

// build registers every operation.
func build(o Server, mux humago.Mux) *server {
	registry := huma.NewMapRegistry("#/components/schemas/", nameOf)
	s := &server{Server: o}
	s.api = humago.New(mux, huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "flyball", Version: "1",
				Description: "Autoscaling for Docker Compose and Swarm, where the behaviour is policy as code.",
			},
			Components: &huma.Components{
				Schemas: registry,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"token":   {Type: "http", Scheme: "bearer", Description: "A token of flyball token create, or of a login"},
					"session": {Type: "apiKey", In: "cookie", Name: cookieName, Description: "A browser that has logged in"},
				},
			},
			Security: []map[string][]string{{"token": {}}, {"session": {}}},
		},
		Formats:       map[string]huma.Format{"application/json": strict(), "json": strict()}, // json: whatever ends in +json
		DefaultFormat: "application/json",
		Transformers: []huma.Transformer{func(ctx huma.Context, _ string, v any) (any, error) {
			if m, is := v.(*huma.ErrorModel); is {
				return mistaken(m, ctx.Operation(), registry), nil
			}
			return v, nil
		}},
	})
	s.problem = registry.Schema(typeOf[Problem](), true, "Problem")
	s.api.UseMiddleware(s.enter)
	s.serveStatus()
	s.serveRequests()
	s.servePauses()
	s.serveMetrics()
	s.serveTrends()
	s.serveSources()
	s.serveReport()
	s.serveExplanations()
	s.serveLedger()
	s.serveAudit()
	s.serveRestore()
	s.serveTokens()
	s.serveUsers()
	s.serveNotifications()
	s.serveEvents()
	s.servePolicies()
	s.serveDrafts()
	s.serveRecommendations()
	s.serveLogin()
	s.serveHealth()
	return s
}

// nowhere answers where no operation is: that there is none, or none by that method.
func nowhere(mux *http.ServeMux) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := Problem{Status: http.StatusNotFound, Detail: "there is nothing at this path; see /api/docs"}
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
			other := r.Clone(r.Context())
			other.Method = method
			if _, pattern := mux.Handler(other); pattern != "/" && pattern != "" {
				p = Problem{Status: http.StatusMethodNotAllowed, Detail: "this path does not take the method " + strconv.Quote(r.Method) + "; see /api/docs"}
				w.Header().Add("Allow", method)
			}
		}
		p.Title = http.StatusText(p.Status)
		p.write(w)
	}
}

// guarded has every answer say how a browser is to take it, and no page of elsewhere ask in the name of who looks at it.
func guarded(h http.Handler, world bool) http.Handler {
	if world {
		foreign := http.NewCrossOriginProtection()
		foreign.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			(&Problem{Title: "Forbidden", Status: http.StatusForbidden, Detail: "the page of another origin asks this; where a proxy is in between, have it pass the header Host on"}).write(w)
		}))
		h = foreign.Handler(h)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Cache-Control":           "no-store",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
			"Referrer-Policy":         "no-referrer",
			"X-Content-Type-Options":  "nosniff",
		} {
			w.Header().Set(name, value)
		}
		h.ServeHTTP(w, r)
	})
}

func limitIn(text string) (int, error) {
	if text == "" {
		return defaultLimit, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxLimit {
		return 0, fmt.Errorf("limit is %q; allowed is 1 to %d", text, maxLimit)
	}
	return n, nil
}
