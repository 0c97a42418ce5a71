package main

import (
	"fmt"
	"io"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/spf13/cobra"
)

func newUser(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "user",
		Short: "Add, list and remove the people who may log in",
		Long: `Add, list and remove the people who may log in, with an email address and a password, for a session of 12 hours. What the
roles may do is in flyball token --help. Programs do not log in: they have tokens.`,
		Example: `  flyball user add anna@example.org --role operator
  flyball user list
  flyball user remove anna@example.org`,
		Args: verbs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newUserAdd(f), newUserPasswd(f), newUserList(f), newUserRemove(f))
	return cmd
}

func newUserAdd(f *flags) *cobra.Command {
	var role, file string
	cmd := &cobra.Command{
		Use:   "add EMAIL",
		Short: "Add a person who may log in",
		Long: `Add a person who may log in. The password, of 8 characters or more, is asked for twice; where standard input is no terminal
it is the first line of that, or of --password-file.`,
		Example: `  flyball user add anna@example.org --role operator`,
		Args:    takes(1, 1, "an email address", "flyball user add anna@example.org --role operator"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.putUser(cmd, api.UserAsk{Email: args[0], New: true, Role: role}, file)
		},
	}
	roleVar(cmd, &role, "viewer", "what they may do")
	passwordVar(cmd, &file)
	f.reachFlags(cmd)
	return cmd
}

func newUserPasswd(f *flags) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "passwd EMAIL",
		Short: "Give a person another password",
		Long: `Give a person another password, and end their sessions. The password, of 8 characters or more, is asked for twice; where
standard input is no terminal it is the first line of that, or of --password-file.`,
		Example: `  flyball user passwd anna@example.org`,
		Args:    takes(1, 1, "an email address", "flyball user passwd anna@example.org"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.putUser(cmd, api.UserAsk{Email: args[0]}, file)
		},
	}
	passwordVar(cmd, &file)
	f.reachFlags(cmd)
	return cmd
}

func passwordVar(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "password-file", "", "file whose first line is the password")
}

// putUser reads the password, once it is known whom to ask.
func (f *flags) putUser(cmd *cobra.Command, ask api.UserAsk, file string) error {
	flyball, err := f.openToWrite(cmd)
	if err != nil {
		return err
	}
	if ask.Password, err = readPassword(cmd, file); err != nil {
		return err
	}
	ask.Actor = actor()
	u, err := flyball.PutUser(cmd.Context(), ask)
	if err != nil {
		return refused(err)
	}
	text := "%s has another password, and no session\n"
	if ask.New {
		text = "%s may log in, as " + u.Role + "\n"
	}
	fmt.Fprintf(cmd.ErrOrStderr(), text, u.Email)
	wrote(cmd, flyball, "that")
	return nil
}

func newUserList(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the people who may log in",
		Long:  `List the people who may log in, with their roles, and who added them.`,
		Example: `  flyball user list
  flyball user list -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			flyball, err := f.open(cmd)
			if err != nil {
				return err
			}
			users, err := flyball.Users(cmd.Context())
			switch {
			case err != nil:
				return refused(err)
			case f.output == "json" && users == nil:
				return printJSON(cmd.OutOrStdout(), []api.User{})
			case f.output == "json":
				return printJSON(cmd.OutOrStdout(), users)
			}
			return printUsers(cmd.OutOrStdout(), users)
		},
	}
	f.reachFlags(cmd)
	f.outputFlag(cmd, "table", "json")
	return cmd
}

func printUsers(out io.Writer, users []api.User) error {
	w := newTable("EMAIL", "ROLE", "CREATED", "BY")
	for _, u := range users {
		w.row(u.Email, u.Role, u.Created.Local().Format(time.DateTime), harmless(u.Actor))
	}
	return w.print(out)
}

func newUserRemove(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "remove EMAIL",
		Short:   "Remove a person, and end their sessions",
		Long:    `Remove a person, and end their sessions within two seconds. Tokens that they made stay: flyball token list has them.`,
		Example: `  flyball user remove anna@example.org`,
		Args:    takes(1, 1, "an email address", "flyball user remove anna@example.org"),
		RunE: func(cmd *cobra.Command, args []string) error {
			flyball, err := f.openToWrite(cmd)
			if err != nil {
				return err
			}
			u, err := flyball.RemoveUser(cmd.Context(), args[0], actor())
			if err != nil {
				return refused(err)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s may not log in any more\n", u.Email)
			wrote(cmd, flyball, "that")
			return nil
		},
	}
	f.reachFlags(cmd)
	return cmd
}
