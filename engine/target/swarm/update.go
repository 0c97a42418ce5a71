package swarm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/flyball-dev/flyball/engine/target/docker"
)

var (
	// errConflict: somebody else changed the service, and nothing was done.
	errConflict = errors.New("it was changed by somebody else meanwhile")
	// errUnknown: the call may have been carried out or not.
	errUnknown = errors.New("whether the swarm took it up is not known")
)

// set asks for a number of replicas, if the service is still the one that was seen, and answers the service after it. An
// error other than errUnknown means that nothing was changed.
//
// The definition goes back as it came, but for the number. The client's own ServiceUpdate would drop what it doesn't know
// of a newer engine's and add a tag to an image that has none: swarm takes either for a new version of the service, and
// replaces every task.
func (t *Target) set(ctx context.Context, s service, replicas int) (service, error) {
	seen, raw, err := t.inspect(ctx, s.ID)
	switch {
	case err != nil:
		return s, err
	case seen.version() != s.version():
		return s, fmt.Errorf("service %s: %w", s.Spec.Name, errConflict)
	}
	spec, err := with(raw, replicas)
	if err != nil {
		return s, fmt.Errorf("service %s: %w", s.Spec.Name, err)
	}
	doing := fmt.Sprintf("set service %s to %d replicas", s.Spec.Name, replicas)
	known, err := t.post(ctx, fmt.Sprintf("/services/%s/update?version=%s", s.ID, s.version()), spec)
	switch {
	case err != nil && known && strings.Contains(err.Error(), "update out of sequence"): // the engine has no type for it
		return s, fmt.Errorf("service %s: %w", s.Spec.Name, errConflict)
	case err != nil && known:
		return s, t.explain(docker.UpdateService, doing, err)
	}
	now, _, look := t.inspect(ctx, s.ID)
	switch {
	case err == nil && look == nil, look == nil && now.version() != s.version() && now.replicas() == replicas:
		return now, nil
	case err == nil:
		return s, fmt.Errorf("%w: %w", errUnknown, look)
	case look == nil && now.version() == s.version():
		return s, t.explain(docker.UpdateService, doing, err)
	}
	return s, fmt.Errorf("%w: %w", errUnknown, t.explain(docker.UpdateService, doing, err))
}

// with is the definition in an answer to inspect, with another number of replicas.
func with(inspected []byte, replicas int) ([]byte, error) {
	var s struct{ Spec map[string]json.RawMessage }
	if err := json.Unmarshal(inspected, &s); err != nil {
		return nil, err
	}
	s.Spec["Mode"] = fmt.Appendf(nil, `{"Replicated":{"Replicas":%d}}`, replicas)
	return json.Marshal(s.Spec)
}

// post sends JSON to the engine. What came of it is known where the engine answered, and where it was never reached.
func (t *Target) post(ctx context.Context, path string, body []byte) (known bool, err error) {
	if err := t.docker.Ask(ctx); err != nil {
		return true, err
	}
	ctx, cancel := context.WithTimeout(ctx, writeDeadline)
	defer cancel()
	answer, err := t.docker.Send(ctx, http.MethodPost, path, body)
	if err != nil {
		failed := (*net.OpError)(nil)
		return errors.As(err, &failed) && failed.Op == "dial", err
	}
	defer answer.Body.Close()
	return true, docker.Refusal(answer)
}
