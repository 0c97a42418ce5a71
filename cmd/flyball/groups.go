package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// group puts the verbs under headings, in the order in which one comes to need them. One that is named nowhere is listed last.
func group(root *cobra.Command) {
	for _, g := range []struct{ title, verbs string }{
		{"Write policies", "init import validate test diff"},
		{"Try them", "eval backtest replay"},
		{"Run them", "run doctor health enable disable"},
		{"See what happens, and why", "status monitor history metrics recommendations explain report audit"},
		{"Act by hand", "scale rollback pause resume push policies"},
		{"Look after it", "user token notify store"},
		{"About the command", "completion help man version"},
	} {
		root.AddGroup(&cobra.Group{ID: g.title, Title: g.title + ":"})
		verbs := strings.Fields(g.verbs)
		for _, verb := range root.Commands() {
			if slices.Contains(verbs, verb.Name()) {
				verb.GroupID = g.title
			}
		}
		if slices.Contains(verbs, "help") {
			root.SetHelpCommandGroupID(g.title)
		}
	}
}
