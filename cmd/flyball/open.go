package main

import (
	"errors"
	"fmt"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/spf13/cobra"
)

// open finds the daemon, or its store to read. Where the daemon is in a container, that store is not its own, which is said.
func (f *flags) open(cmd *cobra.Command) (api.Flyball, error) {
	flyball, err := f.find(cmd)
	if hint := inCompose(cmd, flyball); hint != "" {
		fmt.Fprintln(cmd.ErrOrStderr(), hint)
	}
	return flyball, err
}

// openToWrite finds the daemon, or its store to write to: none that a daemon in a container would never see.
func (f *flags) openToWrite(cmd *cobra.Command) (api.Flyball, error) {
	flyball, err := f.find(cmd)
	if hint := inCompose(cmd, flyball); hint != "" {
		return nil, unreachable(errors.New(hint + "; to write to a store of this machine name it with --store"))
	}
	return flyball, err
}

// openDaemon finds the daemon for what no store can do. What stands in its place says so itself, but where the daemon is in a container.
func (f *flags) openDaemon(cmd *cobra.Command) (api.Flyball, error) {
	flyball, err := f.find(cmd)
	if hint := inCompose(cmd, flyball); hint != "" {
		return nil, unreachable(errors.New(hint))
	}
	return flyball, err
}

func inCompose(cmd *cobra.Command, flyball api.Flyball) string {
	if offline, dead := flyball.(*app.Offline); dead {
		return offline.InCompose(cmd.CommandPath())
	}
	return ""
}

// find finds the daemon, or its store.
func (f *flags) find(cmd *cobra.Command) (api.Flyball, error) {
	o, err := f.settings(cmd)
	if err != nil {
		return nil, err
	}
	if bare(o.Remote.URL) {
		fmt.Fprintf(cmd.ErrOrStderr(), "warning: the token goes to %s as it is, for all on the way to read; with TLS it does not\n", o.Remote.URL)
	}
	flyball, err := app.Open(cmd.Context(), o)
	if errors.As(err, &app.Invalid{}) {
		fmt.Fprintln(cmd.ErrOrStderr(), "flyball: the config can't be read, so where the daemon and its store are; mend it, or give --socket and --store")
		return nil, err
	}
	return flyball, unreachable(err)
}
