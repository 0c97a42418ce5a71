package main

import (
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/spf13/cobra"
)

// reader reads policies with newLoad, in a process that can be ended: no policy keeps flyball from listening.
func reader() app.Reader { return app.Apart("load", "--") }

func newLoad() *cobra.Command {
	return &cobra.Command{
		Use: "load PATH", Short: "Read policies for another flyball", Hidden: true,
		Args: takes(1, 1, "a path", "flyball load config/autoscaling"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return app.ReadFor(cmd.InOrStdin(), cmd.OutOrStdout(), args[0])
		},
	}
}
