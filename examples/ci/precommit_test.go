package ci_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

// A commit that breaks a policy or a test of it is refused, with the place; others are not held up.
func TestPreCommit(t *testing.T) {
	metricstest.Program(t, "pre-commit", "pre-commit")
	t.Setenv("PRE_COMMIT_HOME", t.TempDir())
	t.Setenv("PRE_COMMIT_COLOR", "never")
	r := newRepository(t, "")
	config := read(t, "pre-commit-config.yaml")
	if err := os.WriteFile(filepath.Join(r.folder, ".pre-commit-config.yaml"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	r.sh("pre-commit validate-config && pre-commit install && git add -A && git commit -q -m hooks")
	const policies = "config/autoscaling/policies.cue"
	commit := func() (string, int) { return bash(t, r.folder, "git commit -m change", nil) }
	for _, c := range []struct {
		name   string
		change edit
		passes bool
		want   []string
	}{
		{"a broken policy", edit{policies, "maxReplicas: 5", "maxReplicas: 0"}, false, []string{"^flyball validate.*Failed$", "^config/autoscaling/policies.cue:LINE:15: error: "}},
		{"a warning", edit{policies, "scaleDown: 25", "scaleDown: 60"}, false, []string{"^flyball validate.*Failed$", `\[flap-hazard\]`}},
		{"a story that goes otherwise", edit{"config/autoscaling/web.scenario.yaml", "to: 2}", "to: 3}"}, false, []string{"^flyball validate.*Passed$", "^flyball test.*Failed$", "^FAIL web at 0s"}},
		{"a change", edit{policies, "maxReplicas: 5", "maxReplicas: 8"}, true, []string{"^flyball validate.*Passed$", "^flyball test.*Passed$"}},
	} {
		line := r.write(c.change)
		r.sh("git add -A")
		said, code := commit()
		if (code == 0) != c.passes {
			t.Errorf("%s: the commit ends with %d\n%s", c.name, code, said)
		}
		expect(t, c.name+": output", said, line, c.want)
		r.sh("git reset -q --hard")
	}
	// What is not staged does not count, and what is no policy is not looked at.
	if err := os.WriteFile(filepath.Join(r.folder, "README"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	r.sh("git add README")
	r.write(edit{policies, "maxReplicas: 8", "maxReplicas: 0"})
	if said, code := commit(); code != 0 || strings.Count(said, "Skipped") != 2 {
		t.Errorf("a commit of something else ends with %d\n%s", code, said)
	}
	r.write(edit{policies, "maxReplicas: 0", "maxReplicas: 7"})
	r.sh("git add -A")
	r.write(edit{policies, "maxReplicas: 7", "maxReplicas: 0"})
	if said, code := commit(); code != 0 || strings.Count(said, "Passed") != 2 {
		t.Errorf("with something broken that is not staged it ends with %d\n%s", code, said)
	}
}
