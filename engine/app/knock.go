package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/flyball-dev/flyball/engine/api"
)

// Knock finds the daemon that runs, and no store in its place: the one at a URL or a socket where one is given, else the one at the usual
// socket. The policies are read only where none answers there, for the socket that their config names: a probe is sent often, and
// policies that take long to read are no reason to call the daemon unwell.
func Knock(ctx context.Context, given Options) (*api.Client, error) {
	if given.Remote.URL != "" {
		return api.ReachBare(given.Remote)
	}
	if given.Socket != "" {
		return dial(given.Socket)
	}
	client, err := dial(usualSocket)
	if err == nil {
		return client, nil
	}
	set, unread := given.Read(ctx, given.Policies)
	if unread != nil && !errors.Is(unread, os.ErrNotExist) {
		return nil, errors.Join(err, unread)
	}
	if at := given.filled(set.Config).Socket; at != usualSocket {
		return dial(at)
	}
	return nil, err
}

func dial(socket string) (*api.Client, error) {
	client, err := api.Dial(socket)
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("no daemon answers at %s", socket)
	case err != nil:
		return nil, fmt.Errorf("ask the daemon: %w", err)
	}
	return client, nil
}
