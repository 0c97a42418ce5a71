package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/flyball-dev/flyball/engine/setup"
	"github.com/spf13/cobra"
)

func newInit(f *flags) *cobra.Command {
	var rules, force, validate bool
	var pkg string
	var files []string
	cmd := &cobra.Command{
		Use:   "init [FOLDER]",
		Short: "Write policies and an overlay for the compose application that is here",
		Long: `Read the compose application of the current folder as docker compose would, and write what it takes to scale it:

  - in FOLDER (by default config/autoscaling) a policy for each service that can scale, a first scenario that tests one,
    the config, and the schema as a CUE module, so that plain cue vet and editors check policies too;
  - beside the compose file docker-compose.autoscale.yml, which adds flyball, and a balancer for the ports of what scales.

What can't scale is listed, with the reason and what to change. Nothing happens before autoscaling is turned on:
flyball enable. Overwrites nothing, unless with --force. Without a compose file it writes a first policy (off) to fill in.

With --validate it checks such a folder, as flyball validate does, and beside that whether the compose files and the
overlay go with the policies: each service is there and can scale, flyball is given its folder, the balancer knows all.

With --rules it adds a Rego rule of your own to the policies there, in rules, with its test, and in rules/flyball what
plain opa test and opa check --schema need. On again it brings rules/flyball up to date, and touches nothing else.`,
		Example: `  flyball init
  flyball init -f compose.yml -f compose.prod.yml
  flyball init --validate
  flyball init --rules --package shop.web config/autoscaling`,
		Args: takes(0, 1, "one folder at most", "flyball init config/autoscaling"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := f.path(args)
			switch {
			case rules && (force || validate || files != nil):
				return coded{exitUsage, errors.New("--rules adds to policies that are there, and takes neither --file nor --force nor --validate")}
			case slices.Contains(files, "-"):
				return coded{exitUsage, errors.New("a compose file on standard input has no place for an overlay beside it; write it to a file, and name that with --file")}
			case validate && force:
				return coded{exitUsage, errors.New("--validate writes nothing, so there is nothing to --force")}
			case rules:
				return initRules(cmd, dir, pkg)
			case pkg != "":
				return coded{exitUsage, errors.New("--package is of the rule that --rules writes; say both")}
			}
			ask := app.Ask{Dir: dir, Files: files, Env: os.Environ(), Force: force}
			if validate {
				return f.initValidate(cmd, ask)
			}
			return initCompose(cmd, ask)
		},
	}
	cmd.Flags().StringArrayVarP(&files, "file", "f", nil, "compose file, several times where there are several (default as docker compose finds them)")
	cmd.Flags().BoolVar(&force, "force", false, "replace what is there, and keep it as NAME.old")
	cmd.Flags().BoolVar(&validate, "validate", false, "write nothing, and check what init wrote against the compose files and the overlay")
	cmd.Flags().BoolVar(&rules, "rules", false, "add a Rego rule of your own, its test, and what plain OPA needs")
	cmd.Flags().StringVar(&pkg, "package", "", "Rego package of the rule (default the one that a policy names, else shop.SERVICE)")
	return cmd
}

func initCompose(cmd *cobra.Command, ask app.Ask) error {
	laid, err := app.InitCompose(cmd.Context(), ask)
	if errors.Is(err, setup.ErrNoFile) && !ask.Force {
		return initStarter(cmd, ask.Dir)
	}
	for _, path := range laid.Written {
		fmt.Fprintln(cmd.OutOrStdout(), path)
	}
	if laid.Application.Services != nil {
		if err := printServices(cmd.ErrOrStderr(), laid); err != nil {
			return err
		}
	}
	switch {
	case errors.As(err, &setup.Flaw{}):
		fmt.Fprintln(cmd.ErrOrStderr(), err)
		return no
	case errors.Is(err, os.ErrNotExist):
		return unreachable(err)
	case err != nil:
		return coded{exitNo, err}
	}
	next(cmd.ErrOrStderr(), laid, ask)
	return nil
}

// next are the commands that turn what was written on, to copy.
func next(out io.Writer, laid app.Laid, ask app.Ask) {
	fmt.Fprintf(out, "next:\n")
	if here, err := os.Getwd(); err == nil && here != laid.Application.Dir {
		fmt.Fprintf(out, "  cd %s\n", setup.Words(laid.Application.Dir))
	}
	check := []string{"flyball", "init", "--validate"}
	if ask.Files != nil {
		for _, file := range laid.Place.Files {
			check = append(check, "-f", file)
		}
	}
	if laid.Place.Policies != filepath.ToSlash(defaultPolicies) {
		check = append(check, laid.Place.Policies)
	}
	fmt.Fprintf(out, "  %s\n", setup.Words(check...))
	for _, line := range laid.Place.Remember() {
		fmt.Fprintf(out, "  %s\n", line)
	}
	fmt.Fprintf(out, "  docker compose up -d\n  docker compose exec %s flyball enable\n", laid.Application.Daemon())
}

// printServices says of each service how it scales, or why it can't, and then what to see to.
func printServices(out io.Writer, laid app.Laid) error {
	t := newTable("SERVICE", "SCALES", "WHY")
	wide := len("SERVICE")
	for _, s := range laid.Application.Services {
		wide = max(wide, len(s.Name))
	}
	indent := strings.Repeat(" ", wide+len("  10 to 11  "))
	var notes []string
	about := map[string][]string{}
	for _, s := range laid.Application.Services {
		scales, why := "no", s.Why
		if why == "" {
			scales, why = fmt.Sprintf("%d to %d", s.Min, s.Max), s.Bound
		}
		name := s.Name
		for _, line := range fold(why, indent) {
			t.row(name, scales, strings.TrimSpace(line))
			name, scales = "", ""
		}
		for _, note := range s.Notes {
			if about[note] == nil {
				notes = append(notes, note)
			}
			about[note] = append(about[note], s.Name)
		}
	}
	if err := t.print(out); err != nil {
		return err
	}
	for _, path := range laid.Kept {
		fmt.Fprintf(out, "kept: %s\n", path)
	}
	for _, note := range notes {
		for _, line := range fold("warning: "+strings.Join(about[note], ", ")+": "+note, "") {
			fmt.Fprintln(out, line)
		}
	}
	return nil
}

// initValidate checks a folder that init wrote, and what is around it.
func (f *flags) initValidate(cmd *cobra.Command, ask app.Ask) error {
	loaded, err := app.CheckCompose(cmd.Context(), reader(), ask)
	if err != nil {
		return unreachable(err)
	}
	f.envFile = filepath.Join(ask.Dir, setup.EnvFileName)
	if _, err := f.settings(cmd); err != nil {
		loaded.Problems = append(loaded.Problems, engine.Problem{File: f.envFile, Message: err.Error()})
	}
	if err := f.verdict(cmd, loaded, ask.Dir, false); err != nil {
		return err
	}
	if names := app.WithoutPolicy(cmd.Context(), ask, loaded.Policies); len(names) > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "could scale, and no policy is for it: %s; write one, or have all written anew, with --force in the place of --validate\n", strings.Join(names, ", "))
	}
	return nil
}

func initStarter(cmd *cobra.Command, dir string) error {
	written, err := app.Init(dir)
	for _, path := range written {
		fmt.Fprintln(cmd.OutOrStdout(), path)
	}
	if err != nil {
		return coded{exitNo, err}
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "next: set service in %s/policies.cue, adapt %s/web.scenario.yaml to it, then flyball validate %s and flyball test %s\n", dir, dir, dir, dir)
	return nil
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
