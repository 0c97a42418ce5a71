package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/spf13/cobra"
)

func newHealth(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Say whether the daemon is well: the health check of its container",
		Long: `Ask the daemon whether its loop turns, as /healthz of the API has it. Exit code 0: it does; 1: it does not, and starting it anew may
help; 3: no daemon answers. It takes no token: with one, a daemon at a URL says more than which check failed.

Without --socket and --url the daemon at .flyball/flyball.sock is asked, and where none answers there, the one at the socket that the
config names.`,
		Example: `  flyball health
  flyball health --url https://scaler.example.com:5001`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := f.settings(cmd)
			if err != nil {
				return err
			}
			daemon, err := app.Knock(cmd.Context(), o)
			if err != nil {
				return unreachable(err)
			}
			h, err := daemon.Health(cmd.Context())
			if err != nil {
				return unreachable(err)
			}
			if err := f.printHealth(cmd.OutOrStdout(), h); err != nil {
				return err
			}
			if !h.OK {
				return no
			}
			return nil
		},
	}
	f.socketFlag(cmd)
	f.remoteFlags(cmd)
	f.outputFlag(cmd, "text", "json")
	return cmd
}

func (f *flags) printHealth(out io.Writer, h api.Health) error {
	if f.output == "json" {
		return printJSON(out, h)
	}
	_, err := fmt.Fprintln(out, healthLine(h))
	return err
}

// healthLine is what was looked at in one line: where not all is well, what is not.
func healthLine(h api.Health) string {
	word := "well"
	if !h.OK {
		word = "unwell"
	}
	var parts []string
	for _, c := range h.Checks {
		if c.OK != h.OK {
			continue
		}
		part := c.Name
		if c.Detail != "" {
			part += ": " + harmless(c.Detail)
		}
		parts = append(parts, part)
	}
	return word + ": " + strings.Join(parts, ", ")
}
