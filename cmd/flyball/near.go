package main

import (
	"errors"
	"fmt"

	"github.com/flyball-dev/flyball/engine"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// verbs is for a command whose arguments are verbs: of one that is none it says which is near it.
func verbs(cmd *cobra.Command, args []string) error {
	err := cobra.NoArgs(cmd, args)
	if err == nil {
		return nil
	}
	var names []string
	for _, verb := range cmd.Commands() {
		if verb.IsAvailableCommand() {
			names = append(names, verb.Name())
		}
	}
	if near := engine.Nearest(args[0], names); near != "" {
		return fmt.Errorf("%w; did you mean %q?", err, near)
	}
	return err
}

// nearFlag says of a flag that is none of a command's which one is near it.
func nearFlag(cmd *cobra.Command, err error) error {
	absent := (*pflag.NotExistError)(nil)
	if !errors.As(err, &absent) || absent.GetSpecifiedShortnames() != "" {
		return err
	}
	var names []string
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if !flag.Hidden {
			names = append(names, flag.Name)
		}
	})
	if near := engine.Nearest(absent.GetSpecifiedName(), names); near != "" {
		return fmt.Errorf("%w; did you mean --%s?", err, near)
	}
	return err
}
