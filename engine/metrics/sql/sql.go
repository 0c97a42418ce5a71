// Package sql asks a database for metrics: PostgreSQL, MySQL, MariaDB, or a file of SQLite. One query a metric, whose answer
// is one row of one column that is a number. A query changes nothing: it runs in a read-only transaction that is rolled
// back, and the server itself ends it when it takes too long.
package sql

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

const (
	callDeadline = 10 * time.Second
	connections  = 2
	lifetime     = 5 * time.Minute // of a connection: then it follows a name that has moved
	largest      = 1 << 20         // bytes of an answer
)

// Options say where a database is, and who asks.
type Options struct {
	Driver string // postgres, mysql (MariaDB, too), sqlite

	// DSN is the database's address with user and password, in the words of the driver:
	//
	//	postgres  postgres://user:password@host:5432/database?sslmode=verify-full, or host=… user=… password=… dbname=…
	//	mysql     user:password@tcp(host:3306)/database?tls=true
	//	sqlite    the path of a file
	DSN string

	Timeout     time.Duration // of a query, the wait for a connection included; 0: 10 s
	Connections int           // at most so many, and so many queries side by side; 0: 2
}

// String leaves the DSN out.
func (o Options) String() string { return cmp.Or(o.Driver, "sql") + " database" }

// GoString leaves the DSN out, too.
func (o Options) GoString() string { return o.String() }

// LogValue leaves the DSN out, too.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }

// Source asks one database. It is safe for concurrent use.
type Source struct {
	db      *sql.DB
	server  server
	timeout time.Duration
	slots   chan struct{}
}

// server is what differs from one driver to the next.
type server interface {
	// String is where it is, without secrets.
	String() string
	driver.Connector
	dialect() dialect
	// limit is the statement that has the server end what comes after it; empty: it can't, and is interrupted from here.
	limit(d time.Duration) string
	// said is what an error of a query means.
	said(err error) verdict
	// words are what an error says, without our secrets.
	words(err error) string
}

// verdict is what an error means.
type verdict int

const (
	unheard verdict = iota // it is not the server's word
	wrong                  // the query can't be answered
	slow                   // nor can this one, in time
	down                   // nor any other
)

// New makes a source. It does not connect yet. Its errors say nothing of what is in the DSN.
func New(o Options) (*Source, error) {
	switch {
	case o.Timeout < 0:
		return nil, fmt.Errorf("timeout is %s; allowed: one such as 10s", o.Timeout)
	case o.Connections < 0:
		return nil, fmt.Errorf("connections is %d; allowed: 1 and more", o.Connections)
	case o.DSN == "":
		return nil, errors.New("dsn is empty; allowed: the address of a database, such as postgres://user:password@host:5432/database")
	}
	o.Timeout = cmp.Or(o.Timeout, callDeadline)
	o.Connections = cmp.Or(o.Connections, connections)
	server, err := parse(o)
	if err != nil {
		return nil, err
	}
	s := &Source{
		db:      sql.OpenDB(prompt{server, o.Timeout}),
		server:  server,
		timeout: o.Timeout,
		slots:   make(chan struct{}, o.Connections),
	}
	s.db.SetMaxOpenConns(o.Connections)
	s.db.SetMaxIdleConns(o.Connections)
	if o.Driver == "sqlite" {
		s.db.SetMaxIdleConns(0) // a file is opened in 0.1 ms; one that was kept open may not be the one of that name any more
	}
	s.db.SetConnMaxLifetime(lifetime)
	return s, nil
}

func parse(o Options) (server, error) {
	switch o.Driver {
	case "postgres":
		return newPostgres(o.DSN)
	case "mysql":
		return newMySQL(o.DSN)
	case "sqlite":
		return newSQLite(o.DSN)
	default:
		return nil, fmt.Errorf("driver is %q; allowed: postgres, mysql (MariaDB, too), sqlite", o.Driver)
	}
}

// Close ends the connections.
func (s *Source) Close() error { return s.db.Close() }

// String names the source without its secrets.
func (s *Source) String() string { return s.server.String() }

// GoString names it so, too.
func (s *Source) GoString() string { return s.String() }

// Ask answers a query with the number in the only column of its only row. A text that is a number counts as one. No row,
// several rows or columns, NULL, and what is no finite number, are errors, as is a query that takes longer than nine
// tenths of the time there is: the server ends it by then. The error is an engine.Down where no query would have been
// answered: the database can't be reached, is late, is shutting down, or refuses us.
func (s *Source) Ask(ctx context.Context, query string) (float64, error) {
	if err := s.server.dialect().check(query); err != nil {
		return 0, err
	}
	return s.ask(ctx, query)
}

func (s *Source) ask(ctx context.Context, query string) (float64, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeout, fmt.Errorf("no answer within %s", s.timeout))
	defer cancel()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return 0, fmt.Errorf("%s: waited for other queries on all %d connections: %w", s, cap(s.slots), context.Cause(ctx))
	}
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return 0, s.silent(ctx, err)
	}
	defer func() { _ = tx.Rollback() }() // a connection that can't is dropped
	deadline, _ := ctx.Deadline()
	limit := max(time.Until(deadline)*9/10, time.Millisecond)
	if statement := s.server.limit(limit); statement != "" {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return 0, s.silent(ctx, err)
		}
		limit = s.timeout // the server's is sooner
	}
	limited, stop := context.WithTimeoutCause(ctx, limit, unfit("the query was stopped, which took too long: more than "+limit.Round(time.Millisecond).String()))
	defer stop()
	value, err := one(limited, stop, tx, query)
	return value, s.failed(limited, err)
}

// failed tells a query that can't be answered from a database that does not answer.
func (s *Source) failed(ctx context.Context, err error) error {
	var no unfit
	if err == nil || errors.As(err, &no) {
		return err
	}
	switch s.server.said(err) {
	case wrong:
		return fmt.Errorf("%s says: %s", s, s.quote(err))
	case slow:
		return fmt.Errorf("%s stopped the query, which took too long: %s", s, s.quote(err))
	case down:
		return engine.Down{Err: fmt.Errorf("%s says: %s", s, s.quote(err))}
	}
	if errors.As(context.Cause(ctx), &no) {
		return no
	}
	return s.silent(ctx, err)
}

// silent is of a database that does not answer.
func (s *Source) silent(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return engine.Down{Err: fmt.Errorf("%s: %w", s, context.Cause(ctx))}
	}
	return engine.Down{Err: fmt.Errorf("%s: %s", s, s.quote(err))}
}

// quote is what a driver says, in one short line without our secrets. What it wraps is left behind: drivers keep the
// password there.
func (s *Source) quote(err error) string { return short(s.server.words(err)) }

// prompt is a server whose connections are made in time, or not at all, also where database/sql makes one for nobody in
// particular.
type prompt struct {
	server
	timeout time.Duration
}

// Connect makes a connection.
func (p prompt) Connect(ctx context.Context) (driver.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	return p.server.Connect(ctx)
}
