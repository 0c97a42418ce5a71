package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// GitHub keeps ten annotations of a level of a step: the tenth says of the others that they are in the log.
func TestAnnotateKnowsWhereGitHubStops(t *testing.T) {
	for name, c := range map[string]struct {
		errors, warnings int
		commands         int
		want             string // the last two lines
	}{
		"nothing":             {},
		"as many as it has":   {errors: 10, commands: 10, want: "::error file=a.cue,line=9::wrong 9\n::error file=a.cue,line=10::wrong 10"},
		"one too many":        {errors: 11, commands: 10, want: "a.cue:10: error: wrong 10\na.cue:11: error: wrong 11"},
		"levels of their own": {errors: 9, warnings: 12, commands: 19, want: "a.cue:11: warning: odd 11\na.cue:12: warning: odd 12"},
	} {
		t.Run(name, func(t *testing.T) {
			var all []annotation
			for i := range c.errors {
				all = append(all, annotation{level: "error", file: "a.cue", line: i + 1, text: fmt.Sprintf("wrong %d", i+1)})
			}
			for i := range c.warnings {
				all = append(all, annotation{level: "warning", file: "a.cue", line: i + 1, text: fmt.Sprintf("odd %d", i+1)})
			}
			var out strings.Builder
			annotate(&out, all)
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if n := strings.Count("\n"+out.String(), "\n::"); n != c.commands {
				t.Errorf("%d commands, want %d:\n%s", n, c.commands, out.String())
			}
			if got := strings.Join(lines[max(0, len(lines)-2):], "\n"); got != c.want {
				t.Errorf("it ends\n%s\nwant\n%s", got, c.want)
			}
			if over := c.errors > 10; over != strings.Contains(out.String(), "::error::and 2 more, ") {
				t.Errorf("of the others it says\n%s", out.String())
			}
		})
	}
}

// A line of the log says what the annotation would have: a notice is no error.
func TestAnnotationAsALine(t *testing.T) {
	for want, a := range map[string]annotation{
		"notice: limits changed":                  {level: "notice", text: "limits changed"},
		"a.cue: notice: web is gone":              {level: "notice", file: "a.cue", text: "web is gone"},
		"a.cue:3: notice: web adds":               {level: "notice", file: "a.cue", line: 3, text: "web adds"},
		"a.cue:3:7: warning: flaps [flap-hazard]": {level: "warning", file: "a.cue", line: 3, column: 7, title: "flap-hazard", text: "flaps"},
		"a.cue:3:7: error: maxReplicas 5":         {level: "error", file: "a.cue", line: 3, column: 7, text: "maxReplicas 5"},
	} {
		if got := a.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What a policy quotes gives the runner no command, in the annotations or after them.
func TestAnnotateQuotes(t *testing.T) {
	var all []annotation
	for range 12 {
		all = append(all, annotation{level: "error", file: "a,b:c.cue", line: 1, text: "100 %\n::error::mine"})
	}
	var out strings.Builder
	annotate(&out, all)
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, "::") && strings.Contains(line, "mine") && line != "::error file=a%2Cb%3Ac.cue,line=1::100 %25%0A::error::mine\n" || strings.HasPrefix(line, "::error::mine") {
			t.Errorf("a command %q", line)
		}
	}
}

func TestAtTop(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(top, "shop", "config")
	if err := os.MkdirAll(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GITHUB_WORKSPACE", "")
	t.Chdir(inside)
	try := func(name, path, want string) {
		t.Helper()
		if got := atTop(path); got != want {
			t.Errorf("%s: %q is %q, want %q", name, path, got, want)
		}
	}
	try("no repository", "web.cue", "web.cue")
	try("no repository, and gone", "../gone/web.cue", "../gone/web.cue")
	t.Setenv("GITHUB_WORKSPACE", top)
	try("the runner's workspace", "web.cue", "shop/config/web.cue")
	if err := os.WriteFile(filepath.Join(top, "shop", ".git"), []byte("gitdir: ../.git/worktrees/shop\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	try("a worktree in it", "web.cue", "config/web.cue")
	try("from another folder", "../config/./web.cue", "config/web.cue")
	try("a whole path", filepath.Join(inside, "web.cue"), "config/web.cue")
	try("outside of it", filepath.Join(top, "web.cue"), "web.cue")
	try("nothing", "", "")
}
