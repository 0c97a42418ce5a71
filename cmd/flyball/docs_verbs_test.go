package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// checkVerbs finds every command and every flag that a page names, in text and in blocks, among those that flyball has.
func checkVerbs(t *testing.T, p document) {
	root := newRoot()
	root.InitDefaultCompletionCmd("it")
	root.InitDefaultHelpCmd()
	flags := map[string]bool{"--help": true}
	everyFlag(root, flags)
	named := p.spans
	for _, b := range p.blocks {
		switch b.language {
		case "sh":
			for i, line := range strings.Split(b.text, "\n") {
				named = append(named, mark{b.line + 1 + i, line})
			}
		case "console":
			for _, s := range console(b) {
				named = append(named, mark{s.line, s.command})
			}
		}
	}
	for _, m := range named {
		if flag := ownFlag.FindString(m.text); flag != "" && !flags[flag] {
			t.Errorf("%s:%d: no command has the flag %s", p.path, m.line, flag)
		}
		for _, words := range invocations(m.text) {
			if err := isKnown(root, words); err != nil {
				t.Errorf("%s:%d: %s: %v", p.path, m.line, m.text, err)
			}
		}
	}
}

// ownFlag is a flag that stands alone.
var ownFlag = regexp.MustCompile(`^--[a-z][a-z-]*`)

func everyFlag(cmd *cobra.Command, into map[string]bool) {
	each := func(f *pflag.Flag) { into["--"+f.Name] = true }
	cmd.Flags().VisitAll(each)
	cmd.PersistentFlags().VisitAll(each)
	for _, c := range cmd.Commands() {
		everyFlag(c, into)
	}
}

// The arguments of a command end at what a shell commandEnd them at.
var commandEnd = regexp.MustCompile(`\s#|[|;&<>()]|\\\n`)

// invocations are the arguments of each flyball in a line. The one in `docker compose exec flyball flyball status` is a service.
func invocations(line string) [][]string {
	var all [][]string
	line = commandEnd.ReplaceAllStringFunc(line, func(end string) string {
		if end == "\\\n" {
			return " "
		}
		return " \n "
	})
	for part := range strings.SplitSeq(line, "\n") {
		words := strings.Fields(part)
		for i, w := range words {
			if (w == "flyball" || w == "bin/flyball") && i+1 < len(words) && words[i+1] != "flyball" && (i == 0 || !strings.HasPrefix(words[0], "docker") || words[i-1] == "flyball") {
				all = append(all, words[i+1:])
				break
			}
		}
	}
	return all
}

// isKnown finds the verb and each flag of an invocation. A word in capitals stands for a value.
func isKnown(root *cobra.Command, words []string) error {
	if words[0] == strings.ToUpper(words[0]) && !strings.HasPrefix(words[0], "-") {
		return nil // COMMAND, …
	}
	cmd, rest, err := root.Find(words)
	if err != nil {
		return err
	}
	if cmd.HasSubCommands() && !cmd.Runnable() && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		return fmt.Errorf("%s has no %q", cmd.CommandPath(), rest[0])
	}
	cmd.InitDefaultHelpFlag()
	for _, w := range words {
		name, _, _ := strings.Cut(w, "=")
		switch {
		case strings.HasPrefix(name, "--"):
			if cmd.Flag(name[2:]) == nil {
				return fmt.Errorf("%s has no flag %s", cmd.CommandPath(), name)
			}
		case len(name) == 2 && name[0] == '-' && name[1] >= 'a' && name[1] <= 'z':
			if cmd.Flags().ShorthandLookup(name[1:]) == nil && cmd.InheritedFlags().ShorthandLookup(name[1:]) == nil {
				return fmt.Errorf("%s has no flag %s", cmd.CommandPath(), name)
			}
		}
	}
	return nil
}

// The guide to operations names every command, every setting of the environment, and every alert.
func TestOperationsAreWhole(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, cmd := range newRoot().Commands() {
		if !cmd.Hidden && !strings.Contains(string(text), "`flyball "+cmd.Name()) {
			t.Errorf("the guide does not name flyball %s", cmd.Name())
		}
	}
	alerts, err := os.ReadFile(root + "/examples/monitoring/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(string(alerts), -1) {
		if !strings.Contains(string(text), "`"+m[1]+"`") {
			t.Errorf("the guide does not name the alert %s", m[1])
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	setting := regexp.MustCompile(`"((?:AUTOSCALING|SCALING|MAX|MIN|COMPOSE)_[A-Z_]+)"`)
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range setting.FindAllStringSubmatch(string(source), -1) {
			if !strings.Contains(string(text), "`"+m[1]+"`") {
				t.Errorf("the guide does not name %s, of %s", m[1], file)
			}
		}
	}
}
