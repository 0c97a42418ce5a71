package schema

import (
	"fmt"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
)

const benchPolicy = `policies: "p%d": {
	service: "s%d", minReplicas: 1, maxReplicas: 8, scaleUpBy: 1, scaleDownBy: 1, maxStep: 2
	target: {driver: "compose", project: "shop"}
	metrics: [
		{name: "cpu_usage", type: "cpu", source: "system", aggregation: "avg", window: "5m", weight: 0.4},
		{name: "memory_usage", type: "memory", source: "system", aggregation: "p95", window: "5m", weight: 0.3},
		{name: "request_rate", type: "request_rate", source: "business", query: "requests", weight: 0.3},
	]
	thresholds: [
		{metric: "cpu_usage", scaleUp: 70, scaleDown: 20},
		{metric: "memory_usage", scaleUp: 80, scaleDown: 30},
		{metric: "request_rate", scaleUp: 100, scaleDown: 20, comparison: "greater_than"},
	]
	cooldown: {up: "3m", down: "10m"}, stabilization: {up: "0s", down: "5m"}
	rollout: {readyDeadline: "2m", minReady: "10s", warmup: "30s", drain: {exec: ["/drain"], timeout: "20s"}, drainDelay: "15s"}
	minConfidence: 0.2, evaluationInterval: "2m", enabled: true, mode: "shadow"
}
`

func benchText(n int) []byte {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, benchPolicy, i, i)
	}
	return []byte(b.String())
}

// BenchmarkValidate is a whole load: reading text, checking, plain Go values out.
func BenchmarkValidate(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f := []file{{path: "bench.cue", kind: cueFile, text: benchText(n)}}
			b.ReportAllocs()
			for b.Loop() {
				set, err := check(f, "", false, nil)
				if err != nil || len(set.Policies) != n {
					b.Fatal(err, set.Errors())
				}
			}
		})
	}
}

// BenchmarkVet is what `cue vet` does with the same text: one value, unified with the schema and validated.
func BenchmarkVet(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			text := "import \"flyball.dev/schema\"\npolicies: [string]: schema.#Policy\n" + string(benchText(n))
			u := unit{folder: b.TempDir(), files: []file{{path: "bench.cue", kind: cueFile, text: []byte(text)}}}
			b.ReportAllocs()
			for b.Loop() {
				book := &rulebook{ctx: cuecontext.New()}
				v, problems := book.buildWith(&importer{folder: u.folder, strict: true}, u)
				if err := v.Validate(cue.Concrete(true)); err != nil || len(problems) > 0 {
					b.Fatal(err, problems)
				}
			}
		})
	}
}
