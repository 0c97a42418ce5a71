package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newCompletion() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the script that completes flyball's verbs and flags in a shell",
		Long: `Print the script that has a shell complete flyball's verbs, flags and their values: ` + join(shells) + `. bash needs its package
bash-completion, and zsh a compinit in ~/.zshrc.`,
		Example: `  source <(flyball completion bash)
  flyball completion bash > /etc/bash_completion.d/flyball
  flyball completion zsh > ~/.zsh/completions/_flyball
  flyball completion fish > ~/.config/fish/completions/flyball.fish`,
		ValidArgs: shells,
		Args:      takes(1, 1, "the name of a shell", "flyball completion bash"),
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(out)
			}
			return coded{exitUsage, fmt.Errorf("the shell is %q; allowed is %s", args[0], join(shells))}
		},
	}
}
