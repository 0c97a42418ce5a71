package sql

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

// What must hold with every server.

type answer struct{ query, want string }

func testAnswers(t *testing.T, s *Source, answers map[string]answer) {
	for name, c := range answers {
		value, err := s.Ask(t.Context(), c.query)
		got := ask(s, t.Context(), c.query)
		switch {
		case err == nil && got != c.want, err != nil && !strings.Contains(got, c.want):
			t.Errorf("%s: %s: %v, %s; want %s", name, c.query, value, got, c.want)
		case errors.As(err, &engine.Down{}) && !strings.Contains(got, "longer than"):
			t.Errorf("%s: %s: the source is down: %v", name, c.query, err)
		}
	}
}

// testRefuses tries writes as they are, without the look at their text, and counts afterwards what there is.
func testRefuses(t *testing.T, s *Source, admin *sql.DB, count string, want int, writes map[string]string) {
	for query, says := range writes {
		value, err := s.ask(t.Context(), query)
		if err == nil && says != "" || err != nil && (errors.As(err, &engine.Down{}) || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: %v, %v; want a refusal: %s", query, value, err, says)
		}
		var n int
		if err := admin.QueryRow(count).Scan(&n); err != nil || n != want {
			t.Fatalf("after %s there are %d, %v; want %d", query, n, err, want)
		}
		if got := ask(s, t.Context(), "SELECT 7"); got != "7" {
			t.Fatalf("after %s it answers %s", query, got)
		}
	}
}

// testSlow asks what takes longer than there is time: the server says so, before the caller has to.
func testSlow(t *testing.T, s *Source, query, says string) {
	begun := time.Now()
	_, err := s.Ask(t.Context(), query)
	if err == nil || errors.As(err, &engine.Down{}) || !strings.Contains(err.Error(), says) {
		t.Errorf("Ask = %v; want that the query was stopped: %s", err, says)
	}
	if took := time.Since(begun); took > time.Minute {
		t.Errorf("it took %s", took)
	}
	if got := ask(s, t.Context(), "SELECT 7"); got != "7" {
		t.Errorf("after that it answers %s", got)
	}
}

// testCancelled ends the caller's context once the query runs.
func testCancelled(t *testing.T, s *Source, query string, runs func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	answers := make(chan error)
	go func() {
		_, err := s.Ask(ctx, query)
		answers <- err
	}()
	metricstest.Until(t, runs)
	cancel()
	select {
	case err := <-answers:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Ask = %v; want that it was cancelled", err)
		}
	case <-time.After(time.Minute):
		t.Error("Ask does not end with its caller")
	}
	if got := ask(s, t.Context(), "SELECT 7"); got != "7" {
		t.Errorf("after that it answers %s", got)
	}
}

func testEndless(t *testing.T, s *Source, query string) {
	begun := time.Now()
	if got := ask(s, t.Context(), query); !strings.Contains(got, "the answer has several rows") || time.Since(begun) > 30*time.Second {
		t.Errorf("Ask = %s, after %s", got, time.Since(begun))
	}
	if got := ask(s, t.Context(), "SELECT 7"); got != "7" {
		t.Errorf("after that it answers %s", got)
	}
}

// testSideBySide has slow queries on one of two connections: the other answers; and on both: the next waits.
func testSideBySide(t *testing.T, s *Source, admin *sql.DB, slow, running string) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	begin := func() {
		go func() {
			_, err := s.Ask(ctx, slow)
			ended <- err
		}()
	}
	begin()
	metricstest.Until(t, func() error { return someOf(admin, running) })
	for range 20 {
		if got := ask(s, t.Context(), "SELECT 7"); got != "7" {
			t.Fatalf("beside a slow query it answers %s", got)
		}
	}
	begin()
	metricstest.Until(t, func() error { return someOf(admin, strings.Replace(running, "count(*)", "count(*) - 1", 1)) })
	short, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	_, err := s.Ask(short, "SELECT 7")
	if err == nil || errors.As(err, &engine.Down{}) || !strings.Contains(err.Error(), "waited for other queries on all 2 connections") {
		t.Errorf("beside two slow queries Ask = %v", err)
	}
	cancel()
	for range 2 {
		<-ended
	}
	if got := ask(s, t.Context(), "SELECT 7"); got != "7" {
		t.Errorf("after that it answers %s", got)
	}
	if n := s.db.Stats().OpenConnections; n > 2 {
		t.Errorf("it has %d connections", n)
	}
}

// testDown asks with a DSN in which something is replaced: {what, with what, what is said then}.
func testDown(t *testing.T, driver, dsn string, cases map[string][3]string) {
	for name, c := range cases {
		changed := strings.Replace(dsn, c[0], c[1], 1)
		if changed == dsn {
			t.Fatalf("%s: nothing to replace", name)
		}
		_, err := source(t, Options{Driver: driver, DSN: changed}).Ask(t.Context(), "SELECT 1")
		if !errors.As(err, &engine.Down{}) || !strings.Contains(err.Error(), c[2]) {
			t.Errorf("%s: Ask = %v; want that it is down: %s", name, err, c[2])
		}
		if err != nil && strings.Contains(err.Error(), metricstest.DatabasePassword) {
			t.Errorf("%s: the password is in %v", name, err)
		}
	}
}

// testHeals ends the server, also in the middle of a query, and starts it again.
func testHeals(t *testing.T, s *Source, server *metricstest.Database) {
	for range 2 {
		if got := ask(s, t.Context(), "SELECT count(*) FROM jobs"); got != "3" {
			t.Fatalf("it answers %s", got)
		}
		server.Kill()
		_, err := s.Ask(t.Context(), "SELECT count(*) FROM jobs")
		if !errors.As(err, &engine.Down{}) || strings.Contains(err.Error(), metricstest.DatabasePassword) {
			t.Errorf("without a server Ask = %v; want that it is down", err)
		}
		server.Start()
		metricstest.Until(t, func() error { _, err := s.Ask(t.Context(), "SELECT count(*) FROM jobs"); return err })
	}
	// Started again while nobody asked.
	server.Kill()
	server.Start()
	metricstest.Until(t, func() error { _, err := s.Ask(t.Context(), "SELECT count(*) FROM jobs"); return err })
}
