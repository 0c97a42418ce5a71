package redis

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
)

// A call whose time is up says why Redis could not be reached, not that its time is up.
func TestWhatFailsIsToldWhenTimeIsUp(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	refuse := func(context.Context) error { return refused }
	hang := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	for name, tt := range map[string]struct {
		attempts []func(context.Context) error // the last goes on
		want     string
	}{
		"refused all the time":       {[]func(context.Context) error{refuse}, "connection refused"},
		"the last attempt is cut":    {[]func(context.Context) error{refuse, refuse, hang}, "connection refused"},
		"nobody ever answers":        {[]func(context.Context) error{hang}, "deadline exceeded"},
		"answered in the end":        {[]func(context.Context) error{refuse, func(context.Context) error { return nil }}, ""},
		"something else in the end":  {[]func(context.Context) error{refuse, func(context.Context) error { return errors.New("WRONGTYPE") }}, "WRONGTYPE"},
		"refused, then time is over": {[]func(context.Context) error{func(ctx context.Context) error { <-ctx.Done(); return refused }}, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, n := &Store{name: "redis at 127.0.0.1:6379"}, 0
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
	s := &Store{name: "redis at 127.0.0.1:6379"}
	err := s.call(ctx, func(context.Context) error { cancel(); return refused })
	if err == nil {
		t.Error("a call that was given up succeeded")
	}
}
