package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Each verb says in words what it takes, and its help is written as people type.
func TestEveryVerbSpeaksPlainly(t *testing.T) {
	verbs := newRoot().Commands()
	if len(verbs) < 10 {
		t.Fatalf("%d verbs", len(verbs))
	}
	for _, verb := range verbs {
		t.Run(verb.Name(), func(t *testing.T) {
			var out, errs strings.Builder
			if code := execute(t.Context(), []string{verb.Name(), "--help"}, strings.NewReader(""), &out, &errs); code != exitFine {
				t.Fatalf("--help ends with %d: %s", code, errs.String())
			}
			if !strings.Contains(out.String(), "-h, --help") || strings.Contains(out.String(), "true|false") {
				t.Errorf("the help reads\n%s", out.String())
			}
			for _, args := range [][]string{nil, strings.Fields("a b c d e f g h i")} {
				if err := verb.ValidateArgs(args); err != nil && strings.Contains(err.Error(), "arg(s)") {
					t.Errorf("with %d arguments it says: %v", len(args), err)
				}
			}
		})
	}
}

func TestTakes(t *testing.T) {
	for name, c := range map[string]struct {
		verb string
		args []string
		want string // the error; empty: it will do
	}{
		"one too few":           {"scale", []string{"web"}, "scale takes a service and a number of replicas, such as flyball scale web 4"},
		"as many as it takes":   {"scale", []string{"web", "4"}, ""},
		"one too many":          {"scale", []string{"web", "4", "5"}, "scale takes a service and a number of replicas, such as flyball scale web 4; here are 3: web 4 5"},
		"none, where one may":   {"history", nil, ""},
		"none, where one must":  {"diff", nil, "diff takes one or two files, folders or git revisions, such as flyball diff main"},
		"any number, and many":  {"push", strings.Fields("web a=1 b=2 c=3 d=4"), ""},
		"any number, and a few": {"push", []string{"web"}, "push takes a service and values of metrics, such as flyball push backend jobs=12"},
	} {
		t.Run(name, func(t *testing.T) {
			verb, _, err := newRoot().Find([]string{c.verb})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if err := verb.ValidateArgs(c.args); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("it says %q, want %q", got, c.want)
			}
		})
	}
}

// Each verb's help says what it does in a line, and how it is called: lines that would be taken as they are.
func TestEveryVerbHasATrueExample(t *testing.T) {
	every(newRoot(), func(verb *cobra.Command) {
		t.Run(verb.CommandPath(), func(t *testing.T) {
			if s := verb.Short; s == "" || strings.HasSuffix(s, ".") || strings.ToUpper(s[:1]) != s[:1] {
				t.Errorf("it is listed as %q; write what it does, with a capital and no full stop", s)
			}
			if verb.Example == "" {
				t.Error("its help has no Example")
			}
			for line := range strings.Lines(verb.Example) {
				calls := callsIn(line)
				if len(calls) == 0 {
					t.Errorf("%q does not call flyball", line)
				}
				for _, args := range calls {
					if err := taken(args); err != nil {
						t.Errorf("%q: %v", strings.TrimSpace(line), err)
					}
				}
			}
		})
	})
}

// The list of verbs is in parts that tell a stranger where to look.
func TestEveryVerbIsInAGroup(t *testing.T) {
	root := newRoot()
	for _, verb := range root.Commands() {
		if verb.GroupID == "" && !verb.Hidden {
			t.Errorf("%s is under no heading of flyball help; add it in groups.go", verb.Name())
		}
	}
	var out, errs strings.Builder
	if code := execute(t.Context(), []string{"help"}, strings.NewReader(""), &out, &errs); code != exitFine || strings.Contains(out.String(), "Additional Commands") {
		t.Errorf("flyball help ends with %d, and reads\n%s%s", code, out.String(), errs.String())
	}
}

func every(cmd *cobra.Command, do func(*cobra.Command)) {
	if !cmd.Hidden {
		do(cmd)
	}
	for _, sub := range cmd.Commands() {
		every(sub, do)
	}
}

// taken says why flyball would not run with these arguments.
func taken(args []string) error {
	verb, rest, err := newRoot().Find(args)
	if err != nil {
		return err
	}
	if !verb.HasParent() {
		return fmt.Errorf("there is no verb %v", args)
	}
	if err := verb.ParseFlags(rest); err != nil {
		return err
	}
	if err := errors.Join(verb.ValidateArgs(verb.Flags().Args()), verb.ValidateRequiredFlags(), verb.ValidateFlagGroups()); err != nil {
		return err
	}
	if verb.PreRunE == nil {
		return nil
	}
	return verb.PreRunE(verb, nil)
}

// callsIn are the arguments of each call of flyball in a line of a shell: in a pipe, behind settings, in <( ), before a > FILE.
func callsIn(line string) [][]string {
	var calls [][]string
	var call []string
	in := false
	for _, word := range append(shellWords(line), "|") {
		switch {
		case word == "|" || word == ">" || word == ")":
			if in {
				calls = append(calls, call)
			}
			call, in = nil, false
		case in:
			call = append(call, word)
		case word == "flyball":
			in = true
		}
	}
	return calls
}

// shellWords takes a line apart as a shell does, as far as examples go: spaces, quotes, and what stands between commands.
func shellWords(line string) []string {
	var words []string
	for _, m := range regexp.MustCompile(`<\(|[|>)]|(?:'[^']*'|"[^"]*"|[^\s|>()<'"])+`).FindAllString(line, -1) {
		words = append(words, strings.NewReplacer("'", "", `"`, "").Replace(m))
	}
	return words
}

func TestCallsIn(t *testing.T) {
	got := fmt.Sprintf("%q", callsIn("A=1 flyball import --from 'a | b' - | flyball policies put \"x y\" > out; source <(flyball completion bash)"))
	want := `[["import" "--from" "a | b" "-"] ["policies" "put" "x y"] ["completion" "bash"]]`
	if got != want {
		t.Errorf("it is %s, want %s", got, want)
	}
}
