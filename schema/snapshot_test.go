package schema

import (
	"reflect"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

func ptr(n float64) *float64 { return &n }

func TestDecodeSnapshot(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	cases := []struct {
		name, file, text string
		want             SnapshotService
	}{
		{
			name: "short", file: "s.json",
			text: `{"at":"2026-01-01T00:00:00Z","services":{"backend":{"replicas":{"current":2,"ready":2},"metrics":{"cpu_usage":85,"memory_usage":{"value":40,"age_seconds":900}}}}}`,
			want: SnapshotService{
				Line: 1, Replicas: engine.Replicas{Current: 2, Ready: 2},
				Metrics: map[string]engine.Reading{
					"cpu_usage":    {Status: engine.OK, Value: ptr(85)},
					"memory_usage": {Status: engine.OK, Value: ptr(40), AgeSeconds: 900},
				},
			},
		},
		{
			name: "everything", file: "s.yaml",
			text: `
at: "2026-01-01T00:00:00Z"
services:
  backend:
    replicas: {current: 3, starting: 1}
    metrics:
      a: {value: 1, previous: 2, age_seconds: 3, samples: 4, reporting: 5, slope_per_minute: -6, forecast: 7}
      b: {status: stale, value: 8}
      c: {}
    history:
      last_action: scale_up
      seconds_since_scale: 60
      success_rate: 0.5
      events: [{at: "2026-01-01T00:00:00Z", action: scale_up, from: 1, to: 3, result: succeeded}]
    state: {cooldown_left: 3m, paused: lunch, rollout: a container is being recreated}
`,
			want: SnapshotService{
				Line: 4, Replicas: engine.Replicas{Current: 3, Ready: 2, Starting: 1},
				Metrics: map[string]engine.Reading{
					"a": {Status: engine.OK, Value: ptr(1), Previous: ptr(2), AgeSeconds: 3, Samples: 4, Reporting: 5, SlopePerMinute: ptr(-6), Forecast: ptr(7)},
					"b": {Status: engine.Stale},
					"c": {Status: engine.Missing},
				},
				History: &engine.History{LastAction: engine.ScaleUp, SecondsSinceScale: ptr(60), SuccessRate: 0.5,
					Events: []engine.Past{{At: at, Action: engine.ScaleUp, From: 1, To: 3, Result: engine.Succeeded}}},
				CooldownUp: 3 * time.Minute, CooldownDown: 3 * time.Minute,
				Paused: true, PauseReason: "lunch", Rollout: "a container is being recreated",
			},
		},
		{
			name: "computed", file: "s.cue",
			text: `at: "2026-01-01T00:00:00Z", services: backend: {replicas: current: 3, metrics: cpu: 4*20, state: {paused: true, cooldown_left: down: "90s"}, history: {}}`,
			want: SnapshotService{
				Line:         1,
				Replicas:     engine.Replicas{Current: 3, Ready: 3},
				Metrics:      map[string]engine.Reading{"cpu": {Status: engine.OK, Value: ptr(80)}},
				History:      &engine.History{LastAction: engine.Hold, SuccessRate: 1, Events: []engine.Past{}},
				CooldownDown: 90 * time.Second, Paused: true,
			},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, problems := DecodeSnapshot(c.file, []byte(c.text))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if want := (SnapshotFile{At: at, Services: map[string]SnapshotService{"backend": c.want}}); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestDecodeSnapshotProblems(t *testing.T) {
	service := func(inside string) string {
		return `{"at": "2026-01-01T00:00:00Z", "services": {"web": {` + inside + `}}}`
	}
	cases := []struct {
		name, file, text string
		want             []string
	}{
		{"text as a value", "s.json", service(`"replicas": {"current": 1}, "metrics": {"cpu": "85"}`), []string{
			`s.json:1:100: error: services.web.metrics.cpu is "85"; allowed: a number, or a struct with value, status, age_seconds …; write it without quotes`}},
		{"a status in the place of a value", "s.json", service(`"replicas": {"current": 1}, "metrics": {"cpu": "stale"}`), []string{
			`s.json:1:100: error: services.web.metrics.cpu is "stale"; allowed: a number, or a struct with value, status, age_seconds …; did you mean {status: "stale"}?`}},
		{"text inside", "s.json", service(`"replicas": {"current": 1}, "metrics": {"cpu": {"value": "x", "vlaue": 3}}`), []string{
			`s.json:1:110: error: services.web.metrics.cpu.value is "x"; allowed: a finite number`,
			`s.json:1:116: error: unknown field "vlaue" in services.web.metrics.cpu; did you mean "value"?`}},
		{"NaN in JSON", "s.json", service(`"replicas": {"current": 1}, "metrics": {"cpu": NaN}`), []string{
			"s.json:1:100: error: not JSON: invalid character 'N' looking for beginning of value"}},
		{"NaN in YAML", "s.yaml", "at: 2026-01-01T00:00:00Z\nservices: {web: {replicas: {current: 1}, metrics: {cpu: .nan, mem: -.inf}}}", []string{
			"s.yaml:2:57: error: NaN is not a number that can be used; allowed: a finite number",
			"s.yaml:2:68: error: Inf is not a number that can be used; allowed: a finite number"}},
		{"infinite", "s.json", service(`"replicas": {"current": 1}, "metrics": {"cpu": 1e999}`), []string{
			"s.json:1:100: error: 1e999 is not a number that can be used; allowed: a finite number"}},
		{"ok without a value", "s.json", service(`"replicas": {"current": 1}, "metrics": {"cpu": {"status": "ok"}}`), []string{
			`s.json:1:100: error: services.web.metrics.cpu is ok without a value; write a value, or status: "missing"`}},
		{"more ready than current", "s.json", service(`"replicas": {"current": 1, "ready": 2}`), []string{
			"s.json:1:65: error: services.web.replicas: current is 1; allowed: ready and starting that together are at most that"}},
		{"no replicas", "s.json", service(``), []string{
			"s.json:1:46: error: services.web.replicas is missing; allowed: a struct with current, ready, starting"}},
		{"no time", "s.json", `{"services": {}}`, []string{
			`s.json:1:1: error: at is missing; allowed: a time in RFC 3339, such as "2026-01-01T00:00:00Z"`}},
		{"another time", "s.json", `{"at": "noon", "services": {}}`, []string{
			`s.json:1:8: error: at is "noon"; allowed: a time in RFC 3339, such as "2026-01-01T00:00:00Z"`}},
		{"a list", "s.json", `[]`, []string{"s.json:1:1: error: the file is a list; allowed: a struct with at, services"}},
		{"cut off", "s.json", `{"at": `, []string{"s.json:1:7: error: not JSON: unexpected end of JSON input"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, problems := DecodeSnapshot(c.file, []byte(c.text))
			var got []string
			for _, p := range problems {
				got = append(got, p.String())
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func FuzzSnapshot(f *testing.F) {
	f.Add(`{"at":"2026-01-01T00:00:00Z","services":{"a":{"replicas":{"current":2},"metrics":{"cpu":85,"mem":{"value":40}}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		s, problems := DecodeSnapshot("s.json", []byte(text))
		if len(problems) > 0 {
			return
		}
		for _, service := range s.Services {
			if n := service.Replicas; n.Ready < 0 || n.Starting < 0 || n.Ready+n.Starting > n.Current {
				t.Errorf("let through: %+v", n)
			}
			for _, m := range service.Metrics {
				if (m.Status == engine.OK) != (m.Value != nil) {
					t.Errorf("let through: %+v", m)
				}
			}
		}
	})
}
