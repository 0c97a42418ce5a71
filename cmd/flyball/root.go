package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The exit codes of every verb.
const (
	exitFine        = 0
	exitNo          = 1 // the answer is no: invalid, failed
	exitUsage       = 2
	exitUnreachable = 3 // something could not be reached or read
)

// coded is an error with its exit code. Its text may be empty where the verb has already said everything.
type coded struct {
	code int
	err  error
}

func (c coded) Error() string {
	if c.err == nil {
		return ""
	}
	return c.err.Error()
}

func (c coded) Unwrap() error { return c.err }

// no ends a verb with 1, its findings printed.
var no = coded{code: exitNo}

func unreachable(err error) error {
	if err == nil {
		return nil
	}
	return coded{exitUnreachable, err}
}

// execute runs the command line and answers the exit code. Data goes to out, everything else to errs.
func execute(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	var c coded
	switch {
	case err == nil:
		return exitFine
	case errors.As(err, &c):
		if c.Error() != "" {
			fmt.Fprintln(errs, "flyball:", c)
		}
		return c.code
	case errors.As(err, &app.Invalid{}):
		fmt.Fprintln(errs, err)
		return exitNo
	case errors.Is(err, os.ErrNotExist), errors.Is(err, os.ErrPermission):
		fmt.Fprintln(errs, "flyball:", err)
		return exitUnreachable
	}
	fmt.Fprintln(errs, "flyball:", err)
	return exitUsage
}

// flags are those that several verbs share.
type flags struct {
	policies   string
	store      string
	socket     string
	listen     string
	envFile    string
	output     string
	dockerHost string
	remote     api.Remote
	tokenFile  string
	logFormat  string
}

func newRoot() *cobra.Command {
	f := &flags{}
	root := &cobra.Command{
		Use:   "flyball",
		Short: "Scale Docker Compose and Swarm services by policies that are code",
		Long: `flyball scales Docker Compose and Swarm services. A policy (CUE, JSON or YAML) says what to watch and how far to go,
rules (Rego) turn the metrics into a recommendation, and a guard makes it safe: bounds, cooldown, budget.`,
		Example: `  flyball init config/autoscaling
  flyball validate
  flyball test
  flyball run --dry-run`,
		SilenceUsage: true, SilenceErrors: true,
		Args: verbs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	p := root.PersistentFlags()
	p.StringVarP(&f.policies, "policies", "p", defaultPolicies, "folder or file of policies")
	p.StringVar(&f.envFile, "env-file", defaultEnvFile, "file of AUTOSCALING_ and other settings")
	root.AddCommand(
		newInit(f),
		newValidate(f),
		newTest(f),
		newEval(f),
		newBacktest(f), newDiff(f),
		newRun(f),
		newStatus(f),
		newHealth(f),
		newMonitor(f),
		newHistory(f),
		newRecommendations(f),
		newPolicies(f),
		newMetrics(f),
		newPush(f),
		newDoctor(f),
		newScale(f),
		newRollback(f),
		newEnable(f, true),
		newEnable(f, false),
		newPause(f),
		newResume(f),
		newImport(f),
		newReport(f),
		newExplain(f),
		newReplay(f),
		newAudit(f),
		newToken(f), newUser(f),
		newNotify(f),
		newStore(f),
		newCompletion(),
		newVersion(f),
		newMan(),
		newLoad(),
	)
	group(root)
	f.complete(root)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return coded{exitUsage, fmt.Errorf("%w\nsee %s --help", flagError(nearFlag(cmd, err)), cmd.CommandPath())}
	})
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		cmd.Flags().VisitAll(plain)
		help(cmd, args)
	})
	return root
}

// endless is a number of arguments without a limit.
const endless = math.MaxInt

// takes says how many arguments a verb has; what names them, in words, and example is a line that will do.
func takes(least, most int, what, example string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		text := fmt.Sprintf("%s takes %s, such as %s", cmd.Name(), what, example)
		switch {
		case len(args) < least:
			return coded{exitUsage, errors.New(text)}
		case len(args) > most:
			return coded{exitUsage, fmt.Errorf("%s; here are %d: %s", text, len(args), strings.Join(args, " "))}
		}
		return nil
	}
}

// plain has the help show a switch as --force. pflag writes --force[=true|false] where a value says that it is a boolean,
// which a value without more methods than these does not.
func plain(flag *pflag.Flag) {
	if flag.Value.Type() == "bool" {
		flag.Value = struct{ pflag.Value }{flag.Value}
	}
}

// daemonFlags adds the flags that say where the daemon and its store are.
func (f *flags) daemonFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.store, "store", "", "database file, or redis:// URL, of events and state (default .flyball/flyball.db)")
	f.socketFlag(cmd)
}

func (f *flags) socketFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.socket, "socket", "", "Unix socket of the daemon (default .flyball/flyball.sock)")
}

// reachFlags adds the flags that say where the daemon is that is asked, here or elsewhere.
func (f *flags) reachFlags(cmd *cobra.Command) {
	f.daemonFlags(cmd)
	f.remoteFlags(cmd)
	cmd.MarkFlagsMutuallyExclusive("url", "store")
}

// remoteFlags adds the flags that say where a daemon elsewhere is.
func (f *flags) remoteFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.remote.URL, "url", "", "daemon elsewhere, such as https://scaler:5001 (AUTOSCALING_URL; its token: AUTOSCALING_TOKEN)")
	cmd.Flags().StringVar(&f.tokenFile, "token-file", "", "file that holds the token of --url")
	cmd.Flags().StringVar(&f.remote.CA, "ca-file", "", "certificate authority of --url, where the machine does not trust it")
	cmd.MarkFlagsMutuallyExclusive("url", "socket")
}

// outputFlag adds -o with the formats that a verb has.
func (f *flags) outputFlag(cmd *cobra.Command, formats ...string) {
	output := cmd.Flags().StringP("output", "o", formats[0], "output: "+join(formats))
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if f.output = *output; slices.Contains(formats, f.output) {
			return nil
		}
		return coded{exitUsage, fmt.Errorf("--output is %q; allowed is %s", f.output, join(formats))}
	}
}

func join(words []string) string {
	text := words[0]
	for i, w := range words[1:] {
		if i == len(words)-2 {
			text += " or " + w
		} else {
			text += ", " + w
		}
	}
	return text
}
