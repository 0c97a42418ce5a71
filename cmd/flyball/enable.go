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
	long := "Decisions go on being recorded, and flyball scale still works. For one service, or for a while, there is flyball pause."
	if on {
		use, short = "enable", "Turn autoscaling on"
		long = "A policy acts from then on, where it says enabled: true; flyball status shows which do."
	}
	cmd := &cobra.Command{
		Use: use, Short: short,
		Long: short + ". " + long + `

The last enable or disable persists, over restarts too, and wins over AUTOSCALING_ENABLED. Without a daemon it is written to the
store, where the next one finds it.`,
		Example: "  flyball " + use + "\n  flyball " + use + " --url https://scaler.example.com:5001 --token-file /run/secrets/flyball",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			flyball, err := f.openToWrite(cmd)
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
