package ci_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

// action is what GitHub's runner makes of action.yml.
type action struct {
	Inputs map[string]struct {
		Default  string
		Required bool
	}
	Runs struct {
		Using string
		Steps []struct {
			Name, ID, Shell, Run string
			Env                  map[string]string
		}
	}
}

// job is what a runner did: how it ended, what its steps printed, and the summary.
type job struct {
	failed  string // the step that did; empty: none
	log     string
	summary string
}

// run runs the steps of the action in a folder as the runner does, until one fails.
func (a action) run(t *testing.T, workspace string, github, with map[string]string) job {
	t.Helper()
	var j job
	temp := t.TempDir()
	summary, steps := filepath.Join(temp, "summary.md"), map[string]string{}
	for i, step := range a.Runs.Steps {
		if step.Shell != "bash" {
			t.Fatalf("step %q has no shell", step.Name)
		}
		output := filepath.Join(temp, fmt.Sprintf("output-%d", i))
		env := map[string]string{"GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_WORKSPACE": workspace, "GITHUB_OUTPUT": output,
			"GITHUB_STEP_SUMMARY": summary, "RUNNER_TEMP": temp, "GITHUB_REPOSITORY": "shop/shop"}
		maps.Copy(env, github)
		for name, text := range step.Env {
			env[name] = a.fill(t, text, github, with, steps)
		}
		said, code := bash(t, workspace, step.Run, env)
		j.log += said
		for line := range strings.Lines(read(t, output)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			steps["steps."+step.ID+".outputs."+name] = value
		}
		if code != 0 {
			j.failed = fmt.Sprintf("%s: %d", step.Name, code)
			break
		}
	}
	j.summary = read(t, summary)
	return j
}

// fill puts values in the place of ${{ }}.
func (a action) fill(t *testing.T, text string, github, with, steps map[string]string) string {
	return regexp.MustCompile(`\$\{\{ ([\w.]+) \}\}`).ReplaceAllStringFunc(text, func(m string) string {
		name := strings.Trim(m, "${} ")
		input, of := strings.CutPrefix(name, "inputs.")
		switch {
		case of:
			declared, is := a.Inputs[input]
			if !is {
				t.Fatalf("there is no input %s", input)
			}
			if given, is := with[input]; is {
				return given
			}
			return a.fill(t, declared.Default, github, with, steps)
		case name == "github.token":
			return "secret"
		case name == "github.event.pull_request.number":
			return github["number"]
		case strings.HasPrefix(name, "steps."):
			return steps[name]
		}
		t.Fatalf("%s is nothing that this runner knows", name)
		return ""
	})
}

func theAction(t *testing.T) action {
	t.Helper()
	var a action
	load(t, "action.yml", &a)
	if a.Runs.Using != "composite" || len(a.Runs.Steps) == 0 {
		t.Fatal("it is no composite action")
	}
	return a
}

// A pull request is checked out as the runner does: one commit, the merge of both sides. Each case changes one file of it.
func TestActionOnAPullRequest(t *testing.T) {
	a := theAction(t)
	const policies, story = "config/autoscaling/policies.cue", "config/autoscaling/web.scenario.yaml"
	for name, c := range map[string]struct {
		base, change edit
		with         map[string]string
		failed       string
		log, summary []string // patterns of lines
		not          string   // what the log must not have
	}{
		"a change": {
			change: edit{policies, "maxReplicas: 5", "maxReplicas: 8"}, with: map[string]string{"strict": "true"},
			log: []string{"^flyball "}, summary: []string{`^1 valid policy in .* 0 errors, 0 warnings$`, `^\| \*\*web\*\*.* \| .maxReplicas. \| .5. \| .8. \|`, "^ok   web at 10m", "^4 tests, 0 failed$"},
			not: "::",
		},
		"nothing that means something": {
			change: edit{policies, "// as docker compose calls it", "// the shop"}, summary: []string{"^No policy changes in meaning.$", "^4 tests, 0 failed$"},
		},
		"a broken policy": {
			change: edit{policies, "minReplicas: 1\n\tmaxReplicas: 5", "minReplicas: 9\n\tmaxReplicas: 5"},
			failed: "Validate: 1", log: []string{`^::error file=config/autoscaling/policies.cue,line=LINE,col=15::maxReplicas 5 lies under minReplicas 9`},
			summary: []string{"^config/autoscaling/policies.cue:LINE:15: error: maxReplicas 5 lies"},
		},
		"a misspelt field": {
			change: edit{policies, "cooldownPeriod: ", "cooldwonPeriod: "},
			failed: "Validate: 1", log: []string{`^::error file=config/autoscaling/policies.cue,line=LINE,col=2::unknown field "cooldwonPeriod"; did you mean "cooldownPeriod"\?$`},
		},
		"no CUE at all": {
			change: edit{policies, "policies: web: {", "policies: web: {{"}, failed: "Validate: 1", log: []string{`^::error file=config/autoscaling/policies.cue,line=\d+,col=\d+::`},
		},
		"a warning": {
			change: edit{policies, "scaleDown: 25", "scaleDown: 60"}, log: []string{`^::warning file=config/autoscaling/policies.cue,line=LINE,col=\d+,title=flap-hazard::`}, summary: []string{"warning: with 1 to 4 replicas"},
		},
		"a warning, strictly": {
			change: edit{policies, "scaleDown: 25", "scaleDown: 60"}, with: map[string]string{"strict": "true"},
			failed: "Validate: 1", log: []string{`^::error file=config/autoscaling/policies.cue,line=LINE,col=\d+,title=flap-hazard::`},
		},
		"a story that goes otherwise": {
			change: edit{story, "expect: {action: scale_up, to: 2}", "expect: {action: scale_up, to: 3}"},
			failed: "Test: 1", log: []string{`^::error file=config/autoscaling/web.scenario.yaml,line=6::web at 0s: expected 1 → 3, got 1 → 2%0A`}, summary: []string{"^FAIL web at 0s", "^4 tests, 1 failed$"},
		},
		"what was broken is mended": {
			base: edit{policies, "maxReplicas: 5", "maxReplicas: 0"}, change: edit{policies, "maxReplicas: 0", "maxReplicas: 5"},
			summary: []string{"^flyball can't compare with main:$", "^.*:config/autoscaling/policies.cue:.* error: maxReplicas", "^4 tests, 0 failed$"},
		},
		"a base that is an option": {
			with: map[string]string{"base": "--upload-pack=touch pwned; false"}, failed: "Say what changes in meaning: 128", log: []string{"invalid refspec '--upload-pack="},
		},
		"a base that is not there": {
			change: edit{policies, "maxReplicas: 5", "maxReplicas: 8"}, with: map[string]string{"base": "mian"},
			failed: "Say what changes in meaning: 128", log: []string{"mian"},
		},
		"no folder": {
			with: map[string]string{"folder": "config/autoscalling"}, failed: "Validate: 3", summary: []string{"config/autoscalling"},
		},
		"no binary": {
			with: map[string]string{"flyball": "/nowhere/flyball"}, failed: "Get flyball: 1", log: []string{"^::error::there is no program at /nowhere/flyball, "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t, "")
			r.commit(c.base)
			r.branch("change")
			line := r.commit(c.change)
			with := maps.Clone(c.with)
			if with == nil {
				with = map[string]string{}
			}
			if with["flyball"] == "" {
				with["flyball"] = "flyball"
			}
			j := a.run(t, r.merged("change"), map[string]string{"GITHUB_BASE_REF": "main", "number": "7"}, with)
			if j.failed != c.failed {
				t.Errorf("it failed at %q, want %q\n%s\n%s", j.failed, c.failed, j.log, j.summary)
			}
			expect(t, "log", j.log, line, c.log)
			expect(t, "summary", j.summary, line, c.summary)
			if c.not != "" && strings.Contains(j.log, c.not) {
				t.Errorf("the log has %q\n%s", c.not, j.log)
			}
		})
	}
}

// A monorepo has its policies further down, and what is pushed to a branch has no base.
func TestActionElsewhere(t *testing.T) {
	a := theAction(t)
	r := newRepository(t, "shop")
	line := r.commit(edit{"shop/config/autoscaling/policies.cue", "minReplicas: 1\n\tmaxReplicas: 5", "minReplicas: 9\n\tmaxReplicas: 5"})
	with := map[string]string{"flyball": "flyball", "folder": "shop/config/autoscaling"}
	j := a.run(t, r.clone("main"), nil, with)
	expect(t, "log", j.log, line, []string{`^::error file=shop/config/autoscaling/policies.cue,line=LINE,col=15::`})
	if j.failed != "Validate: 1" {
		t.Errorf("it failed at %q\n%s", j.failed, j.log)
	}
	r.commit(edit{"shop/config/autoscaling/policies.cue", "minReplicas: 9", "minReplicas: 2"})
	// A whole clone stays one: what has its history is not fetched again at a depth of one.
	whole := r.whole("main")
	with["base"] = "main~2"
	j = a.run(t, whole, nil, with)
	expect(t, "summary", j.summary, 0, []string{`.minReplicas. \| .1. \| .2. \|`})
	if j.failed != "Test: 1" { // the starter's story begins with one replica
		t.Errorf("it failed at %q\n%s%s", j.failed, j.log, j.summary)
	}
	if said, _ := bash(t, whole, "git rev-parse --is-shallow-repository", nil); said != "false\n" {
		t.Errorf("the clone is shallow now: %s", said)
	}
	delete(with, "base")
	j = a.run(t, whole, nil, with)
	expect(t, "log", j.log, 0, []string{"^nothing to compare with: "})
}

// Without a binary flyball is built, at the version that is asked for, by the runner's Go.
func TestActionBuilds(t *testing.T) {
	a := theAction(t)
	r := newRepository(t, "")
	bin := t.TempDir()
	script(t, filepath.Join(bin, "go"), `echo "go $*" >> "$GOES"; mkdir -p "$GOBIN"; cp "$(command -v flyball)" "$GOBIN/flyball"`)
	goes := filepath.Join(bin, "goes")
	j := a.run(t, r.clone("main"), map[string]string{"PATH": bin + ":" + os.Getenv("PATH"), "GOES": goes}, map[string]string{"version": "v1.2.3"})
	if j.failed != "" || read(t, goes) != "go install github.com/flyball-dev/flyball/cmd/flyball@v1.2.3\n" {
		t.Errorf("it failed at %q, and Go was asked to %s\n%s", j.failed, read(t, goes), j.log)
	}
}

// The workflow gives the action what it takes, and the rights that it needs; what changes becomes one comment.
func TestWorkflow(t *testing.T) {
	metricstest.Program(t, "jq", "jq") // which gh has in itself
	var workflow struct {
		Permissions map[string]string
		Jobs        map[string]struct {
			Steps []struct {
				Uses string
				With map[string]string
			}
		}
	}
	load(t, "github.yml", &workflow)
	steps := workflow.Jobs["policies"].Steps
	if len(steps) != 2 || !strings.HasPrefix(steps[0].Uses, "actions/checkout@") || steps[1].Uses != "./.github/actions/flyball" {
		t.Fatalf("its steps are %+v", steps)
	}
	a, with := theAction(t), steps[1].With
	for name := range with {
		if _, is := a.Inputs[name]; !is {
			t.Errorf("the action has no input %s", name)
		}
	}
	if with["comment"] != "true" || workflow.Permissions["pull-requests"] != "write" || workflow.Permissions["contents"] != "read" {
		t.Errorf("with %v its permissions are %v", with, workflow.Permissions)
	}
	with["flyball"] = "flyball"
	r := newRepository(t, "")
	r.branch("change")
	r.commit(edit{"config/autoscaling/policies.cue", "maxReplicas: 5", "maxReplicas: 8"})
	workspace := r.merged("change")
	const mark = "<!-- flyball config/autoscaling -->"
	comment := func(id int, kind, association, body string) string {
		return fmt.Sprintf(`{"id": %d, "user": {"type": %q}, "author_association": %q, "body": %q}`, id, kind, association, body+"\nflyball")
	}
	for name, c := range map[string]struct {
		comments string // those that are there, as GitHub has them
		flyball  string
		code     int
		want     []string // what gh heard; of a comment, how it begins
		log      []string
	}{
		"the first":          {want: []string{"^api .*--method POST repos/shop/shop/issues/7/comments -F body=@", "^<!-- flyball config/autoscaling -->\n\\*\\*flyball\\*\\*: 1 policy changes in meaning"}},
		"another one":        {comments: comment(42, "Bot", "NONE", mark) + "," + comment(43, "Bot", "NONE", mark), want: []string{"^api .*--method PATCH repos/shop/shop/issues/comments/42 -F body=@"}},
		"of another folder":  {comments: comment(42, "Bot", "NONE", "<!-- flyball other -->"), want: []string{"--method POST"}},
		"a stranger's":       {comments: comment(41, "User", "CONTRIBUTOR", mark) + "," + comment(42, "User", "MEMBER", mark), want: []string{"--method PATCH repos/shop/shop/issues/comments/42 "}},
		"a stranger's alone": {comments: comment(41, "User", "NONE", mark), want: []string{"--method POST"}},
		"a fork may not":     {code: 1, log: []string{"^::warning::flyball could not comment on the pull request; the job needs permissions: pull-requests: write$"}},
		"a long one":         {flyball: `[ "$1" != diff ] || { head -c 70000 /dev/zero | tr '\\0' x; exit 1; }`, want: []string{"^What changes in meaning is too long for a comment"}},
	} {
		t.Run(name, func(t *testing.T) {
			bin := t.TempDir()
			said := filepath.Join(bin, "said")
			script(t, filepath.Join(bin, "gh"), `echo "$*" >> "$SAID"; [ "$GH_TOKEN" = secret ] || exit 4
case "$*" in *--paginate*) echo "[$COMMENTS]" | jq -r "${!#}";; *) cat "${!##body=@}" >> "$SAID";; esac
exit $CODE`)
			if c.flyball != "" {
				script(t, filepath.Join(bin, "flyball"), c.flyball)
			}
			j := a.run(t, workspace, map[string]string{"PATH": bin + ":" + os.Getenv("PATH"), "GITHUB_BASE_REF": "main", "number": "7",
				"SAID": said, "COMMENTS": c.comments, "CODE": fmt.Sprint(c.code)}, with)
			if j.failed != "" {
				t.Errorf("it failed at %q\n%s", j.failed, j.log)
			}
			expect(t, "words to gh", read(t, said), 0, c.want)
			expect(t, "log", j.log, 0, c.log)
		})
	}
}
