package main

import (
	"fmt"
	"os"
	"os/user"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/spf13/cobra"
)

func newEnable(f *flags, on bool) *cobra.Command {
	use, short := "disable", "Turn autoscaling off: nothing new is begun, a change under way is finished"
	if on {
		use, short = "enable", "Turn autoscaling on"
	}
	cmd := &cobra.Command{
		Use: use, Short: short,
		Long: short + `. The last enable or disable persists, and wins over AUTOSCALING_ENABLED.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			flyball, err := f.open(cmd)
			if err != nil {
				return err
			}
			if err := flyball.Enable(cmd.Context(), on, actor()); err != nil {
				return unreachable(err)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "autoscaling is %sd\n", use)
			wrote(cmd, flyball, "the switch")
			return nil
		},
	}
	f.reachFlags(cmd)
	return cmd
}

// wrote says where something was written to where no daemon runs that would heed it at once.
func wrote(cmd *cobra.Command, flyball api.Flyball, what string) {
	if offline, ok := flyball.(*app.Offline); ok {
		socket, store := offline.Where()
		fmt.Fprintf(cmd.ErrOrStderr(), "no daemon answers at %s; wrote %s to %s\n", socket, what, store)
	}
}

// actor is who sits at the keyboard, for the record.
func actor() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprintf("uid %d", os.Getuid())
}
