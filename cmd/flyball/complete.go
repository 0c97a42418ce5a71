package main

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/spf13/cobra"
)

// completeTime is how long somebody who pressed the tab key waits.
const completeTime = 3 * time.Second

// complete gives every verb what the shell offers for its arguments, by the words that its Use has for them.
func (f *flags) complete(cmd *cobra.Command) {
	for _, verb := range cmd.Commands() {
		f.complete(verb)
	}
	name, words, _ := strings.Cut(cmd.Use, " ")
	isFile := func(word string) bool { return strings.Contains(words, word) }
	switch {
	case strings.Contains(words, "SERVICE|POLICY"):
		cmd.ValidArgsFunction = first(f.names(serviceOf, policyOf))
	case strings.Contains(words, "SERVICE"):
		cmd.ValidArgsFunction = first(f.names(serviceOf))
	case words == "NAME" && (name == "show" || name == "delete"):
		cmd.ValidArgsFunction = first(f.names(policyOf))
	case !slices.ContainsFunc([]string{"FILE", "FOLDER", "PATH", "OLD", "FROM", "BINARY"}, isFile):
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	if cmd.Flags().Lookup("policy") != nil {
		_ = cmd.RegisterFlagCompletionFunc("policy", f.names(policyOf))
	}
}

// first offers for the first argument alone.
func first(offer cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return offer(cmd, args, begun)
	}
}

// names offers those of the policies that the daemon knows, or else the folder. Where nothing can be read, nothing is offered.
func (f *flags) names(of ...func(api.PolicyStatus) string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completeTime)
		defer cancel()
		cmd.SetContext(ctx)
		cmd.SetErr(io.Discard)
		var all []cobra.Completion
		if flyball, err := f.open(cmd); err == nil {
			s, _ := flyball.Status(ctx)
			for _, p := range s.Policies {
				for _, name := range of {
					all = append(all, name(p))
				}
			}
		}
		slices.Sort(all)
		return slices.Compact(all), cobra.ShellCompDirectiveNoFileComp
	}
}

func serviceOf(p api.PolicyStatus) string { return p.Service }
func policyOf(p api.PolicyStatus) string  { return p.Name }
