package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// ErrStill says that nothing is begun now.
var ErrStill = errors.New("the store is being replaced, and nothing is begun meanwhile; try again in a moment")

// passes counts those under way, and can keep others from beginning.
type passes struct {
	mu    sync.Mutex
	under map[string]int // by service: how many are under way
	still bool           // none may begin
	ended chan struct{}  // is closed when the last one has ended; nil: nobody waits for that
}

// begin has a pass under way until end is called. It does not wait: what a pass knows of the time would be old.
func (ps *passes) begin(service string) (end func(), err error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.still {
		return nil, ErrStill
	}
	if ps.under == nil {
		ps.under = map[string]int{}
	}
	ps.under[service]++
	return func() { ps.end(service) }, nil
}

func (ps *passes) end(service string) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.under[service]--; ps.under[service] == 0 {
		delete(ps.under, service)
	}
	if len(ps.under) == 0 && ps.ended != nil {
		close(ps.ended)
		ps.ended = nil
	}
}

// Still lets nothing begin, and returns once nothing is under way: no state that was read is still to be written, and
// nothing is being changed, until goOn is called. Where ctx ends first everything goes on, and the error names the services
// that are being changed. One at a time may ask for it.
func (c *Cycle) Still(ctx context.Context) (goOn func(), err error) {
	ps := &c.passes
	ended := make(chan struct{})
	ps.mu.Lock()
	ps.still, ps.ended = true, ended
	if len(ps.under) == 0 {
		close(ended)
		ps.ended = nil
	}
	ps.mu.Unlock()
	select {
	case <-ended:
		return func() { ps.goOn() }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: a change is under way: %w", strings.Join(ps.goOn(), ", "), context.Cause(ctx))
	}
}

// Resting says that nothing is begun now.
func (c *Cycle) Resting() bool {
	c.passes.mu.Lock()
	defer c.passes.mu.Unlock()
	return c.passes.still
}

// goOn lets passes begin again, and names the services of those that are under way.
func (ps *passes) goOn() []string {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.still, ps.ended = false, nil
	return slices.Sorted(maps.Keys(ps.under))
}
