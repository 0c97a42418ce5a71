package ci_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// plain puts the real cue and opa on the PATH, built from modules of their own, which are pinned in .ci/authors: they need much that
// flyball does not. Where they can't be had, such as without a network, the test is skipped; with CI=true it fails.
func plain(t *testing.T) {
	t.Helper()
	bin := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-C", "../../.ci/authors", "-o", bin+"/", "cuelang.org/go/cmd/cue", "github.com/open-policy-agent/opa")
	text, err := cmd.CombinedOutput()
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("build cue and opa: %v\n%s", err, text)
	default:
		t.Skipf("cue and opa can't be built: %v\n%s", err, text)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("CUE_CACHE_DIR", t.TempDir())
	t.Setenv("CUE_REGISTRY", "none") // nothing is asked of a network
}

// The lines that the README gives; each works without flyball.
const (
	vet        = "cd config/autoscaling && cue vet -c ."
	vetFromTop = "cue -C config/autoscaling vet -c ."
	opaCheck   = "opa check --strict --schema config/autoscaling/rules/flyball/schema config/autoscaling/rules"
	opaTest    = "opa test config/autoscaling/rules"
	checkThere = "cd config/autoscaling && opa check --strict --schema rules/flyball/schema rules"
)

func TestReadmeHasTheLines(t *testing.T) {
	lines := strings.Split(read(t, "README.md"), "\n")
	for _, line := range []string{vetFromTop, opaCheck, opaTest} {
		if !slices.Contains(lines, "    "+line) {
			t.Errorf("the README has no line %q", line)
		}
	}
}

// The versions of both are those that flyball is built with.
func TestAuthorsHaveTheSameVersions(t *testing.T) {
	own, theirs := strings.Fields(read(t, "../../go.mod")), strings.Fields(read(t, "../../.ci/authors/go.mod"))
	for _, module := range []string{"cuelang.org/go", "github.com/open-policy-agent/opa"} {
		of := func(words []string) string {
			for i, w := range words[:len(words)-1] {
				if w == module && strings.HasPrefix(words[i+1], "v") {
					return words[i+1]
				}
			}
			return "nothing"
		}
		if a, b := of(own), of(theirs); a != b || a == "nothing" {
			t.Errorf("%s: flyball is built with %s, .ci/authors has %s", module, a, b)
		}
	}
}

// ruleGuide is the block of the rule guide that TestWithoutFlyball runs.
func ruleGuide(t *testing.T) string {
	t.Helper()
	_, block, found := strings.Cut(read(t, "../../rego/README.md"), "TestWithoutFlyball -->\n\n```sh\n")
	block, _, ended := strings.Cut(block, "```")
	if !found || !ended {
		t.Fatal("the rule guide has no such block")
	}
	return block
}

// What flyball init and init --rules write is good to cue and opa too; what breaks a policy or a rule they refuse as flyball does.
func TestWithoutFlyball(t *testing.T) {
	plain(t)
	const policies, rule = "config/autoscaling/policies.cue", "config/autoscaling/rules/web.rego"
	r := newRepository(t, "")
	r.sh("flyball init --rules config/autoscaling")
	r.write(edit{policies, "enabled: false", "enabled: false\n\trules: \"shop.web\""})
	r.sh("git add -A && git commit -q -m rules")
	for _, line := range []string{vet, vetFromTop, opaCheck, checkThere} {
		if said := r.sh(line); said != "" {
			t.Errorf("%s says of what is good\n%s", line, said)
		}
	}
	for _, line := range []string{opaTest, ruleGuide(t)} {
		if said := r.sh(line); said != "PASS: 3/3\n" {
			t.Errorf("%s says\n%s", line, said)
		}
	}
	r.sh("flyball validate --strict && flyball test")
	for name, c := range map[string]struct {
		edit
		line string // the command that says no
		want string
	}{
		"no replicas":         {edit{policies, "maxReplicas: 5", "maxReplicas: 0"}, vet, "policies.web.maxReplicas"},
		"a text for a number": {edit{policies, "maxReplicas: 5", `maxReplicas: "5"`}, vet, "policies.web.maxReplicas"},
		"min over max":        {edit{policies, "minReplicas: 1", "minReplicas: 9"}, vet, "policies.web.maxReplicas"},
		"a misspelt field":    {edit{policies, "cooldownPeriod:", "cooldwonPeriod:"}, vetFromTop, "policies.web.cooldwonPeriod"},
		"a missing field":     {edit{policies, "minReplicas: 1\n", "\n"}, vet, "policies.web.minReplicas"},
		"no duration":         {edit{policies, `"5m"`, `"5 minutes"`}, vet, "policies.web.cooldownPeriod"},
		"down over up":        {edit{policies, "scaleDown: 25", "scaleDown: 75"}, vet, "policies.web.thresholds.0.scaleDown"},
		"no such metric":      {edit{policies, `metric: "cpu_usage"`, `metric: "cpu"`}, vet, "policies.web.thresholds.0.metric"},
		"no such type":        {edit{policies, `"cpu"`, `"cpuu"`}, vet, "policies.web.metrics.0.type"},
		"no such strategy":    {edit{policies, `evaluationInterval: "30s"`, `strategy: "treshold"`}, vet, "policies.web.strategy"},
		"no time of day":      {edit{policies, `evaluationInterval: "30s"`, `schedule: [{name: "n", from: "25:00", to: "26:00", timezone: "UTC", minReplicas: 1}]`}, vet, "policies.web.schedule.0.from"},
		"no CUE":              {edit{policies, "policies: web: {", "policies: web: {{"}, vet, "expected '}'"},
		"no such reading":     {edit{rule, "input.service", "input.servcie"}, opaCheck, "undefined ref: input.servcie"},
		"no such field of it": {edit{rule, "hour in {7, 8}", "hour in {7, 8}; input.metrics.cpu_usge.value > 1"}, checkThere, "undefined ref: input.metrics.cpu_usge.value"},
		"no Rego":             {edit{rule, "package shop.web", "package shop.web {"}, opaCheck, "rego_parse_error"},
	} {
		t.Run(name, func(t *testing.T) {
			defer r.sh("git checkout -q .")
			r.write(c.edit)
			if said, code := bash(t, r.folder, c.line, nil); code == 0 || !strings.Contains(said, c.want) {
				t.Errorf("%s ends with %d, and has no %q:\n%s", c.line, code, c.want, said)
			}
			if said, code := bash(t, r.folder, "flyball validate", nil); code != 1 {
				t.Errorf("flyball validate ends with %d\n%s", code, said)
			}
		})
	}
	// A rule that decides otherwise fails its own test, with both.
	if err := os.WriteFile(filepath.Join(r.folder, "config/autoscaling/rules/more_test.rego"), []byte("package shop.web_test\n\ntest_more if 1 > 2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{opaTest, "flyball test"} {
		if said, code := bash(t, r.folder, line, nil); code == 0 || !strings.Contains(said, "test_more") {
			t.Errorf("%s ends with %d\n%s", line, code, said)
		}
	}
}
