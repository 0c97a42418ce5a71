// Package redis is the ledger, and the history of samples, that several daemons share: one Redis (7, or 6.2, or what speaks
// as they do), by itself, behind Sentinels, or a Cluster. One daemon leads, and records; all may read.
//
// All that decisions stand on is in one hash, the core, so that whatever loses it loses it whole. Every write is one script,
// which refuses a writer that leads no longer, and one that has seen more than there is: then writes were lost, and the next
// daemon that leads begins with a full cooldown.
package redis

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine/store/series"
)

// Options say where a Redis is, who asks, and how much is kept.
type Options struct {
	URL      string // see Address
	Username string // with a password; empty: the default user
	Password string
	ReadOnly bool         // for a look: every write is an error
	Log      *slog.Logger // is told loudly of losses; nil: nobody is

	KeepSamples time.Duration // how long samples are kept; 0: 48 hours
	KeepRollups time.Duration // how long their five-minute rollups are kept; 0: 30 days
	SampleBytes int64         // what both may take of the memory of Redis; 0: 64 MB
	KeepAudit   time.Duration // how long entries of the audit log are kept; 0: 400 days
}

// String leaves the secrets out.
func (o Options) String() string {
	a, err := parse(o.URL)
	if err != nil {
		return "redis"
	}
	return a.String()
}

// GoString leaves the secrets out, too.
func (o Options) GoString() string { return o.String() }

// LogValue leaves the secrets out, too.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }

// Store is the ledger in a Redis. It is safe for concurrent use.
type Store struct {
	client   client.UniversalClient
	prefix   string
	name     string // for messages: without secrets
	password string // for what it must not be in
	readOnly bool
	fails    bool // over to a replica, by Sentinels or in a Cluster
	log      *slog.Logger
	me       string   // tells the lease of this store from those of others
	patience patience // of each call, but for those that read or write all

	keep        series.Retention
	sampleBytes int64
	keepAudit   time.Duration

	scripts scripts
	writes  atomic.Int64 // of the ledger, so far
	packer

	arrivals      series.Arrivals
	flushing      sync.Mutex // guards what is below, and lets one write samples at a time
	prunedSamples time.Time
	crowded       bool // it was said that samples are dropped before their time

	mu      sync.Mutex
	seen    seen
	turned  turned
	greeted bool
	pruned  time.Time // when old rows were last looked for, in the time of the records
	away    bool      // the last call found nobody there
}

// Open makes a store. A URL that is none is an error, and so is a Redis that answers and refuses us, or has been written by a
// newer flyball. One that can't be reached is not: every call says so then, until it can be.
func Open(o Options) (*Store, error) {
	a, err := parse(o.URL)
	if err == nil && o.Username != "" && o.Password == "" {
		err = errors.New("there is a username without a password")
	}
	if err != nil {
		return nil, fmt.Errorf("open the store in Redis, by its address: %w", err)
	}
	s := &Store{
		client: connect(a, o), scripts: load(), away: true, // nobody waits for one that was never there
		prefix: a.prefix, name: a.String(), password: o.Password, readOnly: o.ReadOnly,
		fails: a.kind != single,
		log:   cmp.Or(o.Log, slog.New(slog.DiscardHandler)), me: rand.Text(), patience: brief(),
		keep:        series.Retention{Samples: cmp.Or(o.KeepSamples, keepSamples), Rollups: cmp.Or(o.KeepRollups, keepRollups)},
		sampleBytes: cmp.Or(o.SampleBytes, sampleBytes),
		keepAudit:   cmp.Or(o.KeepAudit, keepAudit),
	}
	if err := s.greet(context.Background()); err != nil {
		if !unanswered(err) && !passing(err) {
			return nil, errors.Join(fmt.Errorf("open the store in Redis: %w", err), s.client.Close())
		}
		if !s.readOnly { // whoever only reads hears it from what he reads
			s.log.Warn("Redis can't be reached: nothing is decided until it can", "store", s.name, "error", err)
		}
	}
	return s, nil
}

// Shutdown flushes what was kept, and ends the connections.
func (s *Store) Shutdown() error { return errors.Join(s.flush(context.Background()), s.client.Close()) }

// String names the store without secrets.
func (s *Store) String() string { return s.name }

// GoString names it so, too.
func (s *Store) GoString() string { return s.name }

const keepAudit = 400 * 24 * time.Hour
