package main

import (
	"slices"

	"github.com/flyball-dev/flyball/engine/app"
	"github.com/spf13/cobra"
)

func newDoctor(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Try every source and target, and say what to do about each that fails",
		Long: `Try what the daemon needs: the policies, the store, the daemon itself, the API, who is notified, Docker, each policy's
service, and each of its metrics twice, a second apart. Nothing is changed, and nobody is notified: flyball notify test
does that. Ends with 1 when something failed.`,
		Example: `  flyball doctor -p config/autoscaling`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := f.settings(cmd)
			if err != nil {
				return err
			}
			checks := app.Doctor(cmd.Context(), o)
			if f.output == "json" {
				err = printJSON(cmd.OutOrStdout(), checks)
			} else {
				w := newTable("CHECK", "RESULT", "DETAIL", "WHAT TO DO")
				for _, c := range checks {
					w.row(c.What, c.Result, c.Detail, c.Mend)
				}
				err = w.print(cmd.OutOrStdout())
			}
			if err == nil && slices.ContainsFunc(checks, func(c app.Check) bool { return c.Result == "failed" }) {
				return no
			}
			return err
		},
	}
	cmd.Flags().StringVar(&f.dockerHost, "docker-host", "", "Docker endpoint (default: DOCKER_HOST, or the local socket)")
	f.daemonFlags(cmd)
	f.outputFlag(cmd, "table", "json")
	return cmd
}
