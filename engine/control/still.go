package control

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// passes counts what is under way, and can keep what comes next from beginning.
type passes struct {
	mu     sync.Mutex
	under  map[string]int // by service: how many passes are under way
	gate   chan struct{}  // closed when they may begin again; nil: they may
	ending chan struct{}  // is closed when the last one has ended; nil: nobody waits for it
}

// begin waits until passes may begin. The pass is under way until end is called.
func (ps *passes) begin(ctx context.Context, service string) (end func(), err error) {
	for {
		ps.mu.Lock()
		gate := ps.gate
		if gate == nil {
			if ps.under == nil {
				ps.under = map[string]int{}
			}
			ps.under[service]++
			ps.mu.Unlock()
			return func() { ps.end(service) }, nil
		}
		ps.mu.Unlock()
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait until the store is replaced: %w", context.Cause(ctx))
		}
	}
}

func (ps *passes) end(service string) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.under[service]--; ps.under[service] == 0 {
		delete(ps.under, service)
	}
	if len(ps.under) == 0 && ps.ending != nil {
		close(ps.ending)
		ps.ending = nil
	}
}

// Still lets nothing begin, and returns once nothing is under way: no state is read that is to be written, and nothing is
// changed, until goOn is called. Where ctx ends first everything goes on, and the error names the services that are being
// changed. One at a time may ask for it.
func (c *Cycle) Still(ctx context.Context) (goOn func(), err error) {
	ps := &c.passes
	ps.mu.Lock()
	gate, ended := make(chan struct{}), make(chan struct{})
	ps.gate, ps.ending = gate, ended
	if len(ps.under) == 0 {
		close(ended)
		ps.ending = nil
	}
	ps.mu.Unlock()
	goOn = func() {
		ps.mu.Lock()
		defer ps.mu.Unlock()
		ps.gate = nil
		close(gate)
	}
	select {
	case <-ended:
		return goOn, nil
	case <-ctx.Done():
		ps.mu.Lock()
		busy := slices.Sorted(maps.Keys(ps.under))
		ps.ending = nil
		ps.mu.Unlock()
		if busy == nil {
			return goOn, nil
		}
		goOn()
		return nil, fmt.Errorf("%s: a change is under way: %w", strings.Join(busy, ", "), context.Cause(ctx))
	}
}
