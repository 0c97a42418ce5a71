package schema

import (
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

const story = `policy: web
replicas: 2
steps:
  - at: 0s
    metrics: {cpu_usage: 85}
    expect: {action: scale_up, to: 3}
  - at: 10m
    replicas: 1
    metrics: {cpu_usage: {value: 40, age_seconds: 900}}
    expect: {reason: MetricStale}
`

func TestDecodeScenario(t *testing.T) {
	s, problems := DecodeScenario("web.scenario.yaml", []byte(story))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	first, second := s.Steps[0], s.Steps[1]
	if s.Policy != "web" || s.Replicas.Ready != 2 || first.Line != 4 || first.Action != engine.ScaleUp || *first.To != 3 || first.Replicas != nil {
		t.Errorf("begins as %+v", s)
	}
	if second.At != 10*time.Minute || second.Replicas.Current != 1 || second.To != nil || second.Metrics["cpu_usage"].AgeSeconds != 900 {
		t.Errorf("goes on as %+v", second)
	}
}

func TestScenarioProblems(t *testing.T) {
	tests := []struct {
		name, from, to string // what is changed in the story
		want           string
	}{
		{"an unknown action", "scale_up", "scaleup", "web.scenario.yaml:6:"},
		{"a misspelt field", "replicas: 1", "replcas: 1", `web.scenario.yaml:8:5: error: unknown field "replcas"`},
		{"a text for a value", "cpu_usage: 85", `cpu_usage: "85"`, "web.scenario.yaml:5:"},
		{"steps out of order", "at: 0s", "at: 20m", "web.scenario.yaml:7:"},
		{"no steps", "steps:", "stages:", `"stages"`},
		{"half a file", "expect: {reason: MetricStale}", "expect: {rea", "web.scenario.yaml:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := DecodeScenario("web.scenario.yaml", []byte(strings.Replace(story, tt.from, tt.to, 1)))
			var said []string
			for _, p := range problems {
				said = append(said, p.String())
			}
			if text := strings.Join(said, "\n"); !strings.Contains(text, tt.want) {
				t.Errorf("says %q, want %q in it", text, tt.want)
			}
		})
	}
}

func FuzzScenario(f *testing.F) {
	f.Add(story)
	f.Fuzz(func(t *testing.T, text string) {
		s, problems := DecodeScenario("s.scenario.yaml", []byte(text))
		if len(problems) > 0 {
			return
		}
		for i, step := range s.Steps {
			if i > 0 && step.At < s.Steps[i-1].At {
				t.Errorf("let a step at %s through after one at %s", step.At, s.Steps[i-1].At)
			}
			for _, m := range step.Metrics {
				if (m.Status == engine.OK) != (m.Value != nil) {
					t.Errorf("let through: %+v", m)
				}
			}
		}
	})
}
