package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/spf13/cobra"
)

func newToken(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Make, list and revoke tokens, the keys to the API",
		Long: `Make, list and revoke tokens. Whoever asks flyball over the network sends one, as Authorization: Bearer TOKEN. Over the Unix
socket nobody needs one: whoever may open it may do everything.

A role says what a token is good for: viewer looks; operator scales, pauses, pushes metrics and turns autoscaling on and off too; admin
does everything. Scopes narrow it: an action (read, audit, push, scale, pause, switch, policies, accounts, store, notify), of all
services or, as push:web, of one.`,
		Example: `  flyball token create grafana --expires 90d
  flyball token list
  flyball token revoke grafana`,
		Args: verbs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newTokenCreate(f), newTokenList(f), newTokenRevoke(f))
	return cmd
}

func newTokenCreate(f *flags) *cobra.Command {
	var ask api.TokenAsk
	var expires time.Duration
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a token, and print it",
		Long: `Make a token, and print it: this once, for a hash of it is all that is kept. Give it a name that says what it is for, the
least role that will do, and an end.`,
		Example: `  flyball token create grafana --expires 90d
  flyball token create web-queue --role operator --scope push:web > /run/secrets/flyball`,
		Args: takes(1, 1, "a name", "flyball token create grafana --expires 90d"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ask.Name, ask.Seconds, ask.Actor = args[0], expires.Seconds(), actor()
			if cmd.Flags().Changed("expires") && expires <= 0 {
				return coded{exitUsage, fmt.Errorf("--expires is %s; allowed is a length of time above 0, such as 90d", expires)}
			}
			flyball, err := f.openToWrite(cmd)
			if err != nil {
				return err
			}
			made, err := flyball.CreateToken(cmd.Context(), ask)
			if err != nil {
				return refused(err)
			}
			if f.output == "json" {
				err = printJSON(cmd.OutOrStdout(), made)
			} else {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), made.Secret)
			}
			t := made.Token
			fmt.Fprintf(cmd.ErrOrStderr(), "token %s, %s, %s; it is not shown again\n", t.Name, may(t), ends(t))
			wrote(cmd, flyball, "a hash of it")
			return err
		},
	}
	roleVar(cmd, &ask.Role, "viewer", "what it may do")
	cmd.Flags().StringArrayVar(&ask.Scopes, "scope", nil, "an action, or an action on one service such as push:web, that it is for; again for more (default all of the role)")
	lengthVar(cmd.Flags(), &expires, "expires", 0, "how long it is valid, such as 24h or 90d (default until it is revoked)")
	f.reachFlags(cmd)
	f.outputFlag(cmd, "text", "json")
	return cmd
}

// roleVar adds the flag that names a role.
func roleVar(cmd *cobra.Command, to *string, otherwise, usage string) {
	roles := []string{"viewer", "operator", "admin"}
	cmd.Flags().StringVar(to, "role", otherwise, usage+": "+join(roles))
	_ = cmd.RegisterFlagCompletionFunc("role", cobra.FixedCompletions(roles, cobra.ShellCompDirectiveNoFileComp))
}

func newTokenList(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the tokens and sessions that are valid",
		Long: `List the tokens that are valid, and the sessions of people who are logged in: what each may do, who made it, and when it ends.
The secret of a token is not among it; only a hash is kept.`,
		Example: `  flyball token list
  flyball token list -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			flyball, err := f.open(cmd)
			if err != nil {
				return err
			}
			tokens, err := flyball.Tokens(cmd.Context())
			switch {
			case err != nil:
				return refused(err)
			case f.output == "json" && tokens == nil:
				return printJSON(cmd.OutOrStdout(), []api.Token{})
			case f.output == "json":
				return printJSON(cmd.OutOrStdout(), tokens)
			}
			return printTokens(cmd.OutOrStdout(), tokens)
		},
	}
	f.reachFlags(cmd)
	f.outputFlag(cmd, "table", "json")
	return cmd
}

func printTokens(out io.Writer, tokens []api.Token) error {
	w := newTable("ID", "NAME", "ROLE", "SCOPES", "CREATED", "BY", "EXPIRES")
	for _, t := range tokens {
		name, scopes, expires := t.Name, "all", "never"
		if t.User != "" {
			name = "session of " + t.User
		}
		if len(t.Scopes) > 0 {
			scopes = strings.Join(t.Scopes, " ")
		}
		if t.Expires != nil {
			expires = t.Expires.Local().Format(time.DateTime)
		}
		w.row(t.ID, harmless(name), t.Role, scopes, t.Created.Local().Format(time.DateTime), harmless(t.Actor), expires)
	}
	return w.print(out)
}

func newTokenRevoke(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "revoke NAME|ID",
		Short:   "End a token, or a session by its ID",
		Long:    `End a token, or a session by its ID, as flyball token list has it. It ends within two seconds.`,
		Example: `  flyball token revoke grafana`,
		Args:    takes(1, 1, "a name or an ID", "flyball token revoke grafana"),
		RunE: func(cmd *cobra.Command, args []string) error {
			flyball, err := f.openToWrite(cmd)
			if err != nil {
				return err
			}
			t, err := flyball.RevokeToken(cmd.Context(), args[0], actor())
			if err != nil {
				return refused(err)
			}
			what := "token " + t.Name
			if t.User != "" {
				what = "a session of " + t.User
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s is revoked\n", what)
			wrote(cmd, flyball, "that")
			return nil
		},
	}
	f.reachFlags(cmd)
	return cmd
}

// may is what a token is good for, and ends how long.
func may(t api.Token) string {
	if len(t.Scopes) == 0 {
		return t.Role
	}
	return fmt.Sprintf("%s for %s alone", t.Role, strings.Join(t.Scopes, " "))
}

func ends(t api.Token) string {
	if t.Expires == nil {
		return "valid until flyball token revoke"
	}
	return "valid until " + t.Expires.Local().Format(time.DateTime)
}
