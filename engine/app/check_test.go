package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const beside = `policies: web: {
	service: "web", minReplicas: 1, maxReplicas: 3
	metrics: [{name: "cpu_usage", type: "cpu", source: "system"}]
	thresholds: [{metric: "cpu_usage", scaleUp: 70, scaleDown: 25}]
}
`

const busy = `-- scenario.yaml --
steps: [{at: 0s, metrics: {cpu_usage: 50}, expect: {action: hold}}]
`

// An archive is told with what is in it; one that has neither policies nor rules, with those beside it.
func TestArchives(t *testing.T) {
	lower := strings.Replace(beside, "scaleUp: 70", "scaleUp: 40", 1)
	tests := []struct {
		name, archive string
		want          string // the failure or the problem; empty: none
	}{
		{"with nothing of its own", busy, ""},
		{"with a policy of its own", busy + "-- policies.cue --\n" + lower, "expected hold, got scale_up"},
		{"with a rule and no policy", busy + "-- web.rego --\npackage web\n", "there is no policy here"},
		{"with two policies", busy + "-- policies.cue --\n" + beside + strings.Replace(beside, "web:", "api:", 1), "which policy? There is api, web"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := test(t, map[string]string{"policies.cue": beside, "a.scenario.txtar": tt.archive})
			var said []string
			for _, c := range v.Tests {
				said = append(said, c.Failures...)
			}
			for _, p := range v.Problems {
				said = append(said, p.Message)
			}
			if text := strings.Join(said, "\n"); tt.want == "" && text != "" || !strings.Contains(text, tt.want) || len(v.Tests)+len(v.Problems) != 1 {
				t.Errorf("says %q of %d tests, want %q", text, len(v.Tests), tt.want)
			}
		})
	}
}

// Rules that no Rego test runs are not covered, and a folder without rules has nothing to cover.
func TestCoverage(t *testing.T) {
	if v := test(t, map[string]string{"policies.cue": beside}); v.Coverage != nil {
		t.Errorf("without rules it is %+v", v.Coverage)
	}
	v := test(t, map[string]string{"policies.cue": beside, "shop.rego": "package shop\n\nload := input.metrics.cpu_usage.value\n"})
	if v.Coverage == nil || v.Coverage.Percent != 0 || len(v.Coverage.Files) != 1 || v.Failed() != 0 {
		t.Errorf("without tests it is %+v", v)
	}
}

// test runs the tests of a folder with these files.
func test(t *testing.T, texts map[string]string) Verdicts {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := Load(t.Context(), Here, dir)
	if err != nil {
		t.Fatal(err)
	}
	if errs := loaded.Errors(); len(errs) > 0 {
		t.Fatal(Invalid{errs})
	}
	return Test(t.Context(), Here, loaded)
}
