package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/flyball-dev/flyball/engine/app"
	"github.com/spf13/cobra"
)

func newRun(f *flags) *cobra.Command {
	var dryRun, once bool
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the policies: the daemon",
		Long: `Run the policies until SIGTERM. Nothing is touched until autoscaling is on (AUTOSCALING_ENABLED=true, or
flyball enable) and a policy says enabled: true. A policy file that changes is taken up within a second or two, and at
once on SIGHUP; a file that can't be used leaves the policies at work where they are.

A decision is one line on stderr; status, history, enable and disable reach the daemon over its Unix socket.`,
		Example: `  flyball run --dry-run
  AUTOSCALING_ENABLED=true flyball run -p config/autoscaling`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := f.settings(cmd)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("dry-run") {
				o.DryRun = dryRun
			}
			o.Show = func(secret string) {
				if app.WritesJSON(o.Log) { // a log collector reads lines
					o.Log.Warn("nobody may use the API yet: here is an admin token, shown this once and valid for 24 hours", "token", secret)
					return
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "flyball: nobody may use the API yet, so here is an admin token, shown this once and valid for 24 hours:\n\n  %s\n\n"+
					"flyball token create NAME and flyball user add EMAIL, here, let others in.\n", secret)
			}
			a, err := app.New(cmd.Context(), o)
			if cmd.Context().Err() != nil && errors.Is(err, context.Canceled) {
				return nil // told to stop before it had begun
			}
			if err != nil {
				if errors.As(err, &app.Invalid{}) {
					return err
				}
				return unreachable(err)
			}
			if once {
				return unreachable(errors.Join(a.Once(cmd.Context()), a.Close()))
			}
			reload := make(chan os.Signal, 1)
			signal.Notify(reload, syscall.SIGHUP)
			defer signal.Stop(reload)
			err = a.Run(cmd.Context(), reload)
			return unreachable(errors.Join(err, a.Close()))
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "decide as if autoscaling were on and record, touch nothing (AUTOSCALING_DRY_RUN)")
	cmd.Flags().BoolVar(&once, "once", false, "run one cycle of each policy, and end")
	cmd.Flags().StringVar(&f.dockerHost, "docker-host", "", "Docker endpoint (default: DOCKER_HOST, or the local socket)")
	cmd.Flags().StringVar(&f.logFormat, "log-format", "", "how log lines are written: text or json (AUTOSCALING_LOG_FORMAT, default text)")
	_ = cmd.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions(app.Formats, cobra.ShellCompDirectiveNoFileComp))
	cmd.Flags().StringVar(&f.listen, "listen", "", "address to answer at beside the Unix socket, or none (AUTOSCALING_LISTEN; default 127.0.0.1:5001)")
	f.daemonFlags(cmd)
	return cmd
}
