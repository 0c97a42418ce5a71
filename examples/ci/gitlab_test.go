package ci_test

import (
	"encoding/json"
	"encoding/xml"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// gitlabJob is what GitLab's runner makes of a job.
type gitlabJob struct {
	Extends      string
	Variables    map[string]string
	BeforeScript []string `yaml:"before_script"`
	Script       []string
	Artifacts    struct {
		When    string
		Paths   []string
		Reports map[string]string
	}
}

// gitlab is a pipeline: the variables of all jobs, the job that the others extend, and these.
func gitlab(t *testing.T) (variables map[string]string, template gitlabJob, jobs map[string]gitlabJob) {
	t.Helper()
	var all struct {
		Variables map[string]string
		Template  gitlabJob            `yaml:".flyball"`
		Jobs      map[string]gitlabJob `yaml:",inline"`
	}
	load(t, "gitlab-ci.yml", &all)
	if len(all.Jobs) != 3 {
		t.Fatalf("its jobs are %v", slices.Sorted(maps.Keys(all.Jobs)))
	}
	return all.Variables, all.Template, all.Jobs
}

// runGitLab runs a job of the pipeline in a folder, and answers what it printed, its exit code, and the home that it had.
func runGitLab(t *testing.T, name, folder string, predefined map[string]string) (log string, code int) {
	t.Helper()
	variables, template, jobs := gitlab(t)
	job, is := jobs[name]
	if !is || job.Extends != ".flyball" {
		t.Fatalf("there is no job %q", name)
	}
	home := t.TempDir()
	env := map[string]string{"CI": "true", "GITLAB_CI": "true", "CI_PROJECT_DIR": folder, "HOME": home, "GIT_CONFIG_GLOBAL": filepath.Join(home, ".gitconfig")}
	maps.Copy(env, variables)
	for _, of := range []map[string]string{template.Variables, job.Variables} {
		for key, value := range of {
			env[key] = strings.ReplaceAll(value, "$CI_PROJECT_DIR", folder)
		}
	}
	maps.Copy(env, predefined)
	log, code = bash(t, folder, strings.Join(append(slices.Clone(template.BeforeScript), job.Script...), "\n"), env)
	if code != 0 && len(job.Artifacts.Reports) > 0 && job.Artifacts.When != "always" {
		t.Errorf("the report of %s is not kept where it fails", name)
	}
	for _, file := range append(slices.Collect(maps.Values(job.Artifacts.Reports)), job.Artifacts.Paths...) {
		if _, err := os.Stat(filepath.Join(folder, file)); err != nil && code == 0 {
			t.Errorf("%s promises %s: %v", name, file, err)
		}
	}
	return log, code
}

func TestGitLab(t *testing.T) {
	const policies = "config/autoscaling/policies.cue"
	for name, c := range map[string]struct {
		change edit
		job    string
		code   int
		log    []string
	}{
		"valid":              {job: "flyball validate", log: []string{"0 errors, 0 warnings"}},
		"broken":             {edit{policies, "minReplicas: 1\n\tmaxReplicas: 5", "minReplicas: 9\n\tmaxReplicas: 5"}, "flyball validate", 1, []string{"^config/autoscaling/policies.cue:LINE:15: error: "}},
		"a warning":          {edit{policies, "scaleDown: 25", "scaleDown: 60"}, "flyball validate", 1, []string{"flap-hazard"}},
		"tests pass":         {job: "flyball test", log: []string{"^4 tests, 0 failed"}},
		"a test fails":       {edit{"config/autoscaling/web.scenario.yaml", "to: 2}", "to: 3}"}, "flyball test", 1, []string{"^FAIL web at 0s"}},
		"no change":          {job: "flyball diff", log: []string{"^No policy changes in meaning.$"}},
		"a change":           {edit{policies, "maxReplicas: 5", "maxReplicas: 8"}, "flyball diff", 0, []string{`maxReplicas. \| .5. \| .8.`}},
		"nothing to compare": {edit{policies, "maxReplicas: 5", "maxReplicas: 0"}, "flyball diff", 0, []string{`^flyball: new \(config/autoscaling\):$`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t, "")
			base := strings.TrimSpace(r.sh("git rev-parse HEAD"))
			r.branch("change")
			line := r.commit(c.change)
			folder := r.clone("change")
			log, code := runGitLab(t, c.job, folder, map[string]string{"CI_MERGE_REQUEST_DIFF_BASE_SHA": base})
			if code != c.code {
				t.Errorf("it ends with %d, want %d\n%s", code, c.code, log)
			}
			expect(t, "log", log, line, c.log)
			checkReports(t, c.job, folder, code)
		})
	}
}

// checkReports reads what GitLab would.
func checkReports(t *testing.T, job, folder string, code int) {
	t.Helper()
	switch job {
	case "flyball validate":
		var issues []struct {
			Location struct{ Path string }
		}
		if err := json.Unmarshal([]byte(read(t, filepath.Join(folder, "gl-code-quality-report.json"))), &issues); err != nil || len(issues) != code {
			t.Errorf("the report has %d issues, want %d; %v", len(issues), code, err)
		}
		for _, i := range issues {
			if i.Location.Path != "config/autoscaling/policies.cue" {
				t.Errorf("an issue is at %q", i.Location.Path)
			}
		}
	case "flyball test":
		var suites struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
		}
		if err := xml.Unmarshal([]byte(read(t, filepath.Join(folder, "flyball.xml"))), &suites); err != nil || suites.Tests != 4 || suites.Failures != code {
			t.Errorf("the report has %+v; %v", suites, err)
		}
	}
}

// What the runner does not have is built, once, at the version that is asked for.
func TestGitLabBuilds(t *testing.T) {
	variables, template, _ := gitlab(t)
	folder, bin := newRepository(t, "").clone("main"), t.TempDir()
	script(t, filepath.Join(bin, "go"), `echo "go $*"; mkdir -p "$GOBIN"; printf '#!/bin/sh\n' > "$GOBIN/flyball"; chmod +x "$GOBIN/flyball"`)
	git := regexp.MustCompile(`[^:]*flyball-ci-[^:]*:`).ReplaceAllString(os.Getenv("PATH"), "")
	env := map[string]string{"PATH": bin + ":" + git, "GOBIN": filepath.Join(folder, ".flyball-ci"), "CI_PROJECT_DIR": folder, "FLYBALL_VERSION": "v1.2.3",
		"GIT_CONFIG_GLOBAL": filepath.Join(bin, ".gitconfig")}
	if variables["FLYBALL_VERSION"] == "" || template.Variables["GOBIN"] != "$CI_PROJECT_DIR/.flyball-ci" {
		t.Errorf("it builds %q into %q", variables["FLYBALL_VERSION"], template.Variables["GOBIN"])
	}
	for _, want := range []string{"go install github.com/flyball-dev/flyball/cmd/flyball@v1.2.3\n", folder + "/.flyball-ci/flyball\n"} {
		if log, code := bash(t, folder, strings.Join(template.BeforeScript, "\n"), env); code != 0 || log != want {
			t.Errorf("it ends with %d, and says\n%s\nwant\n%s", code, log, want)
		}
	}
}
