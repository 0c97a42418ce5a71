package main

import (
	"fmt"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newMan() *cobra.Command {
	return &cobra.Command{
		Use:   "man FOLDER",
		Short: "Write the manual pages",
		Long: `Write a manual page for each command into a folder. Where man looks for pages, in man1 of a folder that manpath
prints, they are found as man flyball and man flyball-run.`,
		Example: `  flyball man ~/.local/share/man/man1`,
		Args:    takes(1, 1, "a folder", "flyball man ~/.local/share/man/man1"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fmt.Errorf("write the manual pages: %w", err)
			}
			info, _ := debug.ReadBuildInfo()
			e := versionOf(info)
			header := doc.GenManHeader{Section: "1", Source: "flyball " + e.Version, Manual: "flyball"}
			if at := e.at(); !at.IsZero() { // so that the same commit gives the same pages
				header.Date = &at
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			if err := doc.GenManTree(root, &header, args[0]); err != nil {
				return fmt.Errorf("write the manual pages: %w", err)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "the manual pages are in %s\n", args[0])
			return nil
		},
	}
}
