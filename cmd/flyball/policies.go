package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/spf13/cobra"
)

func newPolicies(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policies",
		Short: "List the policies from files and by API; show, put and delete those by API",
		Long: `List the policies that are at work: those in files, and those that came by the API and are in the store. Files win: a policy by API
that has the name of one in a file, or acts on its service too, is left out until that is no longer so.`,
		Example: `  flyball policies
  flyball policies show backend > backend.json
  flyball policies put backend.json`,
		Args: verbs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			policies, err := f.open(cmd)
			if err != nil {
				return err
			}
			all, err := policies.Policies(cmd.Context())
			if err != nil {
				return refused(err)
			}
			if f.output == "json" {
				return printJSON(cmd.OutOrStdout(), all)
			}
			return printPolicyList(cmd.OutOrStdout(), all)
		},
	}
	f.reachFlags(cmd)
	f.outputFlag(cmd, "table", "json")
	cmd.AddCommand(newPoliciesShow(f), newPoliciesPut(f), newPoliciesDelete(f))
	return cmd
}

func newPoliciesShow(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Show a policy as its author wrote it, in JSON",
		Long: `Show a policy as its author wrote it, in JSON, without defaults. One that came by the API can be edited and put back. Where it is,
and its ETag, go to stderr.`,
		Example: `  flyball policies show backend > backend.json`,
		Args:    takes(1, 1, "a policy", "flyball policies show backend"),
		RunE: func(cmd *cobra.Command, args []string) error {
			policies, err := f.open(cmd)
			if err != nil {
				return err
			}
			p, err := policies.Policy(cmd.Context(), args[0])
			if err != nil {
				return refused(err)
			}
			fmt.Fprintln(cmd.ErrOrStderr(), aboutText(p))
			var text bytes.Buffer
			if err := json.Indent(&text, bytes.TrimSpace(p.Body), "", "  "); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), text.String())
			return err
		},
	}
	f.reachFlags(cmd)
	return cmd
}

func newPoliciesPut(f *flags) *cobra.Command {
	var match string
	cmd := &cobra.Command{
		Use:   "put FILE",
		Short: "Put a policy into the store, new or in the place of the one of its name",
		Long: `Put a policy into the store: one, in JSON, with the fields that it would have in a file, and its name. It is held to the schema, to
the policies in files and to those by API; the daemon has it at work at once. FILE - is the standard input.

A policy of that name by API is replaced; with --match only where nobody has changed it since its ETag was that. Who may put policies
may have commands run in the containers of their services (rollout.drain.exec).`,
		Example: `  flyball policies put backend.json
  cue export backend.cue -e 'policies.backend' | flyball policies put -`,
		Args: takes(1, 1, "a file", "flyball policies put backend.json"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := readBody(cmd.InOrStdin(), args[0])
			if err != nil {
				return unreachable(err)
			}
			policies, err := f.openToWrite(cmd)
			if err != nil {
				return err
			}
			var says struct{ Name string }
			_ = json.Unmarshal(body, &says) // the answer says what is wrong with it
			if match == "" && says.Name != "" {
				if match, err = etagOf(cmd, policies, says.Name); err != nil {
					return refused(err)
				}
			}
			p, created, err := policies.PutPolicy(cmd.Context(), says.Name, body, quoted(match), actor())
			if invalid := (api.Invalid{}); errors.As(err, &invalid) {
				for _, problem := range invalid.Problems {
					if problem.File == "body" {
						problem.File = args[0]
					}
					fmt.Fprintln(cmd.ErrOrStderr(), problem)
				}
				err = invalid.Refusal
			}
			if err != nil {
				return refused(err)
			}
			for _, w := range p.Warnings {
				fmt.Fprintln(cmd.ErrOrStderr(), "warning:", w)
			}
			fmt.Fprintln(cmd.ErrOrStderr(), putText(p, created))
			wrote(cmd, policies, "the policy")
			return nil
		},
	}
	cmd.Flags().StringVar(&match, "match", "", "the ETag of the policy that is replaced (default: whichever is there)")
	f.reachFlags(cmd)
	return cmd
}

func newPoliciesDelete(f *flags) *cobra.Command {
	var match string
	cmd := &cobra.Command{
		Use:     "delete NAME",
		Short:   "Delete a policy that came by the API",
		Long:    `Delete a policy that came by the API. Its service stays as it is, and is scaled no longer. One in a file is deleted there.`,
		Example: `  flyball policies delete backend`,
		Args:    takes(1, 1, "a policy", "flyball policies delete backend"),
		RunE: func(cmd *cobra.Command, args []string) error {
			policies, err := f.openToWrite(cmd)
			if err != nil {
				return err
			}
			if match == "" {
				if match, err = etagOf(cmd, policies, args[0]); err != nil {
					return refused(err)
				}
			}
			if err := policies.DeletePolicy(cmd.Context(), args[0], quoted(match), actor()); err != nil {
				return refused(err)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s is deleted\n", args[0])
			wrote(cmd, policies, "that")
			return nil
		},
	}
	cmd.Flags().StringVar(&match, "match", "", "the ETag of the policy that is deleted (default: whichever is there)")
	f.reachFlags(cmd)
	return cmd
}

// readBody reads a file, or the standard input: a little more than is allowed at most.
func readBody(in io.Reader, path string) ([]byte, error) {
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = file
	}
	return io.ReadAll(io.LimitReader(in, api.MostPolicy+1))
}

// etagOf is the ETag of the policy by API that has a name; empty where there is none.
func etagOf(cmd *cobra.Command, policies api.Policies, name string) (string, error) {
	all, err := policies.Policies(cmd.Context())
	for _, p := range all {
		if p.Name == name && p.Source == api.FromAPI {
			return p.ETag, nil
		}
	}
	return "", err
}

// quoted is an ETag, whose quotes a shell may have taken.
func quoted(etag string) string {
	if etag == "" || etag[0] == '"' {
		return etag
	}
	return `"` + etag + `"`
}

func printPolicyList(out io.Writer, all []api.Policy) error {
	w := newTable("POLICY", "SERVICE", "FROM", "STATE", "REVISION")
	for _, p := range all {
		w.row(p.Name, p.Service, from(p), policyState(p), dash(p.Revision))
	}
	lines := w.lines()
	printLines(out, lines[:1])
	for i, p := range all {
		printLines(out, lines[i+1:i+2])
		if p.LeftOut != "" {
			printLines(out, fold(p.LeftOut, "  "))
		}
	}
	return nil
}

func from(p api.Policy) string {
	if p.Source == api.FromFile {
		return p.Place
	}
	text := "api"
	if p.Actor != "" {
		text += ", by " + p.Actor
	}
	return text
}

func policyState(p api.Policy) string {
	switch {
	case p.LeftOut != "":
		return "left out"
	case !p.Enabled:
		return "disabled"
	case p.Mode == engine.Shadow:
		return "shadow"
	}
	return "enabled"
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// aboutText says where a policy is, and in which state.
func aboutText(p api.Policy) string {
	text := fmt.Sprintf("%s is in %s, %s, revision %s, ETag %s", p.Name, p.Place, policyState(p), dash(p.Revision), p.ETag)
	if p.Source == api.FromAPI {
		text = fmt.Sprintf("%s came by API, by %s", p.Name, dash(p.Actor))
		if p.At != nil {
			text += " at " + p.At.Local().Format(time.DateTime)
		}
		text += fmt.Sprintf(", %s, revision %s, ETag %s", policyState(p), dash(p.Revision), p.ETag)
	}
	if p.LeftOut != "" {
		text += "\nleft out: " + p.LeftOut
	}
	return text
}

func putText(p api.Policy, created bool) string {
	done := "is changed"
	if created {
		done = "is new"
	}
	return fmt.Sprintf("%s %s: %s, revision %s", p.Name, done, policyState(p), dash(p.Revision))
}
