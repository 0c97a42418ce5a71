package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// patience is how long a daemon may take to say how it is. It asks nobody for that.
const patience = 5 * time.Second

// Health asks whether the daemon turns. One that does not is no error: the answer says so.
func (c *Client) Health(ctx context.Context) (Health, error) {
	probe, quick := *c, *c.http
	quick.Timeout, probe.http = patience, &quick
	req, err := probe.request(ctx, http.MethodGet, "/healthz", nil)
	if err != nil {
		return Health{}, err
	}
	res, err := probe.http.Do(req)
	if err != nil {
		return Health{}, probe.unanswered(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return Health{}, fmt.Errorf("read what the daemon answered: %w", err)
	}
	var h Health
	known := slices.Contains([]int{http.StatusOK, http.StatusServiceUnavailable}, res.StatusCode)
	if err := json.Unmarshal(text, &h); err != nil || !known || len(h.Checks) == 0 {
		return Health{}, probe.stranger(res)
	}
	return h, nil
}
