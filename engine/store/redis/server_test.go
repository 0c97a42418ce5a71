package redis

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
	"github.com/flyball-dev/flyball/engine/store"
)

const canary = "pa55-canary"

// now is when the stories of the tests begin.
var now = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// durable are a server's settings under which it keeps what it has acknowledged.
var durable = []string{"--appendonly", "yes", "--appendfsync", "always"}

// server is a Redis that can be ended and started again, with what it has on disk.
type server struct {
	tb        testing.TB
	port      int
	arguments []string
	running   *metricstest.Server
}

func start(tb testing.TB, arguments ...string) *server {
	tb.Helper()
	s := &server{tb: tb, port: metricstest.Port(tb), arguments: append([]string{"--dir", tb.TempDir()}, arguments...)}
	s.start()
	return s
}

func (s *server) start() {
	s.tb.Helper()
	s.running = metricstest.RedisAt(s.tb, s.port, s.arguments...)
}

func (s *server) address() string { return metricstest.Address(s.port) }

func (s *server) url() string { return "redis://" + s.address() }

// do runs a command, and answers what it says.
func (s *server) do(words ...any) any {
	s.tb.Helper()
	return command(s.tb, s.address(), words...)
}

func command(tb testing.TB, address string, words ...any) any {
	tb.Helper()
	patient := client.Options{Addr: address, PoolSize: 1, ReadTimeout: 2 * time.Minute, MaxRetries: -1} // nothing is done twice
	c := client.NewClient(&patient)
	defer c.Close()
	if c.Ping(tb.Context()).Err() != nil { // it wants a password
		patient.Password = canary
		c = client.NewClient(&patient)
		defer c.Close()
	}
	answer, err := c.Do(tb.Context(), words...).Result()
	if err != nil {
		tb.Fatalf("%v: %v", words, err)
	}
	return answer
}

// patient opens a store whose calls a machine that stalls for some seconds does not end.
func patient(o Options) (*Store, error) {
	s, err := Open(o)
	if err == nil {
		s.patience = long()
	}
	return s, err
}

// follower is a store that does not lead.
func follower(tb testing.TB, o Options) *Store {
	tb.Helper()
	s, err := patient(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Shutdown() }) // it may have ended
	return s
}

// leader is one that does.
func leader(tb testing.TB, o Options) *Store {
	tb.Helper()
	s := follower(tb, o)
	lead(tb, s)
	return s
}

func lead(tb testing.TB, s *Store) store.Lease {
	tb.Helper()
	lease, err := s.Lead(tb.Context(), "one", time.Hour)
	if err != nil || !lease.Mine {
		tb.Fatalf("lease is %+v, error %v; want it", lease, err)
	}
	return lease
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// isError wants an error in one line that says something, and no secret.
func isError(tb testing.TB, err error, says string) {
	tb.Helper()
	if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "\n") {
		tb.Errorf("error is %v; want one line with %q, and no secret", err, says)
	}
}

// isRefused wants that no store opens, for a reason that Redis gives. One that was only not reached opens.
func isRefused(t *testing.T, o Options, says string) {
	t.Helper()
	patiently(t, func() error {
		s, err := Open(o)
		if err != nil || !s.isAway() {
			isError(t, err, says)
			return nil
		}
		return errors.Join(errors.New("Redis was not reached"), s.Shutdown())
	})
}

// reaches waits until a store that has found nobody there asks somebody who is. Until then it asks once, and waits for no one.
func reaches(t *testing.T, s *Store) {
	t.Helper()
	patiently(t, func() error {
		_, err := s.Leader(t.Context())
		return err
	})
}

// web is a policy with cooldowns of five and ten minutes.
var web = engine.Policy{
	Name: "web", Service: "web", Mode: engine.Live, Cooldown: engine.UpDown{Up: 5 * time.Minute, Down: 10 * time.Minute},
}

// decided is a record of policy web's.
func decided(seconds int, action engine.Action) engine.Record {
	return engine.Record{
		At: now.Add(time.Duration(seconds) * time.Second), Policy: "web", Service: "web", Mode: engine.Live, Revision: "r1",
		Decision: engine.Decision{Action: action, Reason: "Because", From: 1, To: 1},
	}
}

func record(tb testing.TB, s *Store, seconds int) {
	tb.Helper()
	check(tb, s.Record(tb.Context(), decided(seconds, engine.ScaleUp), engine.State{Virtual: seconds}))
}

// virtual is what web's state says, which record wrote.
func virtual(tb testing.TB, s *Store) engine.State {
	tb.Helper()
	state, err := s.State(tb.Context(), web)
	check(tb, err)
	return state
}

// journal is a log that can be read.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func (j *journal) log() *slog.Logger { return slog.New(slog.NewTextHandler(j, nil)) }
