package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
	"github.com/flyball-dev/flyball/engine/store/redis"
)

const crashLease = 2 * time.Second

// The same with the ledger in a Redis, which is killed as well. It keeps what it has acknowledged.
func TestLiveCrashRedis(t *testing.T) {
	crash(t, 4, 100, inRedis)
}

// 16 and 17: the same with two daemons that share it. The one that leads is killed, or stopped for longer than its lease.
func TestLiveCrashLeader(t *testing.T) {
	crash(t, 4, 100, func(s *site) crashStore {
		store := inRedis(s)
		store.daemons = 2
		return store
	})
}

func inRedis(s *site) crashStore {
	port, dir := metricstest.Port(s), s.TempDir()
	start := func() *metricstest.Server {
		return metricstest.RedisAt(s, port, "--dir", dir, "--appendonly", "yes", "--appendfsync", "always")
	}
	server := start()
	address := "redis://" + metricstest.Address(port)
	return crashStore{
		address: address,
		config:  fmt.Sprintf("config: store: {url: %q, lease: %q}\n", address, crashLease),
		open:    func() (readStore, error) { return redis.Open(redis.Options{URL: address, ReadOnly: true}) },
		kill:    func() { server.Kill() },
		revive:  func() { server = start() },
	}
}
