package main

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

// rule is an alert rule as Prometheus has evaluated it.
type rule struct {
	Name, Health, LastError string
	State                   string // pending: it answers, and waits for as long as it is to last
	Alerts                  []struct{ Labels, Annotations map[string]string }
}

// rulesOf are those of a Prometheus, by name.
func rulesOf(t *testing.T, prometheus string) map[string]rule {
	t.Helper()
	var found struct {
		Data struct{ Groups []struct{ Rules []rule } }
	}
	fetch(t, nil, http.MethodGet, prometheus+"/api/v1/rules", "", "", &found)
	rules := map[string]rule{}
	for _, g := range found.Data.Groups {
		for _, r := range g.Rules {
			rules[r.Name] = r
		}
	}
	return rules
}

// A Prometheus by the config and the rules of examples/monitoring scrapes the daemon as a viewer. Every rule can be evaluated,
// and those answer that are to: of a daemon that lets nobody in, of a service at its maximum, of a metric that nobody pushes.
func TestLiveMonitoring(t *testing.T) {
	t.Parallel()
	metricstest.Program(t, "prometheus", "prometheus")
	const depth = `{name: "depth", type: "custom", source: "app", window: "5s"}`
	s := simulated(t, strings.NewReplacer("maxReplicas: 6", "maxReplicas: 2", "metrics: [", "metrics: ["+depth+", ").Replace(calmPolicy)+
		`config: sources: app: type: "push"`+"\n")
	s.run()
	address := strings.TrimPrefix(s.door(), "http://")
	s.flyball("scale", "web", "2")

	folder := t.TempDir()
	lay := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	example := func(name string) string {
		text, err := os.ReadFile(filepath.Join("..", "..", "examples", "monitoring", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	config := example("prometheus.yml")
	for is, wants := range map[string]string{": 15s": ": 2s", `"127.0.0.1:5001"`: `"` + address + `"`} {
		if !strings.Contains(config, is) {
			t.Fatalf("%s is not in prometheus.yml", is)
		}
		config = strings.ReplaceAll(config, is, wants)
	}
	lay("prometheus.yml", config+"  - {job_name: flyball-shut, static_configs: [{targets: ["+address+"]}]}\n")
	lay("alerts.yml", example("alerts.yml"))
	lay("flyball.token", s.flyball("token", "create", "monitoring", "--role", "viewer"))
	prometheus := metricstest.PrometheusIn(t, folder)

	answers := map[string]map[string]string{
		"FlyballDown":          {"job": "flyball-shut"},
		"FlyballAtMaximum":     {"job": "flyball", "service": "web"},
		"FlyballMetricMissing": {"job": "flyball", "metric": "depth"},
	}
	var rules map[string]rule
	s.until("the rules answer", func() bool {
		rules = rulesOf(t, prometheus)
		for name := range answers {
			if len(rules[name].Alerts) == 0 {
				return false
			}
		}
		return true
	})
	for name, r := range rules {
		if r.Health != "ok" {
			t.Errorf("%s is %s: %s", name, r.Health, r.LastError)
		}
		want, is := answers[name]
		if !is {
			continue
		}
		for label, value := range want {
			if len(r.Alerts) != 1 || r.Alerts[0].Labels[label] != value {
				t.Errorf("%s is about %v, want one with %s %s", name, r.Alerts, label, value)
			}
		}
	}
	s.mentions(rules["FlyballAtMaximum"].Alerts[0].Annotations["summary"], "service web has been at its maximum of 2")
	if len(rules) < 10 {
		t.Errorf("there are the rules %v", slices.Sorted(maps.Keys(rules)))
	}

	var targets struct {
		Data struct {
			ActiveTargets []struct {
				ScrapePool, Health, LastError string
			}
		}
	}
	fetch(t, nil, http.MethodGet, prometheus+"/api/v1/targets", "", "", &targets)
	for _, target := range targets.Data.ActiveTargets {
		switch shut := target.ScrapePool == "flyball-shut"; {
		case shut && (target.Health != "down" || !strings.Contains(target.LastError, "401")):
			t.Errorf("without a token the target is %s: %s", target.Health, target.LastError)
		case !shut && target.Health != "up":
			t.Errorf("with a token the target is %s: %s", target.Health, target.LastError)
		}
	}

	// A token that is revoked ends it.
	s.flyball("token", "revoke", "monitoring")
	s.until("both are down", func() bool { return len(rulesOf(t, prometheus)["FlyballDown"].Alerts) == 2 })
}
