package main

import (
	"fmt"

	"github.com/flyball-dev/flyball/engine/app"
	"github.com/spf13/cobra"
)

func newInit(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "init [FOLDER]",
		Short: "Lay down a first policy, its scenario and the schema",
		Long: `Write a first policy (off), a scenario that tests it, the config, and the schema as a CUE module, so that plain
cue vet and editors check policies too. Overwrites nothing.`,
		Example: `  flyball init config/autoscaling`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := f.path(args)
			written, err := app.Init(dir)
			for _, path := range written {
				fmt.Fprintln(cmd.OutOrStdout(), path)
			}
			if err != nil {
				return coded{exitNo, err}
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "next: set service in %s/policies.cue, then flyball validate %s and flyball test %s\n", dir, dir, dir)
			return nil
		},
	}
}
