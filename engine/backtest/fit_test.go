package backtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

func TestFitLeavesOutWhatTheModelDoesNotHave(t *testing.T) {
	metric := func(name, kind string) engine.Metric {
		return engine.Metric{Name: name, Type: kind, Service: "web", Aggregation: "avg", Window: time.Minute}
	}
	computed := func(name, expr string) engine.Metric {
		return engine.Metric{Name: name, Type: "custom", Service: "web", Expr: expr}
	}
	other := metric("front", "cpu")
	other.Service = "front"
	counter := metric("hits", "request_rate")
	counter.Aggregation = "rate"
	for name, tc := range map[string]struct {
		metrics   []engine.Metric
		constants map[string]float64
		kept      string // metrics that are decided by
		sampled   string
		notes     []string
		err       string
	}{
		"all that it has": {
			metrics: []engine.Metric{metric("cpu", "cpu"), metric("rate", "request_rate"), metric("line", "queue_length"), metric("wait", "response_time")},
			kept:    "cpu rate line wait", sampled: "cpu rate line wait",
		},
		"memory is not there": {
			metrics: []engine.Metric{metric("cpu", "cpu"), metric("memory_usage", "memory")},
			kept:    "cpu", sampled: "cpu",
			notes: []string{"memory_usage is left out: the model has no memory; --metric memory_usage=VALUE gives it a value"},
		},
		"a constant is": {
			metrics:   []engine.Metric{metric("cpu", "cpu"), metric("memory_usage", "memory")},
			constants: map[string]float64{"memory_usage": 40},
			kept:      "cpu memory_usage", sampled: "cpu memory_usage",
		},
		"another service's, and a counter": {
			metrics: []engine.Metric{metric("cpu", "cpu"), other, counter},
			kept:    "cpu", sampled: "cpu",
			notes: []string{"front is left out: it is of another service, front", "hits is left out: it is a counter"},
		},
		"computed from what there is": {
			metrics: []engine.Metric{metric("rate", "request_rate"), computed("each", "rate / replicas.ready")},
			kept:    "rate each", sampled: "rate",
		},
		"computed from what is not": {
			metrics: []engine.Metric{metric("cpu", "cpu"), metric("jobs", "disk"), computed("each", "jobs / replicas.ready"), computed("twice", "2 * each")},
			kept:    "cpu", sampled: "cpu",
			notes: []string{"jobs is left out: the model has no disk", "each is left out: it is computed from jobs", "twice is left out: it is computed from each"},
		},
		"nothing is left": {
			metrics: []engine.Metric{metric("memory_usage", "memory")},
			err:     "policy web has nothing left to decide with: memory_usage is left out: the model has no memory; --metric memory_usage=VALUE gives it a value",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := engine.Policy{Name: "web", Service: "web", Metrics: tc.metrics}
			for _, m := range tc.metrics {
				p.Thresholds = append(p.Thresholds, engine.Threshold{Metric: m.Name})
				p.Targets = append(p.Targets, engine.Target{Metric: m.Name})
				p.Bands = append(p.Bands, engine.Bands{Metric: m.Name})
			}
			fitted, sources, notes, err := fit(p, tc.constants)
			if tc.err != "" {
				if err == nil || err.Error() != tc.err {
					t.Fatalf("error %v, want %s", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var metrics, thresholds, targets, bands, sampled []string
			for i, m := range fitted.Metrics {
				metrics = append(metrics, m.Name)
				thresholds, targets, bands = append(thresholds, fitted.Thresholds[i].Metric), append(targets, fitted.Targets[i].Metric), append(bands, fitted.Bands[i].Metric)
			}
			for _, s := range sources {
				sampled = append(sampled, s.name)
				if v, given := tc.constants[s.name]; given != (s.constant != nil) || given && *s.constant != v {
					t.Errorf("%s is constant: %v, want %v", s.name, s.constant != nil, given)
				}
			}
			for what, got := range map[string][]string{"metrics": metrics, "thresholds": thresholds, "targets": targets, "bands": bands} {
				if fmt.Sprint(got) != fmt.Sprint(strings.Fields(tc.kept)) {
					t.Errorf("%s of %v, want of %s", what, got, tc.kept)
				}
			}
			if fmt.Sprint(sampled) != fmt.Sprint(strings.Fields(tc.sampled)) {
				t.Errorf("sampled are %v, want %s", sampled, tc.sampled)
			}
			if len(notes) != len(tc.notes) {
				t.Fatalf("notes %q, want %q", notes, tc.notes)
			}
			for i := range notes {
				if !strings.HasPrefix(notes[i], tc.notes[i]) {
					t.Errorf("note %q, want %q", notes[i], tc.notes[i])
				}
			}
			if len(p.Thresholds) != len(tc.metrics) {
				t.Error("the policy that was given is not as it was")
			}
		})
	}
}

func TestConstantsAreOfSomePolicy(t *testing.T) {
	of := func(names ...string) (e Entry) {
		for _, n := range names {
			e.Policy.Metrics = append(e.Policy.Metrics, engine.Metric{Name: n})
		}
		return e
	}
	entries := []Entry{of("cpu", "memory"), of("rate", "cpu")}
	if err := unknown(entries, map[string]float64{"memory": 1, "rate": 2}); err != nil {
		t.Error(err)
	}
	err := unknown(entries, map[string]float64{"memory": 1, "disk": 2})
	if want := `no policy has a metric "disk" to be constant; there is cpu, memory, rate`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
