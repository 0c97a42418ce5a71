package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The README's policy gives the README's decision.
func TestReadmeExample(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	find := func(pattern string) string {
		t.Helper()
		m := regexp.MustCompile(pattern).FindSubmatch(readme)
		if m == nil {
			t.Fatalf("the README has no %s", pattern)
		}
		return string(m[1])
	}
	dir := t.TempDir()
	policy, snapshot := filepath.Join(dir, "backend.cue"), filepath.Join(dir, "busy.json")
	for path, text := range map[string]string{
		policy:   find("(?s)```cue\n(.*?)```"),
		snapshot: find("`busy.json` is `(.*)`"),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, errs bytes.Buffer
	if code := execute(t.Context(), []string{"eval", "-p", policy, "--snapshot", snapshot}, strings.NewReader(""), &out, &errs); code != exitFine {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	if want := find(`(?s)\$ flyball eval [^\n]*\n(.*?)` + "```"); out.String() != want {
		t.Errorf("eval prints\n%s\nthe README says\n%s", out.String(), want)
	}
}
