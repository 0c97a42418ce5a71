package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine/store"
)

// passing says that the same may well be answered soon: by this Redis, or by the one that takes its place.
func passing(err error) bool {
	for _, prefix := range []string{"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY"} {
		if says(err, prefix) {
			return true
		}
	}
	return unanswered(err)
}

// unanswered says that nobody was there, or that the answer got lost.
func unanswered(err error) bool {
	var reply client.Error
	var no refused
	return !errors.As(err, &reply) && !errors.As(err, &no)
}

// says that Redis answered so, perhaps inside what it says of a script.
func says(err error, code string) bool {
	var reply client.Error
	var no refused
	switch {
	case errors.As(err, &reply):
		return strings.HasPrefix(reply.Error(), code+" ") || strings.Contains(reply.Error(), "-"+code+" ")
	case errors.As(err, &no):
		return strings.HasPrefix(string(no), code+" ")
	}
	return false
}

// failed is an error in the words of who can do something about it, in one line and without our password.
func (s *Store) failed(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	text := err.Error()
	if s.password != "" {
		text = strings.ReplaceAll(text, s.password, "…")
	}
	text = strings.Join(strings.Fields(text), " ")
	switch {
	case says(err, "OOM"):
		text = "Redis has no memory left (maxmemory): give it more, or keep less"
	case says(err, "WRONGPASS"), says(err, "NOAUTH"), says(err, "ERR AUTH"), says(err, "ERR invalid password"):
		text = "Redis does not let us in; set the username and password of a user that it knows: " + text
	case says(err, "NOPERM"):
		text = "Redis does not permit it; the user needs " + strings.ReplaceAll(Rights, "{flyball}", "{"+s.prefix+"}") + ": " + text
	case says(err, "MOVED"):
		text = "it is a node of a cluster: write redis+cluster:// in its address"
	case says(err, "READONLY"):
		text = "it is a replica, and takes no writes: name the master, or the Sentinels: " + text
	}
	return reason{fmt.Sprintf("%s: %s", s.name, text), err}
}

// reason is an error in other words than its own.
type reason struct {
	text string
	error
}

func (r reason) Error() string { return r.text }

func (r reason) Unwrap() error { return r.error }

// Is says that it is store.ErrUnavailable, too.
func (r reason) Is(target error) bool { return target == store.ErrUnavailable }
