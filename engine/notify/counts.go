package notify

import (
	"maps"
	"sync"
)

// Counts are of one receiver, since the start.
type Counts struct {
	Delivered int64
	Failed    int64 // attempts
	Dropped   int64 // messages that were given up
	Folded    int64 // that were summed up with others, since too many waited
}

type counters struct {
	mu  sync.Mutex
	all map[string]Counts
}

func (c *counters) count(receiver string, add func(*Counts)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[string]Counts{}
	}
	now := c.all[receiver]
	add(&now)
	c.all[receiver] = now
}

func (c *counters) read() map[string]Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.all)
}
