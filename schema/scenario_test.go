package schema

import (
	"reflect"
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
	if s.Policy != "web" || s.Replicas.Ready != 2 || first.Line != 4 || first.Expect.Action != engine.ScaleUp || *first.Expect.To != 3 || first.Replicas != nil {
		t.Errorf("begins as %+v", s)
	}
	if second.At != 10*time.Minute || second.Replicas.Current != 1 || second.Expect.To != nil || second.Metrics["cpu_usage"].AgeSeconds != 900 {
		t.Errorf("goes on as %+v", second)
	}
}

func TestScenarioCodes(t *testing.T) {
	text := strings.Replace(story, "reason: MetricStale", "reason: MetricStale, noReason: AtMaximum", 1) +
		"must:\n  reasons: [WithinBounds]\n  never:\n    - RuleFailed\n    - Drift\n"
	s, problems := DecodeScenario("web.scenario.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	const file = "web.scenario.yaml"
	want := []ScenarioCode{
		{"MetricStale", "steps[1].expect.reason", file, 10, 22},
		{"AtMaximum", "steps[1].expect.noReason", file, 10, 45},
		{"WithinBounds", "must.reasons[0]", file, 12, 13},
		{"RuleFailed", "must.never[0]", file, 14, 7},
		{"Drift", "must.never[1]", file, 15, 7},
	}
	if !reflect.DeepEqual(s.Codes, want) {
		t.Errorf("got  %v\nwant %v", s.Codes, want)
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
		{"a status for a value", "cpu_usage: 85", "cpu_usage: stale", `did you mean {status: "stale"}?`},
		{"no value", "replicas: 1", "replicas:", "web.scenario.yaml:8:14: error: steps[1].replicas has no value; allowed: a whole number from 0 to 10000"},
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

const faults = `steps:
  - at: 0s
    until: 20m
    every: 30s
    starting: 1
    paused: the sale
    rollout: an update
    restart: machine
    outcome: rolled_back
    metrics: {cpu_usage: {from: 20, to: 90, reporting: 2}, queue_length: 3}
    expect: {noReason: Idle, confidence: {least: 0.5, most: 1}, replicas: 4}
  - at: 20m
    paused: true
must:
  final: 3
  neverAbove: 8
  neverBelow: 0
  noFlap: true
  changes: {least: 1, most: 4}
  reasons: [CooldownActive, Busy]
  never: [RuleFailed]
`

func TestDecodeFaults(t *testing.T) {
	s, problems := DecodeScenario("web.scenario.yaml", []byte(faults))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	two, n := 3.0, func(n int) *int { return &n }
	least, most, why, none := 0.5, 1.0, "the sale", ""
	want := []ScenarioStep{
		{
			Line: 2, Until: 20 * time.Minute, Every: 30 * time.Second, Starting: 1, Paused: &why, Rollout: "an update", Restart: "machine",
			Outcome: engine.RolledBack, Ramps: map[string]ScenarioRamp{"cpu_usage": {20, 90}},
			Expect: ScenarioExpect{NoReason: "Idle", Confidence: [2]*float64{&least, &most}, Replicas: n(4)},
		},
		{Line: 12, At: 20 * time.Minute, Paused: &none, Outcome: engine.Succeeded, Ramps: map[string]ScenarioRamp{}, Metrics: map[string]engine.Reading{}},
	}
	cpu := engine.Reads(20)
	cpu.Reporting = 2
	want[0].Metrics = map[string]engine.Reading{"cpu_usage": cpu, "queue_length": {Status: engine.OK, Value: &two}}
	if !reflect.DeepEqual(s.Steps, want) {
		t.Errorf("steps are %+v\nwant      %+v", s.Steps, want)
	}
	must := ScenarioMust{
		Line: 14, Final: n(3), NeverAbove: n(8), NeverBelow: n(0), NoFlap: 10 * time.Minute, Changes: [2]*int{n(1), n(4)},
		Reasons: []string{"CooldownActive", "Busy"}, Never: []string{"RuleFailed"},
	}
	if !reflect.DeepEqual(s.Must, must) {
		t.Errorf("must is %+v\nwant    %+v", s.Must, must)
	}
	for text, want := range map[string]time.Duration{"noFlap: 15m": 15 * time.Minute, "noFlap: false": 0, "noFlap: 2": 2 * time.Minute} {
		s, problems := DecodeScenario("web.scenario.yaml", []byte(strings.Replace(faults, "noFlap: true", text, 1)))
		if len(problems) > 0 || s.Must.NoFlap != want {
			t.Errorf("%s is %s, %v", text, s.Must.NoFlap, problems)
		}
	}
}

func TestFaultProblems(t *testing.T) {
	tests := []struct {
		name, from, to string // what is changed in the story
		want           string
	}{
		{"a pace without an end", "until: 20m", "", "web.scenario.yaml:4:12: error: steps[0].every has no end; write until beside it"},
		{"an end before the beginning", "until: 20m", "until: 0s", "web.scenario.yaml:3:12: error: steps[0].until is 0s, and the step begins at 0s; allowed: a later time"},
		{"a pace too quick", "every: 30s", "every: 10ms", `steps[0].every is "10ms"; allowed: a duration from 1s`},
		{"a stretch over the next step", "at: 20m", "at: 19m", "web.scenario.yaml:12:9: error: at is 19m, after a step at 20m"},
		{"half a ramp", "{from: 20, to: 90, reporting: 2}", "{from: 20}", "web.scenario.yaml:10:26: error: steps[0].metrics.cpu_usage has half a ramp; allowed: from and to together"},
		{"a ramp and a value", "reporting: 2", "value: 2", "has a ramp beside value or status; allowed: one of them"},
		{"a ramp in an instant", "    paused: true", "    metrics: {cpu_usage: {from: 1, to: 2}}", "steps[1].metrics.cpu_usage is a ramp, and the step is an instant; write until"},
		{"another outcome", "rolled_back", "rolledback", `steps[0].outcome is "rolledback"; allowed: succeeded, failed, rolled_back, partial; did you mean "rolled_back"?`},
		{"another restart", "restart: machine", "restart: true", "steps[0].restart is true; allowed: daemon, machine"},
		{"a code in small letters", "Busy]", "busy]", `must.reasons[1] is "busy"; allowed: a code in CamelCase`},
		{"another flap", "noFlap: true", "noFlap: often", `must.noFlap is "often"; allowed: true, false, or a duration from 1s to 168h`},
		{"a misspelt must", "neverAbove", "neverabove", `web.scenario.yaml:16:3: error: unknown field "neverabove" in must; did you mean "neverAbove"?`},
		{"more than sure", "most: 1}", "most: 1.5}", "steps[0].expect.confidence.most is 1.5; allowed: a number from 0 to 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := DecodeScenario("web.scenario.yaml", []byte(strings.Replace(faults, tt.from, tt.to, 1)))
			if len(problems) == 0 || !strings.Contains(problems[0].String(), tt.want) {
				t.Errorf("says %v, want %q first", problems, tt.want)
			}
		})
	}
	_, problems := DecodeScenario("web.scenario.yaml", []byte("steps: [{at: 0s}]"))
	if len(problems) != 1 || !strings.Contains(problems[0].String(), "web.scenario.yaml:1:1: error: nothing is expected; write expect in a step, or must") {
		t.Errorf("a story that can't fail: %v", problems)
	}
}

func FuzzScenario(f *testing.F) {
	f.Add(story)
	f.Add(faults)
	f.Fuzz(func(t *testing.T, text string) {
		s, problems := DecodeScenario("s.scenario.yaml", []byte(text))
		if len(problems) > 0 {
			return
		}
		for i, step := range s.Steps {
			if before := max(0, i-1); i > 0 && step.At < max(s.Steps[before].At, s.Steps[before].Until) {
				t.Errorf("let a step at %s through after %+v", step.At, s.Steps[before])
			}
			if step.Every != 0 && step.Every < time.Second || step.Until != 0 && step.Until <= step.At || len(step.Ramps) > 0 && step.Until == 0 {
				t.Errorf("let through: %+v", step)
			}
			for _, m := range step.Metrics {
				if (m.Status == engine.OK) != (m.Value != nil) {
					t.Errorf("let through: %+v", m)
				}
			}
		}
	})
}
