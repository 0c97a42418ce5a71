package redis

import (
	"context"
	"fmt"
	"strings"

	client "github.com/redis/go-redis/v9"
)

// greet looks at a Redis the first time that it answers: whether it lets us in, and has not been written by a newer flyball;
// and says what about it puts at risk what is kept.
func (s *Store) greet(ctx context.Context) error {
	s.mu.Lock()
	greeted := s.greeted
	s.mu.Unlock()
	if greeted {
		return nil
	}
	var written string
	err := s.call(ctx, func(ctx context.Context) (err error) {
		written, err = s.client.HGet(ctx, s.coreKey(), "version").Result()
		if err == client.Nil {
			err = nil
		}
		return err
	})
	if err != nil {
		return err
	}
	if number(written) > version {
		return refused(fmt.Sprintf("%s: a newer flyball wrote it (layout %s, this one reads up to %d): run that flyball, or name "+
			"another prefix with ?prefix=", s.name, written, version))
	}
	s.mu.Lock()
	s.greeted = true
	s.mu.Unlock()
	if s.readOnly {
		return nil
	}
	for _, risk := range s.Risks(ctx) {
		s.log.Warn("what is kept in Redis is at risk", "store", s.name, "risk", risk)
	}
	return nil
}

// Risks are settings of the server that put at risk what is kept, and that it has no memory left.
func (s *Store) Risks(ctx context.Context) []string {
	all := map[string]string{}
	err := s.call(ctx, func(ctx context.Context) error {
		for _, name := range []string{"maxmemory", "maxmemory-policy", "appendonly", "appendfsync", "min-replicas-to-write"} {
			some, err := s.client.ConfigGet(ctx, name).Result()
			if err != nil {
				return err
			}
			for k, v := range some {
				all[k] = v
			}
		}
		return nil
	})
	if err != nil {
		return []string{fmt.Sprintf("its settings can't be read (CONFIG GET), so look yourself: maxmemory-policy noeviction, "+
			"appendonly yes, appendfsync always: %v", err)}
	}
	var risks []string
	if limit := number(all["maxmemory"]); limit > 0 && s.memory(ctx) >= limit {
		risks = append(risks, fmt.Sprintf("all of its %d MB are taken (maxmemory): nothing is written, so nothing is decided; give it "+
			"more, or keep less", limit>>20))
	}
	if policy := all["maxmemory-policy"]; all["maxmemory"] != "0" && policy != "noeviction" {
		risks = append(risks, fmt.Sprintf("maxmemory-policy is %s: Redis may drop what decisions stand on when memory runs out; "+
			"set noeviction", strings.TrimSpace(policy)))
	}
	switch {
	case all["appendonly"] == "no":
		risks = append(risks, "appendonly is no: what was acknowledged since its last snapshot is lost when Redis is killed; "+
			"set appendonly yes, and appendfsync always")
	case all["appendfsync"] != "always":
		risks = append(risks, fmt.Sprintf("appendfsync is %s: what was acknowledged in the last second or more is lost when its "+
			"machine crashes; set always", all["appendfsync"]))
	}
	if s.fails && all["min-replicas-to-write"] == "0" {
		risks = append(risks, "min-replicas-to-write is 0: a master that is cut off from its replicas goes on to acknowledge what the "+
			"failover then loses; set 1, and min-replicas-max-lag 2")
	}
	return risks
}

// memory is how many bytes the server says it has taken; 0 where it does not say.
func (s *Store) memory(ctx context.Context) int64 {
	var said string
	_ = s.call(ctx, func(ctx context.Context) (err error) { // who may not ask is told of no shortage
		said, err = s.client.Info(ctx, "memory").Result()
		return err
	})
	for line := range strings.Lines(said) {
		if bytes, found := strings.CutPrefix(strings.TrimSpace(line), "used_memory:"); found {
			return number(bytes)
		}
	}
	return 0
}
