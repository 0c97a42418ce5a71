package schema

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

func TestBriefFile(t *testing.T) {
	set, err := Decode("policies.json", []byte(briefFile), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := "policies.json:26:25: warning: cooldownPeriod: 300 is 5h; for seconds write \"300s\" [bare-number]\n" +
		"policies.json:27:29: warning: evaluationInterval: 120 is 2h; for seconds write \"120s\" [bare-number]\n" +
		"policy backend-production-scaling on backend from policies.json:3\n"
	if got := tell(set); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	p := set.Policies[0]
	if p.Cooldown != (engine.UpDown{Up: 5 * time.Hour, Down: 5 * time.Hour}) || p.EvaluationInterval != 2*time.Hour || p.Metrics[0].Window != 5*time.Minute {
		t.Errorf("bare numbers are minutes: %+v", p)
	}
}

func TestDefaults(t *testing.T) {
	set, err := Decode("body.json", []byte(briefBody), nil)
	if err != nil || len(set.Problems) > 0 || len(set.Policies) != 1 {
		t.Fatal(set.Problems, err)
	}
	got := set.Policies[0]
	if len(got.Revision) != 12 {
		t.Errorf("revision %q", got.Revision)
	}
	got.Revision = ""
	want := engine.Policy{
		Name: "custom-policy", Service: "backend", Target: engine.Place{Driver: "compose"}, Mode: engine.Live,
		MinReplicas: 1, MaxReplicas: 5, ScaleUpBy: 1, ScaleDownBy: 1,
		Metrics: []engine.Metric{{
			Name: "cpu_usage", Type: "cpu", Source: "system", Service: "backend", Aggregation: "avg", Window: 5 * time.Minute,
			StaleAfter: 10 * time.Minute, Weight: 1, Scope: engine.PerReplica, OnMissing: "hold",
		}},
		Thresholds:         []engine.Threshold{{Metric: "cpu_usage", ScaleUp: 70, ScaleDown: 25, Comparison: engine.GreaterThan}},
		Strategies:         []string{"threshold"},
		EvaluationInterval: 2 * time.Minute,
		Cooldown:           engine.UpDown{Up: 5 * time.Minute, Down: 5 * time.Minute},
		Rollout:            engine.Rollout{MinReady: 10 * time.Second, Drain: engine.Drain{Timeout: 30 * time.Second}},
		File:               "body.json:1",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestEveryField(t *testing.T) {
	set, err := Load("testdata/every-field.cue", nil)
	if err != nil || len(set.Problems) > 0 || len(set.Policies) != 1 {
		t.Fatal(set.Problems, err)
	}
	got := set.Policies[0]
	got.Revision = ""
	if len(got.Metrics[0].Origin) != 8 {
		t.Errorf("origin %q", got.Metrics[0].Origin)
	}
	got.Metrics[0].Origin = ""
	want := engine.Policy{
		Name: "shop", Service: "web", Target: engine.Place{Driver: "compose-cli", Project: "store"}, Enabled: true, Mode: engine.Shadow,
		MinReplicas: 2, MaxReplicas: 9, ScaleUpBy: 2, ScaleDownBy: 1, MaxStep: 3,
		Metrics: []engine.Metric{{
			Name: "wait", Type: "response_time", Source: "prometheus", Service: "proxy", Query: "histogram_quantile(0.9, wait_bucket)", Aggregation: "p95",
			Window: 90 * time.Second, StaleAfter: 4 * time.Minute, Weight: 0.5, Scope: engine.Total, OnMissing: "ignore", Floor: 3,
		}, {
			Name: "load", Type: "custom", Source: "custom", Service: "web", Expr: "wait / replicas.ready", Aggregation: "avg",
			Window: 5 * time.Minute, StaleAfter: 10 * time.Minute, Weight: 1, Scope: engine.PerReplica, OnMissing: "hold",
		}, {
			Name: "mood", Type: "custom", Source: "custom", Service: "web", Rule: "shop.metrics.mood", Aggregation: "avg",
			Window: 5 * time.Minute, StaleAfter: 10 * time.Minute, Weight: 1, Scope: engine.Independent, OnMissing: "hold",
		}},
		Thresholds: []engine.Threshold{{Metric: "wait", ScaleUp: 5, ScaleDown: 12.5, Comparison: engine.LessThan}},
		Targets:    []engine.Target{{Metric: "wait", Value: 8, Tolerance: 0.2}, {Metric: "load", Value: 3, Tolerance: 0.1}},
		Bands: []engine.Bands{{Metric: "load", Bands: []engine.Band{
			{Above: new(90.0), Add: 3}, {Above: new(70.0), Add: 1}, {Below: new(25.5), Remove: 2},
		}}},
		Strategies: []string{"threshold", "target_tracking", "step", "schedule", "predictive", "shop.checkout"},
		Schedule: []engine.Window{{
			Name: "office", Days: []time.Weekday{time.Monday, time.Sunday}, From: 8 * time.Hour, To: 20*time.Hour + 30*time.Minute,
			Zone: zone(t, "Europe/Prague"), MinReplicas: 4, MaxReplicas: 20, Prewarm: 10 * time.Minute,
		}, {
			Name: "00:00 to 24:00 UTC", Dates: []string{"2026-11-27", "2028-02-29"}, To: 24 * time.Hour, Zone: zone(t, "UTC"), Pause: "no changes during the sale",
		}},
		Rates: engine.Rates{
			Up:   engine.Pace{Limits: []engine.Rate{{Replicas: 4, Period: 15 * time.Second}, {Percent: 100, Period: time.Minute}}},
			Down: engine.Pace{Limits: []engine.Rate{{Percent: 10, Period: time.Minute}}, Least: true},
		},
		Forecast:           engine.Forecast{Season: 168 * time.Hour, Horizon: 20 * time.Minute},
		MinConfidence:      0.25,
		EvaluationInterval: 30 * time.Second,
		Cooldown:           engine.UpDown{Up: time.Minute, Down: 10 * time.Minute},
		Stabilization:      engine.UpDown{Up: 20 * time.Second, Down: 5 * time.Minute},
		Rollout: engine.Rollout{
			ReadyDeadline: 2 * time.Minute, MinReady: 5 * time.Second, Warmup: 30 * time.Second, DrainDelay: 15 * time.Second,
			Drain: engine.Drain{HTTP: &engine.Call{Method: "PUT", Port: 8080, Path: "/drain?now"}, Timeout: 20 * time.Second},
		},
		File: "testdata/every-field.cue:13",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	memory := 256
	wantConfig := Config{MaxTotalReplicas: 50, MinAvailableMemoryMB: &memory, DockerHost: "tcp://docker:2375", StorePath: "flyball.db",
		SocketPath: "flyball.sock", LogLevel: "debug", LogFormat: "json", SampleDays: 7, RollupDays: 90, Sources: []Source{
			{Name: "app", Type: "push", Timeout: 5 * time.Second, AtOnce: 4},
			{Name: "broker", Type: "http", URL: "http://rabbit:15672/api/queues", Token: Secret{Env: "RABBIT_TOKEN"}, Timeout: 5 * time.Second, AtOnce: 4},
			{Name: "business", Type: "scrape", Port: 9102, Path: "/internal/metrics", Token: Secret{File: "/run/secrets/scrape"}, Timeout: 5 * time.Second, AtOnce: 4},
			{Name: "cache", Type: "redis", URL: "rediss://redis:6379/2", Password: Secret{File: "/run/secrets/redis"}, Timeout: 5 * time.Second, AtOnce: 4},
			{Name: "database", Type: "sql", Driver: "postgres", DSN: Secret{Env: "DATABASE_DSN"}, Timeout: 5 * time.Second, AtOnce: 4},
			{Name: "prometheus", Type: "prometheus", URL: "https://prometheus:9090/", Username: "flyball",
				Password: Secret{Env: "PROMETHEUS_PASSWORD"}, Timeout: 3 * time.Second, AtOnce: 8},
		}}
	if !reflect.DeepEqual(set.Config, wantConfig) {
		t.Errorf("got %+v, want %+v", set.Config, wantConfig)
	}
}

func zone(t *testing.T, name string) engine.Zone {
	t.Helper()
	z, err := engine.ParseZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// A policy comes out of its JSON, as the ledger keeps it, as it went in.
func TestPolicyAsJSON(t *testing.T) {
	set, err := Load("testdata/every-field.cue", nil)
	if err != nil || len(set.Policies) != 1 {
		t.Fatal(set.Problems, err)
	}
	text, err := json.Marshal(set.Policies[0])
	if err != nil {
		t.Fatal(err)
	}
	var got engine.Policy
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, set.Policies[0]) {
		t.Errorf("got  %+v\nwant %+v", got, set.Policies[0])
	}
}

func TestRevision(t *testing.T) {
	read := func(text string) engine.Policy {
		set, err := Decode("a.json", []byte(text), nil)
		if err != nil || len(set.Policies) != 1 {
			t.Fatal(set.Problems, err)
		}
		return set.Policies[0]
	}
	plain := read(briefBody)
	if moved := read("\n\n" + briefBody); moved.Revision != plain.Revision || moved.File == plain.File {
		t.Error("the revision depends on where a policy stands")
	}
	if spelt := read(strings.Replace(briefBody, `"enabled": false`, `"cooldownPeriod": "5m"`, 1)); spelt.Revision != plain.Revision {
		t.Error("a default that is written out changes the revision")
	}
	if other := read(strings.Replace(briefBody, "70", "71", 1)); other.Revision == plain.Revision {
		t.Error("a changed bound keeps the revision")
	}
}

func TestShippedPolicies(t *testing.T) {
	set, err := Load("../policies", nil)
	if err != nil || len(set.Problems) > 0 {
		t.Fatal(set.Problems, err)
	}
	var names []string
	for _, p := range set.Policies {
		names = append(names, p.Name)
		if p.Enabled {
			t.Errorf("%s is enabled", p.Name)
		}
	}
	if want := []string{"backend-auto-scale", "ml-auto-scale"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}

// The numbers of the default policies are those of the brief.
func TestDefaultPoliciesAreTheBriefs(t *testing.T) {
	set, err := Load("../policies", nil)
	if err != nil || len(set.Policies) != 2 {
		t.Fatal(set.Problems, err)
	}
	type bounds struct{ up, down float64 }
	for i, want := range []struct {
		service                string
		least, most            int
		cooldown, evaluation   time.Duration
		thresholds             map[string]bounds
		scaleUpBy, scaleDownBy int
	}{
		{"backend", 1, 5, 5 * time.Minute, 2 * time.Minute, map[string]bounds{"cpu_usage": {70, 20}, "memory_usage": {80, 30}, "request_rate": {100, 20}}, 1, 1},
		{"ml", 1, 3, 10 * time.Minute, 5 * time.Minute, map[string]bounds{"queue_length": {10, 2}, "failure_rate": {5, 1}}, 1, 1},
	} {
		p := set.Policies[i]
		got := want
		got.service, got.least, got.most, got.evaluation = p.Service, p.MinReplicas, p.MaxReplicas, p.EvaluationInterval
		got.cooldown, got.scaleUpBy, got.scaleDownBy = p.Cooldown.Up, p.ScaleUpBy, p.ScaleDownBy
		got.thresholds = map[string]bounds{}
		for _, th := range p.Thresholds {
			got.thresholds[th.Metric] = bounds{th.ScaleUp, th.ScaleDown}
			if th.Comparison != engine.GreaterThan {
				t.Errorf("%s: %s is compared by %s", p.Name, th.Metric, th.Comparison)
			}
		}
		if !reflect.DeepEqual(got, want) || p.Cooldown.Down != want.cooldown || p.Enabled {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestKinds(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"rules/a.rego", "rules/a_test.rego", "a.scenario.yaml", ".b.rego", "cue.mod/c.rego"} {
		write(t, dir+"/"+name, []byte("package a"))
	}
	set, err := Load(dir, nil)
	if err != nil || len(set.Rules) != 1 || len(set.Tests) != 1 || len(set.Scenarios) != 1 || len(set.Files) != 3 ||
		set.Rules[0].Path != dir+"/rules/a.rego" || string(set.Rules[0].Text) != "package a" {
		t.Errorf("%+v %v", set, err)
	}
}

// Another server under the name of a source is another signal, and another revision of the policy; another deadline is not.
func TestOrigin(t *testing.T) {
	read := func(source string) engine.Policy {
		t.Helper()
		text := strings.Replace(briefBody, `"source": "system"`, `"source": "prom", "query": "up"`, 1)
		set, err := Decode("a.json", []byte(`{"config": {"sources": {"prom": `+source+`}}, "policies": [`+text+`]}`), nil)
		if err != nil || len(set.Policies) != 1 {
			t.Fatal(set.Problems, err)
		}
		return set.Policies[0]
	}
	one := read(`{"type": "prometheus", "url": "http://a:9090"}`)
	slower := read(`{"type": "prometheus", "url": "http://a:9090", "timeout": "20s"}`)
	other := read(`{"type": "prometheus", "url": "http://b:9090"}`)
	if one.Metrics[0].Signal() != slower.Metrics[0].Signal() || one.Revision != slower.Revision {
		t.Error("another timeout is another signal")
	}
	if one.Metrics[0].Signal() == other.Metrics[0].Signal() || one.Revision == other.Revision {
		t.Error("another server is the same signal")
	}
}
