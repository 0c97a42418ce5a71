package api

import (
	"context"
	"net/http"
)

// SourceStatus is how a source of metrics does.
type SourceStatus struct {
	Name    string `json:"name"`
	Kind    string `json:"kind" doc:"prometheus, scrape, redis, sql, http, push, docker or sim"`
	Metrics int    `json:"metrics" doc:"That policies at work read from it"`
	OK      int    `json:"ok" doc:"Of these it answers for so many"`
	Status  string `json:"status" enum:"ok,degraded,down,idle" doc:"idle: nobody reads from it"`
	Trouble string `json:"trouble,omitempty"` // what is wrong with the worst of them, in one line
}

type sourcesAnswer struct {
	Success bool           `json:"success"`
	Sources []SourceStatus `json:"sources" nullable:"false"`
}

// serveSources adds where metrics come from.
func (s *server) serveSources() {
	add(s, operation{id: "sources", path: "sources", action: "read", tag: "metrics", summary: "Where metrics come from, and whether they do"},
		func(ctx context.Context, _ *struct{}) (*answer[sourcesAnswer], error) {
			all, err := s.Flyball.Sources(ctx)
			if all == nil {
				all = []SourceStatus{}
			}
			return &answer[sourcesAnswer]{sourcesAnswer{true, all}}, err
		})
}

// Sources asks where metrics come from.
func (c *Client) Sources(ctx context.Context) ([]SourceStatus, error) {
	var a sourcesAnswer
	err := c.do(ctx, http.MethodGet, "sources", nil, &a)
	return a.Sources, err
}
