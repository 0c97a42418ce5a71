package redis

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
)

// A call whose time is up says why Redis could not be reached, not that its time is up.
func TestWhatFailsIsToldWhenTimeIsUp(t *testing.T) {
	nobody := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	refuse := func(context.Context) error { return nobody }
	hang := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	unread := func(ctx context.Context) error { // a connection has the deadline for its own
		<-ctx.Done()
		return &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}
	}
	replica := func(context.Context) error { return refused("READONLY You can't write.") }
	for name, tt := range map[string]struct {
		attempts []func(context.Context) error // the last goes on
		want     string
	}{
		"refused all the time":       {[]func(context.Context) error{refuse}, "connection refused"},
		"the last attempt is cut":    {[]func(context.Context) error{refuse, refuse, hang}, "connection refused"},
		"the last answer is late":    {[]func(context.Context) error{replica, unread}, "it is a replica"},
		"no answer ever comes":       {[]func(context.Context) error{unread}, "i/o timeout"},
		"nobody ever answers":        {[]func(context.Context) error{hang}, "deadline exceeded"},
		"answered in the end":        {[]func(context.Context) error{refuse, func(context.Context) error { return nil }}, ""},
		"something else in the end":  {[]func(context.Context) error{refuse, func(context.Context) error { return errors.New("WRONGTYPE") }}, "WRONGTYPE"},
		"refused, then time is over": {[]func(context.Context) error{func(ctx context.Context) error { <-ctx.Done(); return nobody }}, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, n := &Store{name: "redis at 127.0.0.1:6379", patience: brief()}, 0
				err := s.call(t.Context(), func(ctx context.Context) error {
					do := tt.attempts[min(n, len(tt.attempts)-1)]
					n++
					return do(ctx)
				})
				if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
					t.Errorf("after %d attempts: %v, want %q", n, err, tt.want)
				}
			})
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := &Store{name: "redis at 127.0.0.1:6379", patience: brief()}
	err := s.call(ctx, func(context.Context) error { cancel(); return nobody })
	if err == nil {
		t.Error("a call that was given up succeeded")
	}
}
