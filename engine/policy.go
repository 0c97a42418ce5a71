// Package engine holds flyball's nouns: policy, snapshot, recommendation, decision, state, event. They are values
// only, made of the standard library only. What is done with them lives in the packages around: rego recommends,
// engine/guard decides, engine/control runs the cycle, engine/target acts.
package engine

import (
	"hash/fnv"
	"io"
	"strconv"
	"strings"
	"time"
)

// MostReplicas is the largest number that a policy or a person may name.
const MostReplicas = 10000

// Policy is what an author wrote for one service, checked by the schema and with every default filled in.
type Policy struct {
	Name    string `json:"name"`
	Service string `json:"service"`
	Target  Place  `json:"target"`
	Enabled bool   `json:"enabled"`
	Mode    Mode   `json:"mode"`

	MinReplicas int `json:"minReplicas"` // at least 1
	MaxReplicas int `json:"maxReplicas"`
	ScaleUpBy   int `json:"scaleUpBy"`   // replicas that the threshold strategy adds
	ScaleDownBy int `json:"scaleDownBy"` // replicas that the threshold strategy removes
	MaxStep     int `json:"maxStep"`     // most replicas one decision adds or removes; 0: no limit

	Metrics []Metric `json:"metrics"`
	// What the author writes under thresholds, by form.
	Thresholds []Threshold `json:"thresholds"`
	Targets    []Target    `json:"targets,omitempty"`
	Bands      []Bands     `json:"bands,omitempty"`

	// Strategies are Rego packages under flyball.strategy, and the author's own. Of several answers the highest wins.
	Strategies         []string      `json:"strategies"`
	Schedule           []Window      `json:"schedule,omitempty"`
	Rates              Rates         `json:"rates,omitzero"`
	Forecast           Forecast      `json:"forecast,omitzero"`
	MinConfidence      float64       `json:"minConfidence"` // 0..1; a recommendation below it is held
	EvaluationInterval time.Duration `json:"evaluationInterval"`
	Cooldown           UpDown        `json:"cooldown"`
	Stabilization      UpDown        `json:"stabilization"`
	Rollout            Rollout       `json:"rollout"`

	File     string `json:"file"`     // where the author wrote it, file:line
	Revision string `json:"revision"` // content hash of the policy as checked
}

// Mode says whether a policy's decisions are applied (live) or only recorded (shadow).
type Mode string

const (
	Live   Mode = "live"
	Shadow Mode = "shadow"
)

// Place is where a policy's service runs.
type Place struct {
	Driver  string `json:"driver"`  // compose, compose-cli, swarm, sim
	Project string `json:"project"` // the Compose project or the stack; empty: found by the driver
}

// UpDown is a length of time for each direction.
type UpDown struct {
	Up   time.Duration `json:"up"`
	Down time.Duration `json:"down"`
}

// Rollout says how long a new replica may take and when it counts.
type Rollout struct {
	ReadyDeadline time.Duration `json:"readyDeadline"` // 0: computed from the health check
	MinReady      time.Duration `json:"minReady"`      // running this long is ready, where there is no health check
	Warmup        time.Duration `json:"warmup"`        // perReplica samples of a younger replica are ignored
	Drain         Drain         `json:"drain"`         // told to a replica before it is stopped
	DrainDelay    time.Duration `json:"drainDelay"`    // wait between that and the stop
}

// Drain is the hook by which a replica learns that it is about to be stopped, and which ends once it is free to go: a
// command run in it, or a request sent to it. With neither there is no hook.
type Drain struct {
	Exec    []string      `json:"exec,omitempty"`
	HTTP    *Call         `json:"http,omitempty"`
	Timeout time.Duration `json:"timeout"` // a hook that takes longer has failed, and the replica stays
}

// Call is a request to a replica, at its own address; or about it, to another service of its project.
type Call struct {
	Service string `json:"service,omitempty"` // whose replicas are asked, with the address of the one that goes in the query
	Method  string `json:"method"`
	Port    int    `json:"port"`
	Path    string `json:"path"` // with the query, where there is one
}

// Metric is a named signal of a policy.
type Metric struct {
	Name        string        `json:"name"`
	Type        string        `json:"type"`
	Source      string        `json:"source"`
	Origin      string        `json:"origin,omitempty"` // tells one set-up of the source from another; absent: it is not set up
	Service     string        `json:"service"`          // whose signal; the policy's own service unless written
	Query       string        `json:"query,omitempty"`
	Expr        string        `json:"expr,omitempty"` // of a custom metric: how it is computed from the others
	Rule        string        `json:"rule,omitempty"` // of a custom metric: the author's Rego rule that computes it
	Aggregation string        `json:"aggregation"`    // avg, max, min, sum, last, p50, p90, p95, p99, rate
	Window      time.Duration `json:"window"`
	StaleAfter  time.Duration `json:"staleAfter"`
	Weight      float64       `json:"weight"`
	Scope       Scope         `json:"scope"`
	OnMissing   string        `json:"onMissing"` // hold, ignore
	Floor       int           `json:"floor"`     // replicas to hold at least while the metric is not ok; 0: none
}

// Scope says how a metric answers to the number of replicas.
type Scope string

const (
	PerReplica  Scope = "perReplica"  // shared out over the replicas, such as cpu
	Total       Scope = "total"       // the whole service's, such as a request rate
	Independent Scope = "independent" // neither, such as memory or latency
)

// Comparison names how a threshold reads its metric.
type Comparison string

const (
	GreaterThan      Comparison = "greater_than"
	LessThan         Comparison = "less_than"
	PercentageChange Comparison = "percentage_change"
)

// Threshold is the pair of bounds that a metric is compared with. Crossing is strict.
type Threshold struct {
	Metric     string     `json:"metric"`
	ScaleUp    float64    `json:"scaleUp"`
	ScaleDown  float64    `json:"scaleDown"`
	Comparison Comparison `json:"comparison"`
}

// Target is what a metric is to be held at: by each replica where its scope is perReplica or independent, and for each
// replica, as its share, where it is the whole service's.
type Target struct {
	Metric    string  `json:"metric"`
	Value     float64 `json:"target"`    // above 0
	Tolerance float64 `json:"tolerance"` // 0.1: within 10 % of the target nothing is to be done
}

// Bands say how far to go for how much of a metric.
type Bands struct {
	Metric string `json:"metric"`
	Bands  []Band `json:"bands"`
}

// Band is one of them: past Above so many replicas are added, under Below so many are removed.
type Band struct {
	Above  *float64 `json:"above,omitempty"`
	Below  *float64 `json:"below,omitempty"`
	Add    int      `json:"add,omitempty"`
	Remove int      `json:"remove,omitempty"`
}

// Edges are the highest value under which a band removes, and the lowest above which one adds; nil where none does.
func (b Bands) Edges() (below, above *float64) {
	for _, band := range b.Bands {
		if band.Below != nil && (below == nil || *band.Below > *below) {
			below = band.Below
		}
		if band.Above != nil && (above == nil || *band.Above < *above) {
			above = band.Above
		}
	}
	return below, above
}

// Rates limit what the changes of a period add up to, by direction.
type Rates struct {
	Up   Pace `json:"up,omitzero"`
	Down Pace `json:"down,omitzero"`
}

// Pace is the limits of one direction. Of several the one that allows the most holds or, with Least, the one that allows
// the least.
type Pace struct {
	Limits []Rate `json:"limits,omitempty"`
	Least  bool   `json:"least,omitempty"`
}

// Rate is one limit: so many replicas, or so many percent of those at the beginning of the period.
type Rate struct {
	Replicas int           `json:"replicas,omitempty"`
	Percent  int           `json:"percent,omitempty"`
	Period   time.Duration `json:"period"`
}

// Forecast says how the seasonal forecast of a metric is made.
type Forecast struct {
	Season  time.Duration `json:"season"`  // after which the load repeats itself
	Horizon time.Duration `json:"horizon"` // how far ahead it looks
}

// Service names a policy's service among those of all targets. compose and compose-cli are two ways to one service.
func (p Place) Service(name string) string {
	return strings.TrimSuffix(p.Driver, "-cli") + "/" + p.Project + "/" + name
}

// Subject names whose state the policy's is: in live mode the service's, which keeps its cooldown and its open event
// when its policy is renamed or replaced; in shadow mode the policy's own.
func (p Policy) Subject() string { return subject(p.Mode, p.Name, p.Target, p.Service) }

func subject(mode Mode, policy string, at Place, service string) string {
	if mode == Shadow {
		return "shadow/" + policy
	}
	return "live/" + at.Service(service)
}

// Computed says that the metric has no samples of its own: it is computed from what the others read.
func (m Metric) Computed() bool { return m.Expr != "" || m.Rule != "" }

// Seasonal says whether a seasonal forecast can be made of a metric: what the whole service has to do, as it was sampled. The
// samples of a counter are no load, and what replicas sampled one by one is of the replicas of then.
func (m Metric) Seasonal() bool {
	return m.Scope == Total && !m.Computed() && m.Aggregation != "rate"
}

// Signal names what is measured, as far as the policy tells: samples of one signal are no evidence of another.
func (m Metric) Signal() string {
	h := fnv.New64a()
	counter := ""
	if m.Aggregation == "rate" { // whose samples are kept in another way
		counter = m.Aggregation
	}
	for _, part := range []string{m.Type, m.Source, m.Origin, m.Service, m.Query, m.Expr, m.Rule, counter} {
		_, _ = io.WriteString(h, part) // a hash never fails
		_, _ = h.Write([]byte{0})
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

// Metric finds a metric of the policy by name.
func (p Policy) Metric(name string) (Metric, bool) {
	for _, m := range p.Metrics {
		if m.Name == name {
			return m, true
		}
	}
	return Metric{}, false
}
