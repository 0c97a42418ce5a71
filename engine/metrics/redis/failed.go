package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/poll"
)

// unfit is why an answer is not one number.
type unfit string

func (u unfit) Error() string { return string(u) }

// refused is what a server says to how a connection begins.
type refused string

func (r refused) Error() string { return string(r) }

// failed tells a query that can't be answered from a Redis that does not answer.
func (s *Source) failed(ctx context.Context, err error) error {
	var no unfit
	var unwelcome refused
	var reply client.Error
	switch {
	case err == nil || errors.As(err, &no):
		return err
	case ctx.Err() != nil:
		return engine.Down{Err: fmt.Errorf("%s: %w", s, context.Cause(ctx))}
	case errors.As(err, &unwelcome):
		return engine.Down{Err: fmt.Errorf("%s says: %s", s, s.options.quote(string(unwelcome)))}
	case !errors.As(err, &reply):
		return engine.Down{Err: fmt.Errorf("%s: %w", s, unsaid{s.options.quote(err.Error()), err})}
	}
	switch text := reply.Error(); {
	case strings.HasPrefix(text, "ERR no such key"):
		return unfit("there is no such stream")
	case strings.HasPrefix(text, "WRONGTYPE"):
		return unfit("what is at the key is of another type; LLEN is of lists, SCARD of sets, ZCARD of sorted sets, " +
			"XLEN, XLAG and XPENDING of streams, GET of texts, HGET of hashes")
	case strings.HasPrefix(text, "MOVED "):
		return fmt.Errorf("%s: the key is at another node of the cluster (%s); write that node as url", s, s.options.quote(text))
	case refuses(text):
		return engine.Down{Err: fmt.Errorf("%s says: %s", s, s.options.quote(text))}
	default:
		return fmt.Errorf("%s says: %s", s, s.options.quote(text))
	}
}

// refuses says that a reply is not about the query: any other would have had it, too.
func refuses(reply string) bool {
	for _, prefix := range []string{
		"LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "ERR max number of clients", // it can't now
		"NOAUTH", "WRONGPASS", "DENIED", "ERR invalid password", "ERR AUTH", "ERR Client sent AUTH", // nor lets us in
		"ERR DB index", "ERR SELECT", // nor has the database
	} {
		if strings.HasPrefix(reply, prefix) {
			return true
		}
	}
	return false
}

// unsaid is an error in other words than its own.
type unsaid struct {
	text string
	error
}

func (u unsaid) Error() string { return u.text }

func (u unsaid) Unwrap() error { return u.error }

// quote is short, and without our password: what a server says may be what we said to it.
func (o Options) quote(text string) string {
	if o.Password != "" {
		text = strings.ReplaceAll(text, o.Password, "…")
	}
	return poll.Short(text)
}
