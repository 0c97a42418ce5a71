// Package dockertest gives live tests a Docker engine of their own.
//
// The engine is a dockerd in namespaces of its own (network, mounts, processes), so that its containers and iptables
// rules touch nobody else's, and the kernel ends everything in it when the test process dies, however it dies. A test
// package shares one:
//
//	var docker dockertest.Shared
//
//	func TestMain(m *testing.M) { defer docker.Stop(); m.Run() }
//
//	func TestLive(t *testing.T) { e := docker.Engine(t); ... }
//
// FLYBALL_TEST_DOCKER_HOST names a running engine to use instead. Where neither is to be had the test is skipped,
// naming what is missing; with CI=true it fails.
//
// From the host, container addresses and published ports of the own engine can't be reached: use Dial, or ask from within
// with Exec.
package dockertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/client"
)

const startDeadline = 2 * time.Minute

// dirPrefix is followed by the process id of the test, so that a later one can tell what was left behind.
const dirPrefix = "flyball-docker-"

func tempDir() (string, error) {
	return os.MkdirTemp("", dirPrefix+strconv.Itoa(os.Getpid())+"-")
}

// Engine is a Docker engine for tests.
type Engine struct {
	host   string
	client *client.Client
	daemon daemon // nil: somebody else's engine

	binaries string // folder of the built test programs
	mu       sync.Mutex
}

// daemon is a dockerd of our own.
type daemon interface {
	host() string
	wait(holds func() bool) error // returns once the condition holds
	kill() error
	revive() error
	stop()
}

// Start gives one test an engine that stops at the test's end.
func Start(tb testing.TB) *Engine {
	tb.Helper()
	e, err := start()
	unavailable(tb, err)
	tb.Cleanup(e.stop)
	return e
}

// Shared is one engine for all tests of a package. The zero value is ready.
type Shared struct {
	once   sync.Once
	engine *Engine
	err    error
}

// Engine is the shared engine, started at the first call.
func (s *Shared) Engine(tb testing.TB) *Engine {
	tb.Helper()
	s.once.Do(func() { s.engine, s.err = start() })
	unavailable(tb, s.err)
	return s.engine
}

// Stop ends the engine, where one was started.
func (s *Shared) Stop() {
	if s.engine != nil {
		s.engine.stop()
	}
}

// Host is the engine's address, as DOCKER_HOST takes it.
func (e *Engine) Host() string { return e.host }

// Client speaks to the engine.
func (e *Engine) Client() *client.Client { return e.client }

// Kill ends dockerd at once, as a crash does, and leaves the containers alone. Revive brings it back.
func (e *Engine) Kill(tb testing.TB) {
	tb.Helper()
	if e.daemon == nil {
		tb.Skip("FLYBALL_TEST_DOCKER_HOST is set: this test must kill its engine")
	}
	if err := e.daemon.kill(); err != nil {
		tb.Fatalf("kill dockerd: %v", err)
	}
}

// Revive starts dockerd again after Kill and waits until it answers. Containers that it finds running it ends, and starts
// again those whose restart policy says so.
func (e *Engine) Revive(tb testing.TB) {
	tb.Helper()
	if err := e.daemon.revive(); err != nil {
		tb.Fatal(err)
	}
	if err := e.wait(); err != nil {
		tb.Fatal(err)
	}
}

func start() (*Engine, error) {
	binaries, err := tempDir()
	if err != nil {
		return nil, err
	}
	e := &Engine{host: os.Getenv("FLYBALL_TEST_DOCKER_HOST"), binaries: binaries}
	if e.host == "" {
		if e.daemon, err = startDaemon(); err != nil {
			e.stop()
			return nil, err
		}
		e.host = e.daemon.host()
	}
	e.client, err = client.NewClientWithOpts(client.WithHost(e.host), client.WithAPIVersionNegotiation())
	if err == nil {
		err = e.wait()
	}
	if err != nil {
		e.stop()
		return nil, err
	}
	return e, nil
}

// wait returns once the engine answers.
func (e *Engine) wait() error {
	var err error
	answers := func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), startDeadline)
		defer cancel()
		_, err = e.client.Ping(ctx)
		return err == nil
	}
	if e.daemon != nil {
		return e.daemon.wait(answers)
	}
	if !answers() {
		return fmt.Errorf("engine at %s does not answer: %w", e.host, err)
	}
	return nil
}

func (e *Engine) stop() {
	if e.client != nil {
		e.client.Close()
	}
	if e.daemon != nil {
		e.daemon.stop()
	}
	os.RemoveAll(e.binaries)
}

// missing says what a test needs and this machine does not have.
type missing string

func (m missing) Error() string { return string(m) }

func unavailable(tb testing.TB, err error) {
	tb.Helper()
	var m missing
	switch {
	case err == nil:
	case errors.As(err, &m) && os.Getenv("CI") != "true":
		tb.Skip(err)
	default:
		tb.Fatal(err)
	}
}
