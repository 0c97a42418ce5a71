package convert

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/schema"
)

// What is converted without a problem is a sound policy, whatever stands in the manifest.
func TestConvertedLoads(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.cue")
	rapid.Check(t, func(t *rapid.T) {
		manifest := rapid.SampledFrom([]func(*rapid.T) map[string]any{drawHPA, drawScaledObject, drawJob}).Draw(t, "form")(t)
		text, err := json.Marshal(manifest)
		if err != nil {
			t.Fatal(err)
		}
		got, err := File("in.json", text, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got.CUE == "" {
			if len(got.Problems) == 0 {
				t.Fatal("nothing is converted, and nobody says why")
			}
			return
		}
		if err := os.WriteFile(file, []byte(got.CUE), 0o644); err != nil {
			t.Fatal(err)
		}
		set, err := schema.Load(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range set.Errors() {
			t.Errorf("%s\n%s\n%s", p, text, got.CUE)
		}
	})
}

func drawHPA(t *rapid.T) map[string]any {
	target := func() map[string]any {
		return some(t, map[string]any{"averageUtilization": value(t), "averageValue": value(t), "value": value(t)})
	}
	metric := func() map[string]any {
		kind := rapid.SampledFrom([]string{"Resource", "Pods", "Object", "External", "ContainerResource"}).Draw(t, "type")
		of := map[string]any{
			"name":   rapid.SampledFrom([]string{"cpu", "memory"}).Draw(t, "resource"),
			"metric": map[string]any{"name": word(t), "selector": map[string]any{"matchLabels": map[string]any{word(t): word(t)}}},
			"target": target(),
		}
		return map[string]any{"type": kind, strings.ToLower(kind[:1]) + kind[1:]: of}
	}
	rules := func() map[string]any {
		return some(t, map[string]any{
			"stabilizationWindowSeconds": rapid.IntRange(0, 4000).Draw(t, "window"),
			"selectPolicy":               rapid.SampledFrom([]string{"Max", "Min", "Disabled"}).Draw(t, "select"),
			"tolerance":                  rapid.SampledFrom([]any{"50m", 0.5, "0"}).Draw(t, "tolerance"),
			"policies": []any{map[string]any{"type": rapid.SampledFrom([]string{"Pods", "Percent"}).Draw(t, "limit"),
				"value": rapid.IntRange(0, 20000).Draw(t, "value"), "periodSeconds": rapid.IntRange(0, 2000).Draw(t, "period")}},
		})
	}
	return map[string]any{"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": map[string]any{"name": word(t)},
		"spec": map[string]any{
			"scaleTargetRef": map[string]any{"name": "web", "kind": word(t)},
			"minReplicas":    rapid.IntRange(0, 5).Draw(t, "min"), "maxReplicas": rapid.IntRange(3, 20).Draw(t, "max"),
			"metrics":  []any{metric(), metric()},
			"behavior": some(t, map[string]any{"scaleUp": rules(), "scaleDown": rules()}),
			word(t):    word(t),
		}}
}

func drawScaledObject(t *rapid.T) map[string]any {
	address := func() string {
		return rapid.SampledFrom([]string{"http://", "redis:6379", "amqp://a:b@", "HTTPS://u@h?x", ""}).Draw(t, "address") + word(t)
	}
	trigger := func() map[string]any {
		return map[string]any{
			"type":       rapid.SampledFrom([]string{"prometheus", "redis", "redis-streams", "rabbitmq", "cron", "cpu", "memory", "mysql", "postgresql", "x"}).Draw(t, "type"),
			"metricType": rapid.SampledFrom([]string{"AverageValue", "Value", "Utilization"}).Draw(t, "metricType"),
			"metadata": some(t, map[string]any{
				"query": word(t), "serverAddress": address(), "address": address(), "host": address(), "listName": word(t), "stream": word(t),
				"queueName": word(t), "vhostName": word(t), "passwordFromEnv": word(t), "username": word(t), "connectionFromEnv": word(t),
				"databaseIndex": word(t), "threshold": value(t), "listLength": value(t), "value": value(t), "targetQueryValue": value(t), "queryValue": value(t),
				"timezone": rapid.SampledFrom([]string{"UTC", "Local", "Europe/Prague", "x"}).Draw(t, "zone"),
				"start":    rapid.SampledFrom([]string{"0 8 * * 1-5", "5 22 * * *", "* * * * *"}).Draw(t, "start"),
				"end":      rapid.SampledFrom([]string{"0 8 * * *", "30 18 * * mon-fri", "0 2 * * 2-6"}).Draw(t, "end"), "desiredReplicas": fmt.Sprint(rapid.IntRange(0, 30).Draw(t, "desired")),
			}),
		}
	}
	return map[string]any{"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": map[string]any{"name": word(t)},
		"spec": map[string]any{
			"scaleTargetRef": map[string]any{"name": "web"}, "maxReplicaCount": rapid.IntRange(1, 20).Draw(t, "max"),
			"triggers": []any{trigger(), trigger(), trigger()},
			"fallback": map[string]any{"replicas": rapid.IntRange(0, 30).Draw(t, "fallback")},
		}}
}

func drawJob(t *rapid.T) map[string]any {
	check := func() map[string]any {
		strategy := rapid.SampledFrom([]string{"target-value", "threshold", "pass-through", "fixed-value"}).Draw(t, "strategy")
		return map[string]any{word(t): []any{map[string]any{
			"source": rapid.SampledFrom([]string{"prometheus", "nomad-apm", "datadog"}).Draw(t, "source"),
			"query":  rapid.SampledFrom([]string{"avg_cpu", "max_memory-allocated", "up"}).Draw(t, "query"),
			"strategy": []any{map[string]any{strategy: []any{some(t, map[string]any{
				"target": value(t), "threshold": value(t), "delta": rapid.IntRange(-20000, 20000).Draw(t, "delta"), "lower_bound": value(t), "upper_bound": value(t),
			})}}},
		}}}
	}
	span := rapid.SampledFrom([]any{"0s", "1ns", "90s", 5e9, "200h"})
	return map[string]any{"Job": map[string]any{"ID": word(t), "TaskGroups": []any{map[string]any{"Name": "web", "Scaling": map[string]any{
		"Min": rapid.IntRange(0, 3).Draw(t, "min"), "Max": rapid.IntRange(2, 9).Draw(t, "max"),
		"Policy": some(t, map[string]any{
			"cooldown": span.Draw(t, "cooldown"), "evaluation_interval": span.Draw(t, "interval"), "check": []any{check(), check()},
		}),
	}}}}}
}

// some leaves fields out.
func some(t *rapid.T, all map[string]any) map[string]any {
	kept := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if rapid.IntRange(0, 9).Draw(t, "keep "+name) > 0 {
			kept[name] = all[name]
		}
	}
	return kept
}

func word(t *rapid.T) string {
	return rapid.OneOf(rapid.StringMatching(`[a-z][a-z0-9./-]{0,8}`), rapid.String()).Draw(t, "word")
}

func value(t *rapid.T) any {
	return rapid.SampledFrom([]any{1, 60, 80.5, "500m", "10k", "3Gi", "0", -1, "1e300", "x", 1e-9}).Draw(t, "value")
}
