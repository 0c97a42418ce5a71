package schema

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

const told = `A story.

In two parts.
-- scenario.yaml --
steps:
  - at: 0s
    metrics: {cpu_usage: 85}
    expect: {action: scale_up}
-- policies.cue --
policies: web: {
	service: "web", minReplicas: 1, maxReplicas: 3
	metrics: [{name: "cpu_usage", type: "cpu", source: "system"}]
	thresholds: [{metric: "cpu_usage", scaleUp: 70, scaleDown: 25}]
}
-- rules/web.rego --
package web
`

func TestArchive(t *testing.T) {
	path := t.TempDir() + "/a.scenario.txtar"
	write(t, path, []byte(told))
	s, problems := DecodeScenario(path, []byte(told))
	if len(problems) > 0 || s.About != "A story.\n\nIn two parts." || s.Steps[0].Line != 6 {
		t.Errorf("is %+v, %v", s, problems)
	}
	set, err := Load(path, nil)
	if err != nil || len(set.Problems) > 0 || len(set.Policies) != 1 || set.Policies[0].File != path+":10" ||
		len(set.Rules) != 1 || set.Rules[0].Path != path+"/rules/web.rego" || !reflect.DeepEqual(set.Files, []string{path}) {
		t.Errorf("is %+v, %v", set, err)
	}
	if !bytes.HasPrefix(set.Rules[0].Text, []byte(strings.Repeat("\n", 15)+"package web")) {
		t.Errorf("the rules do not begin at their line: %q", set.Rules[0].Text)
	}
}

// With Windows' line ends the lines are the same ones.
func TestArchiveOfWindows(t *testing.T) {
	s, problems := DecodeScenario("a.scenario.txtar", []byte(strings.ReplaceAll(told, "\n", "\r\n")))
	if len(problems) > 0 || s.Steps[0].Line != 6 {
		t.Errorf("is %+v, %v", s, problems)
	}
}

func TestArchiveProblems(t *testing.T) {
	tests := []struct {
		name, from, to string // what is changed in the archive
		want           string
	}{
		{"no scenario", "-- scenario.yaml --", "-- story.yaml --", "a.scenario.txtar: error: no scenario in this archive; write one below a line -- scenario.yaml --"},
		{"two of them", "-- rules/web.rego --", "-- scenario.json --", "a.scenario.txtar:15:1: error: scenario.json is a second scenario"},
		{"a file twice", "-- rules/web.rego --", "-- policies.cue --", "a.scenario.txtar:15:1: error: policies.cue is there twice, first at line 9; remove one"},
		{"a file for nobody", "rules/web.rego", "notes.txt", "a.scenario.txtar:15:1: error: an archive has no use for notes.txt; allowed: scenario.yaml"},
		{"a test", "rules/web.rego", "web_test.rego", "an archive has no use for web_test.rego"},
		{"a story in it", "rules/web.rego", "b.scenario.yaml", "an archive has no use for b.scenario.yaml"},
		{"a way out of it", "rules/web.rego", "../web.rego", `"../web.rego" is not the name of a file`},
		{"an error in the story", "scale_up", "scaleup", `a.scenario.txtar:8:22: error: steps[0].expect.action is "scaleup"`},
		{"an error in a policy", "maxReplicas: 3", "maxReplicas: 0", "a.scenario.txtar:11:47: error: maxReplicas is 0"},
		{"an error in CUE", "policies: web: {", "policies: web: {{", "a.scenario.txtar:"},
		{"a hidden character", "A story", "A \u202Estory", "a.scenario.txtar:1:3: error: the invisible character U+202E"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := []byte(strings.Replace(told, tt.from, tt.to, 1))
			_, problems := DecodeScenario("a.scenario.txtar", text)
			set, err := loadArchive(file{path: "a.scenario.txtar", kind: archiveFile, text: text}, nil)
			if err != nil {
				t.Fatal(err)
			}
			problems = append(problems, set.Problems...)
			if len(problems) == 0 || !strings.Contains(problems[0].String(), tt.want) {
				t.Errorf("says %v, want %q", problems, tt.want)
			}
			for _, p := range problems {
				if p.File != "a.scenario.txtar" {
					t.Errorf("is of %s", p.File)
				}
			}
		})
	}
}

// Many small files do not add up to more than they are.
func TestArchiveOfManyFiles(t *testing.T) {
	var text strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&text, "-- %d --\n", i)
	}
	_, problems := DecodeScenario("a.scenario.txtar", []byte(text.String()[:maxBytes]))
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "files; allowed: at most 100") {
		t.Errorf("says %v", problems)
	}
}

// Whatever an archive is, what is said of it is said at a place that it has.
func FuzzArchive(f *testing.F) {
	f.Add(told)
	f.Add("-- scenario.yaml --\n" + story)
	f.Add("-- scenario.cue --\n-- a.json --\n{\"policies\": [1]}\n-- scenario.json --")
	f.Fuzz(func(t *testing.T, text string) {
		const name = "f.scenario.txtar"
		a, problems := unpack(name, []byte(text))
		for _, p := range problems {
			if p.File != name || p.Line > 1+strings.Count(text, "\n") {
				t.Errorf("%s, of a text of %d lines", p, 1+strings.Count(text, "\n"))
			}
		}
		lines := strings.Split(text, "\n")
		for _, f := range a.own {
			at := bytes.Count(f.text, []byte("\n")) - bytes.Count(bytes.TrimLeft(f.text, "\n"), []byte("\n"))
			first, _, _ := strings.Cut(strings.TrimLeft(string(f.text), "\n"), "\n")
			if first != "" && lines[at] != first {
				t.Errorf("%s has %q at line %d, the archive %q", f.path, first, at+1, lines[at])
			}
		}
	})
}
