package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// find is what a pattern encloses in a file of Markdown.
func find(t *testing.T, file, pattern string) string {
	t.Helper()
	readme, err := os.ReadFile("../../" + file)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(pattern).FindSubmatch(readme)
	if m == nil {
		t.Fatalf("%s has no %s", file, pattern)
	}
	return string(m[1])
}

// The README's policy gives the README's decisions, and does what its scenario expects.
func TestReadmeExample(t *testing.T) {
	files := map[string]string{
		"backend.cue":           find(t, "README.md", "(?s)```cue\n(.*?)```"),
		"busy.json":             find(t, "README.md", "`busy.json` is `(.*)`"),
		"cooling.json":          find(t, "README.md", "`cooling.json` is `(.*)`"),
		"morning.scenario.yaml": find(t, "policies/README.md", "(?s)```yaml\n(.*?)```"),
	}
	printed := map[string]string{}
	for _, verb := range []string{"eval", "explain"} {
		printed[verb] = find(t, "README.md", `(?s)\$ flyball `+verb+` -p [^\n]*\n(.*?)`+"```")
	}
	t.Chdir(t.TempDir())
	for path, text := range files {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for verb, snapshot := range map[string]string{"eval": "busy.json", "explain": "cooling.json"} {
		var out, errs bytes.Buffer
		if code := execute(t.Context(), []string{verb, "-p", "backend.cue", "--snapshot", snapshot}, strings.NewReader(""), &out, &errs); code != exitFine {
			t.Fatalf("exit code %d: %s", code, errs.String())
		}
		if out.String() != printed[verb] {
			t.Errorf("%s prints\n%s\nthe README says\n%s", verb, out.String(), printed[verb])
		}
	}
	var out, errs bytes.Buffer
	if code := execute(t.Context(), []string{"test", "."}, strings.NewReader(""), &out, &errs); code != exitFine || !strings.Contains(errs.String(), "5 tests, 0 failed") {
		t.Errorf("test ends with %d and prints\n%s%s", code, out.String(), errs.String())
	}
}

// The README's policy with everything in it is valid, and nothing in it is doubtful.
func TestReadmeStrategies(t *testing.T) {
	policy := filepath.Join(t.TempDir(), "shop.cue")
	if err := os.WriteFile(policy, []byte(find(t, "policies/README.md", "(?s)rates\n\n```cue\n(.*?)```")), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := execute(t.Context(), []string{"validate", "--strict", policy}, strings.NewReader(""), &out, &errs); code != exitFine {
		t.Errorf("exit code %d: %s%s", code, out.String(), errs.String())
	}
}
