package main

import (
	"fmt"
	"testing"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
	"github.com/flyball-dev/flyball/engine/store/redis"
)

// The same with the ledger in a Redis, which is killed as well. It keeps what it has acknowledged.
func TestLiveCrashRedis(t *testing.T) {
	crash(t, 8, 100, inRedis)
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
		config:  fmt.Sprintf("config: store: {url: %q, lease: \"2s\"}\n", address),
		open:    func() (readStore, error) { return redis.Open(redis.Options{URL: address, ReadOnly: true}) },
		kill:    func() { server.Kill() },
		revive:  func() { server = start() },
	}
}
