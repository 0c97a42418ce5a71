package compose

import (
	"context"
	"net/url"
	"strings"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
)

// tell asks every running container of another service about a replica, once for each of its addresses: whoever balances its
// load knows it by one of them. Where none runs there is nobody to tell. It answers what the last one answered.
func (t *Target) tell(ctx context.Context, r replica, c engine.Call) (said string, err error) {
	found, err := t.list(ctx, oneoffLabel+"=False", projectLabel+"="+r.project, serviceLabel+"="+c.Service)
	if err != nil {
		return "", err
	}
	var running []replica
	for _, other := range allListed(found) {
		if other.state == container.StateRunning {
			running = append(running, other)
		}
	}
	if running, err = t.inspectAll(ctx, running); err != nil {
		return "", err
	}
	for _, other := range running {
		for _, address := range addresses(r) {
			about := c
			about.Path = withAddress(c.Path, address)
			if said, err = t.call(ctx, other, about); err != nil {
				return said, err
			}
		}
	}
	return said, nil
}

func withAddress(path, address string) string {
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	return path + separator + "address=" + url.QueryEscape(address)
}
