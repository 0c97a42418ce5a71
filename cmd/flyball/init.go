package main

import (
	"errors"
	"fmt"

	"github.com/flyball-dev/flyball/engine/app"
	"github.com/spf13/cobra"
)

func newInit(f *flags) *cobra.Command {
	var rules bool
	var pkg string
	cmd := &cobra.Command{
		Use:   "init [FOLDER]",
		Short: "Lay down a first policy, its scenario and the schema",
		Long: `Write a first policy (off), a scenario that tests it, the config, and the schema as a CUE module, so that plain
cue vet and editors check policies too. Overwrites nothing.

With --rules it adds a Rego rule of your own to the policies there, in rules, with its test, and in rules/flyball what
plain opa test and opa check --schema need. On again it brings rules/flyball up to date, and touches nothing else.`,
		Example: `  flyball init config/autoscaling
  flyball init --rules --package shop.web config/autoscaling`,
		Args: takes(0, 1, "one folder at most", "flyball init config/autoscaling"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := f.path(args)
			if rules {
				return initRules(cmd, dir, pkg)
			}
			if pkg != "" {
				return coded{exitUsage, errors.New("--package is of the rule that --rules writes; say both")}
			}
			written, err := app.Init(dir)
			for _, path := range written {
				fmt.Fprintln(cmd.OutOrStdout(), path)
			}
			if err != nil {
				return coded{exitNo, err}
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "next: set service in %s/policies.cue, adapt %s/web.scenario.yaml to it, then flyball validate %s and flyball test %s\n", dir, dir, dir, dir)
			return nil
		},
	}
	cmd.Flags().BoolVar(&rules, "rules", false, "add a Rego rule of your own, its test, and what plain OPA needs")
	cmd.Flags().StringVar(&pkg, "package", "", "Rego package of the rule (default the one that a policy names, else shop.SERVICE)")
	return cmd
}

func initRules(cmd *cobra.Command, dir, pkg string) error {
	s, err := app.InitRules(cmd.Context(), reader(), dir, pkg)
	for _, path := range s.Written {
		fmt.Fprintln(cmd.OutOrStdout(), path)
	}
	if err != nil {
		return coded{exitNo, err}
	}
	say := ""
	if !s.Named {
		say = fmt.Sprintf("write rules: %q in the policy that it is for, then ", s.Package)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "next: %sflyball validate %s and flyball test %s\n", say, dir, dir)
	return nil
}
