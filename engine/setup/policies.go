package setup

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
)

// Policies is policies.cue: a policy for each service that can scale.
func Policies(a Application) string {
	var names []string
	for _, file := range a.Files {
		names = append(names, filepath.Base(file))
	}
	can := a.Scalable()
	worker := "" // the first of them; the others need no word of explanation
	if i := slices.IndexFunc(can, func(s Service) bool { return s.Port == 0 }); i >= 0 {
		worker = can[i].Name
	}
	return fill(policiesText, struct {
		Files, Worker, Entrance string
		Services                []Service
	}{strings.Join(names, " and "), worker, a.Entrance(), can})
}

// Config is flyball.cue: how flyball itself is set up.
func Config(a Application) string {
	total := 20 // as the schema has it
	held := 0
	for _, s := range a.Scalable() {
		held += s.Min
	}
	for _, s := range a.Scalable() {
		total = max(total, held-s.Min+s.Max) // else a policy's bound is out of reach
	}
	return fill(configText, total)
}

// Scenario is the first story about a policy: what it should do when the load rises and falls.
func Scenario(s Service) string { return fill(scenarioText, s) }

// fill has a text with values in it; both are of this package.
func fill(text string, with any) string {
	var out strings.Builder
	t := template.Must(template.New("").Funcs(template.FuncMap{
		"label": label, "cpus": CPUs, "add": func(a, b int) int { return a + b }, "digits": func(n int) int { return len(strconv.Itoa(n)) },
	}).Parse(text))
	if err := t.Execute(&out, with); err != nil {
		panic(fmt.Sprintf("setup: %v", err))
	}
	return out.String()
}

// plain is a name that neither CUE nor YAML takes for anything else.
var plain = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]*$`)

// label is a service's name as a field of CUE, or a text of YAML: in quotes where it might be taken for something else.
func label(name string) string {
	switch strings.ToLower(name) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n", "package", "import", "for", "in", "if", "let":
		return fmt.Sprintf("%q", name)
	}
	if plain.MatchString(name) {
		return name
	}
	return fmt.Sprintf("%q", name)
}

const policiesText = `package autoscaling

import "flyball.dev/schema"

// With this line plain ` + "`cue vet`" + ` and an editor hold every policy to the schema; flyball itself does so without it.
policies: [string]: schema.#Policy

// A policy for each service that can scale, of {{.Files}}.
// There is one replica more while they use over 70 % of their CPU limit, and one less under 25 %. Two that share the load of
// one at 70 % are at 35 %, so that a step up is never taken back at once. These are a beginning, and yours now. Nothing
// happens before autoscaling is on: flyball enable.
{{- range .Services}}

policies: {{label .Name}}: {
	service: {{printf "%q" .Name}}
	enabled: true

	minReplicas: {{if gt .Min 1}}{{printf "%-*d" (digits .Max) .Min}} // as many as the file asks for{{else}}{{.Min}}{{end}}
	maxReplicas: {{.Max}} // {{.Bound}}
{{if eq .Name $.Worker}}
	// It has no port, so it may be a worker: its CPU says little about how much work waits, and the length of its queue
	// says it better. Where that is a list in Redis, have in flyball.cue
	//	config: sources: jobs: {type: "redis", url: "redis://redis:6379/0"}
	// and here, beside the CPU, among metrics and thresholds
	//	{name: "waiting", type: "queue_length", source: "jobs", query: "LLEN celery"}
	//	{metric: "waiting", scaleUp: 100, scaleDown: 10}
{{- else if not .Port}}
	// No port either: as with {{$.Worker}}, the length of a queue may say more than the CPU.
{{- end}}
	metrics: [{
		name:   "cpu_usage"
		type:   "cpu"
		source: "system" // Docker: percent of a replica's limit, {{cpus .Limit}}
		window: "1m"
	}]
	thresholds: [{metric: "cpu_usage", scaleUp: 70, scaleDown: 25}]

	evaluationInterval: "30s"
	cooldownPeriod:     "5m"
{{- if .Routes}}

	// The balancer is told which replica goes, and that one then has this long for the answers that it has begun.
	rollout: {
		drain: http: {service: {{printf "%q" $.Entrance}}, port: 8404, path: "/leave"}
		drainDelay: "10s"
	}
{{- end}}
}
{{- end}}
`

const configText = `package autoscaling

import "flyball.dev/schema"

config: schema.#Config

// How flyball itself is set up. Flags and the environment win over it.
config: limits: {
	maxTotalReplicas:     {{printf "%-3d" .}} // over all services
	minAvailableMemoryMB: 512 // that must stay free on the Docker host
}
`

const scenarioText = `# What the policy should do when the load of {{.Name}} rises and falls. Run it with: flyball test
policy: {{label .Name}}
at: 2026-01-01T09:00:00Z
replicas: {{.Min}}
steps:
  - at: 0s
    metrics: {cpu_usage: 85}
    expect: {action: scale_up, to: {{add .Min 1}}}
{{- if eq .Max (add .Min 1)}}
  - at: 30s # still busy, and as many as may be
    metrics: {cpu_usage: 80}
    expect: {action: hold, to: {{.Max}}}
{{- else}}
  - at: 30s # still busy, but the change is young
    metrics: {cpu_usage: 80}
    expect: {action: hold, reason: CooldownActive}
{{- end}}
  - at: 10m
    metrics: {cpu_usage: 10}
    expect: {action: scale_down, to: {{.Min}}}
  - at: 20m # nothing is known: nothing is done
    metrics: {}
    expect: {action: hold, reason: MetricMissing}
`
