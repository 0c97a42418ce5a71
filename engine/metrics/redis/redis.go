// Package redis asks a Redis, or what speaks its protocol (Valkey, Dragonfly), for metrics: the length of a queue, the lag
// of a stream's group, a number at a key. One query a metric, whose answer is one number.
package redis

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	client "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	callDeadline = time.Minute // of a caller who gives none
	connections  = 2
)

// Options say where a Redis is, and who asks.
type Options struct {
	URL         string // redis://host:port/database, or rediss:// for TLS; port 6379 and database 0 unless written
	Username    string // with a password; empty: the default user
	Password    string
	Connections int // at most so many; 0: 2
}

// String leaves the secrets out.
func (o Options) String() string {
	u, err := url.Parse(o.URL)
	if err != nil {
		return "redis"
	}
	return "redis at " + u.Host
}

// GoString leaves the secrets out, too.
func (o Options) GoString() string { return o.String() }

// LogValue leaves the secrets out, too.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }

// Source asks one Redis. It is safe for concurrent use.
type Source struct {
	client  *client.Client
	dialer  *dialer
	options Options
}

// New makes a source. It does not connect yet.
func New(o Options) (*Source, error) {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "redis" && u.Scheme != "rediss":
		return nil, errors.New("url is not the address of a Redis; allowed: one such as redis://redis:6379/0, or rediss:// for TLS")
	case u.User != nil:
		return nil, errors.New("url has a user in it; write username and password beside it")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("url has a ? or # in it; allowed: an address and the number of a database")
	case o.Username != "" && o.Password == "":
		return nil, errors.New("there is a username without a password")
	case o.Connections < 0:
		return nil, fmt.Errorf("connections is %d; allowed: 1 and more", o.Connections)
	}
	database, err := strconv.Atoi(cmp.Or(strings.Trim(u.Path, "/"), "0"))
	if err != nil || database < 0 {
		return nil, errors.New("what follows the address in url is not the number of a database; allowed: one such as redis://redis:6379/0")
	}
	d := &dialer{address: net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "6379")), opening: opening(o, database)}
	if u.Scheme == "rediss" {
		d.tls = &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	}
	return open(o, d), nil
}

// opening is what a connection begins with: who we are, and which database it is of.
func opening(o Options, database int) [][]string {
	var all [][]string
	switch {
	case o.Username != "":
		all = append(all, []string{"AUTH", o.Username, o.Password})
	case o.Password != "":
		all = append(all, []string{"AUTH", o.Password})
	}
	if database > 0 {
		all = append(all, []string{"SELECT", strconv.Itoa(database)})
	}
	return append(all, []string{"CLIENT", "SETNAME", "flyball"})
}

// open makes a source that connects by way of a dialer, which also says who we are.
func open(o Options, d *dialer) *Source {
	return &Source{options: o, dialer: d, client: client.NewClient(&client.Options{
		Addr:     d.address,
		Dialer:   d.dial,
		PoolSize: cmp.Or(o.Connections, connections),

		// The loop asks again: one more try is for a connection that ended while nobody used it.
		MaxRetries: 1,

		ContextTimeoutEnabled: true,
		DialTimeout:           callDeadline,
		ReadTimeout:           callDeadline,

		// Protocol 3 and what it brings, notices of the server's, are of no use here, and write to stderr.
		Protocol:                 2,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})}
}

// Close ends the connections.
func (s *Source) Close() error {
	defer s.dialer.end()
	return s.client.Close()
}

// String names the source without its secrets.
func (s *Source) String() string { return s.options.String() }

// GoString names it so, too.
func (s *Source) GoString() string { return s.String() }

// Ask answers a query with one number:
//
//	LLEN key               entries of a list; 0 where there is none, for Redis keeps no empty lists
//	SCARD key              members of a set, likewise
//	ZCARD key              members of a sorted set, likewise
//	XLEN stream            entries of a stream, read or not
//	XLAG stream group      entries not yet delivered to a consumer group
//	XPENDING stream group  entries delivered to a group and not acknowledged
//	GET key                the number that a text is
//	HGET key field         the number that a field of a hash is
//
// A stream, group, key or field that is not there, and what is no number, are errors. The error is an engine.Down where no
// query would have been answered: the Redis can't be reached, is late, is loading, or refuses us.
func (s *Source) Ask(ctx context.Context, text string) (float64, error) {
	q, err := parse(text)
	if err != nil {
		return 0, err
	}
	type answer struct {
		value float64
		err   error
	}
	// The client looks at ctx's deadline, but not whether ctx is cancelled. What is late ends by itself.
	answers := make(chan answer, 1)
	go func() {
		value, err := s.ask(ctx, q)
		answers <- answer{value, err}
	}()
	select {
	case a := <-answers:
		if end, has := ctx.Deadline(); a.err != nil && has && !time.Now().Before(end) {
			<-ctx.Done() // now: the client saw it a moment before us
		}
		return a.value, s.failed(ctx, a.err)
	case <-ctx.Done():
		return 0, s.failed(ctx, ctx.Err())
	}
}
