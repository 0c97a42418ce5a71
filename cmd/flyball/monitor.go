package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/flyball-dev/flyball/engine/monitor"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func newMonitor(f *flags) *cobra.Command {
	var plain bool
	cmd := &cobra.Command{
		Use:   "monitor",
		Short: "Watch the services as they are scaled, on the whole terminal",
		Long: `Show the services of a daemon live: replicas against their bounds, the state as flyball status words it, the metric that is
nearest to its bound, what happens, and how the newest decision on the chosen service came about. Keys pause, resume, scale,
roll back and turn autoscaling on or off, each after a question; ? lists them.

Where there is no terminal, with --plain or TERM=dumb, it writes a line for each thing that happens: decisions that are others
than before, changes with from, to and why, trouble. NO_COLOR turns the colours off.`,
		Example: `  flyball monitor
  flyball monitor --plain | tee scaling.log`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			flyball, err := f.openDaemon(cmd)
			if err != nil {
				return err
			}
			if offline, dead := flyball.(*app.Offline); dead {
				socket, _ := offline.Where()
				return unreachable(fmt.Errorf("no daemon answers at %s, and without one there is nothing to watch: start flyball run, or name one with --socket or --url", socket))
			}
			daemon, is := flyball.(*api.Client)
			if !is {
				return errors.New("only a daemon can be watched")
			}
			if _, err := daemon.Status(cmd.Context()); err != nil { // before the screen is taken
				return refused(err)
			}
			o := monitor.Options{Daemon: daemon, Actor: actor(), In: cmd.InOrStdin(), Out: cmd.OutOrStdout(), Colors: os.Getenv("NO_COLOR") == ""}
			show := monitor.Show
			if plain || os.Getenv("TERM") == "dumb" || !isTerminal(o.In) || !isTerminal(o.Out) {
				show = monitor.Tell
			}
			if err := show(cmd.Context(), o); err != nil {
				return refused(err)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&plain, "plain", false, "write a line for each thing that happens")
	f.reachFlags(cmd)
	return cmd
}

// isTerminal says that somebody sits at one end of it.
func isTerminal(stream any) bool {
	file, is := stream.(*os.File)
	return is && term.IsTerminal(int(file.Fd()))
}
