// Package ci_test runs what the examples have a pipeline do, in repositories like those of authors.
package ci_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// flyball is on the PATH of everything that runs here.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		bin, err := os.MkdirTemp("", "flyball-ci-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(bin)
		if text, err := exec.Command("go", "build", "-o", bin+"/", "github.com/flyball-dev/flyball/cmd/flyball").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build flyball: %v\n%s", err, text)
			return 1
		}
		os.Setenv("PATH", bin+":"+os.Getenv("PATH"))
		for _, name := range []string{"GITHUB_WORKSPACE", "GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"} {
			os.Unsetenv(name)
		}
		for name, value := range map[string]string{"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com",
			"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com"} {
			os.Setenv(name, value)
		}
		return m.Run()
	}())
}

// repository is an author's, with what flyball init lays down, on the branch main.
type repository struct {
	t      *testing.T
	folder string
}

func newRepository(t *testing.T, below string) repository {
	t.Helper()
	r := repository{t, t.TempDir()}
	r.sh(`git init -q -b main . && git config uploadpack.allowAnySHA1InWant true`)
	r.sh(`flyball init "` + filepath.Join(below, "config/autoscaling") + `" && git add -A && git commit -q -m init`)
	return r
}

// sh runs a script that must not fail.
func (r repository) sh(text string) string {
	r.t.Helper()
	said, code := bash(r.t, r.folder, text, nil)
	if code != 0 {
		r.t.Fatalf("%s ends with %d:\n%s", text, code, said)
	}
	return said
}

// edit changes a text of a file.
type edit struct{ file, from, to string }

// write makes an edit, and answers the line on which it ends.
func (r repository) write(e edit) int {
	r.t.Helper()
	if e == (edit{}) {
		return 0
	}
	path := filepath.Join(r.folder, e.file)
	text := read(r.t, path)
	at := strings.Index(text, e.from)
	if at < 0 {
		r.t.Fatalf("%s has no %q", e.file, e.from)
	}
	if err := os.WriteFile(path, []byte(text[:at]+e.to+text[at+len(e.from):]), 0o644); err != nil {
		r.t.Fatal(err)
	}
	return 1 + strings.Count(text[:at]+e.to, "\n")
}

func (r repository) commit(e edit) int {
	r.t.Helper()
	line := r.write(e)
	if line > 0 {
		r.sh("git commit -q -a -m change")
	}
	return line
}

func (r repository) branch(name string) { r.t.Helper(); r.sh("git checkout -q -b " + name) }

// merged is a clone of one commit, the merge of a branch into main, as a forge makes it.
func (r repository) merged(branch string) string {
	r.t.Helper()
	r.sh("git checkout -q -b merge main && git merge -q --no-ff --no-edit " + branch)
	return r.clone("merge")
}

// clone is a clone of one commit.
func (r repository) clone(branch string) string { return r.cloned("--depth=1 --branch " + branch) }

// whole is a clone with all branches and their history.
func (r repository) whole(branch string) string { return r.cloned("--branch " + branch) }

func (r repository) cloned(how string) string {
	r.t.Helper()
	to := filepath.Join(r.t.TempDir(), "workspace")
	r.sh(`git clone -q ` + how + ` "file://` + r.folder + `" "` + to + `"`)
	return to
}

// bash runs a script as GitHub and GitLab do, and answers what it printed and its exit code.
func bash(t *testing.T, folder, text string, env map[string]string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text)
	cmd.Dir = folder
	cmd.Env = os.Environ()
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	said, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(said), cmd.ProcessState.ExitCode()
}

// expect wants lines in a text. LINE is the one that was changed.
func expect(t *testing.T, what, text string, line int, patterns []string) {
	t.Helper()
	for _, p := range patterns {
		if !regexp.MustCompile("(?m)" + strings.ReplaceAll(p, "LINE", fmt.Sprint(line))).MatchString(text) {
			t.Errorf("the %s has no line %s (LINE is %d):\n%s", what, p, line, text)
		}
	}
}

// read is the text of a file, empty where there is none.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

func load(t *testing.T, path string, to any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, path)), to); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func script(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/usr/bin/env bash\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}
