package telemetry

import (
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/flyball-dev/flyball/engine"
)

// State is what is the case now.
type State struct {
	Version  string
	Reloaded time.Time // when the policies at work were read
	Reloads  bool      // the last ones that were read could be used
	Leads    bool
	Epoch    int64 // of the lease, as last heard; 0: the store is this daemon's alone

	Store *Store // nil: it does not answer

	Replicas    int // of the budget that are used
	MaxReplicas int // the budget

	Listeners int // clients that follow the stream of events

	Deliveries []Delivery

	Policies []Policy
}

// Store is what is in the store now.
type Store struct {
	Enabled bool // the global switch
	Paused  bool // all services
	Outbox  *Outbox
}

// Outbox is how many notifications wait, and how many were given up.
type Outbox struct{ Waiting, Dead int }

// Delivery is what came of the notifications of one receiver since the start.
type Delivery struct {
	Receiver  string
	Delivered int64
	Failed    int64 // attempts
	Dead      int64 // messages that were given up
	Folded    int64 // and that were summed up with others, since too many waited
}

// Policy is how one policy stands.
type Policy struct {
	Name    string
	Service string
	Mode    engine.Mode
	Enabled bool
	Min     int
	Max     int
	Work    *Work // nil: this daemon does not run it
}

// Work is how a policy stands that this daemon runs.
type Work struct {
	Every     time.Duration // the evaluation interval
	Evaluated time.Time     // the end of the last evaluation; where there was none, when it was taken up
	Acting    bool          // a change is being carried out
	Paused    bool          // its service is, or all are
	Last      *Last         // nil: nothing was decided yet
}

// Last is the last decision.
type Last struct {
	Replicas    int // there now
	Ready       int
	Recommended int // by the rules, or whoever asked in their place
	Wanted      int // that was decided
	Confidence  float64
	Metrics     []Metric
}

// Metric is how a metric stands.
type Metric struct {
	Name   string
	Status engine.Status
	Age    *float64 // seconds since its newest sample; nil: it has none
}

// statuses are all that a metric may have.
var statuses = []engine.Status{engine.OK, engine.Stale, engine.Missing, engine.Invalid}

// states makes metrics of what is the case when they are asked for.
type states struct{ now func() State }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("flyball_"+name, help, labels, nil)
}

var (
	buildInfo       = desc("build_info", "1, with the version of flyball and of the Go that it was built with.", "version", "go_version")
	reloaded        = desc("last_reload_success_timestamp_seconds", "When the policies at work were read.")
	reloads         = desc("last_reload_successful", "Whether the policies that were read last could be used: 1, or 0 where older ones stay at work.")
	policiesThere   = desc("policies", "Policies that are loaded.", "mode", "enabled")
	leads           = desc("leader", "Whether this daemon leads: 1 for the one that decides and acts.")
	epoch           = desc("leader_epoch", "The epoch of the lease as this daemon last heard of it; it rises with each change of the leader.")
	storeUp         = desc("store_up", "Whether the store answered when it was last asked.")
	enabled         = desc("autoscaling_enabled", "Whether autoscaling is on.")
	paused          = desc("paused", "Whether all services are paused.")
	outbox          = desc("outbox_messages", "Notifications that wait to be delivered, and those that were given up.", "state")
	budgetUsed      = desc("budget_replicas", "Replicas of all services that count against the budget, open raises with them.")
	budgetLimit     = desc("budget_replicas_limit", "Replicas that all services may have together.")
	listeners       = desc("sse_clients", "Clients that follow the stream of events now.")
	deliveries      = desc("deliveries_total", "Notifications by receiver and result: delivered, dead and folded ones, and attempts that failed.", "receiver", "result")
	replicasNow     = desc("replicas", "Replicas of the service now; for a policy in shadow mode those that it would have.", ofPolicy...)
	replicasReady   = desc("replicas_ready", "Replicas of the service that are ready.", ofPolicy...)
	replicasAdvised = desc("replicas_recommended", "Replicas that the rules recommended last, before the guard.", ofPolicy...)
	replicasWanted  = desc("replicas_wanted", "Replicas that were decided on last.", ofPolicy...)
	replicasMin     = desc("replicas_min", "The fewest replicas that the policy allows now.", ofPolicy...)
	replicasMax     = desc("replicas_max", "The most replicas that the policy allows now.", ofPolicy...)
	confidence      = desc("recommendation_confidence_ratio", "How sure the rules were of their last recommendation, from 0 to 1.", ofPolicy...)
	evaluated       = desc("last_evaluation_timestamp_seconds", "When the last evaluation ended; before the first one, when the policy was taken up.", ofPolicy...)
	interval        = desc("evaluation_interval_seconds", "Time from one evaluation of the policy to the next.", ofPolicy...)
	acting          = desc("change_under_way", "Whether a change of the service is being carried out, during which there is no evaluation.", ofPolicy...)
	servicePaused   = desc("service_paused", "Whether the service is paused, by itself or with all.", ofPolicy...)
	metricAge       = desc("metric_age_seconds", "Age of the newest sample of a metric.", append(ofPolicy, "metric")...)
	metricStatus    = desc("metric_status", "1 for the status that the metric has, 0 for the others.", append(ofPolicy, "metric", "status")...)
)

// Describe names all of them.
func (states) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		buildInfo, reloaded, reloads, policiesThere, leads, epoch, storeUp, enabled, paused, outbox, budgetUsed, budgetLimit, listeners, deliveries,
		replicasNow, replicasReady, replicasAdvised, replicasWanted, replicasMin, replicasMax, confidence, evaluated, interval, acting, servicePaused,
		metricAge, metricStatus,
	} {
		out <- d
	}
}

// Collect asks once and tells all.
func (s states) Collect(out chan<- prometheus.Metric) {
	now := s.now()
	tell := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	tell(buildInfo, 1, now.Version, runtime.Version())
	tell(reloaded, seconds(now.Reloaded))
	tell(reloads, truth(now.Reloads))
	tell(leads, truth(now.Leads))
	tell(epoch, float64(now.Epoch))
	tell(storeUp, truth(now.Store != nil))
	if now.Store != nil {
		tell(enabled, truth(now.Store.Enabled))
		tell(paused, truth(now.Store.Paused))
		if box := now.Store.Outbox; box != nil {
			tell(outbox, float64(box.Waiting), "waiting")
			tell(outbox, float64(box.Dead), "dead")
		}
	}
	tell(budgetUsed, float64(now.Replicas))
	tell(budgetLimit, float64(now.MaxReplicas))
	tell(listeners, float64(now.Listeners))
	for _, d := range now.Deliveries {
		for result, n := range map[string]int64{"delivered": d.Delivered, "failed": d.Failed, "dead": d.Dead, "folded": d.Folded} {
			out <- prometheus.MustNewConstMetric(deliveries, prometheus.CounterValue, float64(n), d.Receiver, result)
		}
	}
	type kind struct {
		mode engine.Mode
		on   bool
	}
	there := map[kind]int{{engine.Live, true}: 0, {engine.Live, false}: 0, {engine.Shadow, true}: 0, {engine.Shadow, false}: 0}
	for _, p := range now.Policies {
		there[kind{p.Mode, p.Enabled}]++
		p.tell(tell)
	}
	for k, n := range there {
		tell(policiesThere, float64(n), string(k.mode), strconv.FormatBool(k.on))
	}
}

func (p Policy) tell(tell func(d *prometheus.Desc, value float64, labels ...string)) {
	w := who{p.Name, p.Service, string(p.Mode)}
	own := w.labels()
	tell(replicasMin, float64(p.Min), own...)
	tell(replicasMax, float64(p.Max), own...)
	if p.Work == nil {
		return
	}
	tell(evaluated, seconds(p.Work.Evaluated), own...)
	tell(interval, p.Work.Every.Seconds(), own...)
	tell(acting, truth(p.Work.Acting), own...)
	tell(servicePaused, truth(p.Work.Paused), own...)
	last := p.Work.Last
	if last == nil {
		return
	}
	tell(replicasNow, float64(last.Replicas), own...)
	tell(replicasReady, float64(last.Ready), own...)
	tell(replicasAdvised, float64(last.Recommended), own...)
	tell(replicasWanted, float64(last.Wanted), own...)
	tell(confidence, last.Confidence, own...)
	for _, m := range last.Metrics {
		if m.Age != nil {
			tell(metricAge, *m.Age, w.labels(m.Name)...)
		}
		for _, status := range statuses {
			tell(metricStatus, truth(m.Status == status), w.labels(m.Name, string(status))...)
		}
	}
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// seconds is an instant as Prometheus writes it; 0: there is none.
func seconds(at time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return float64(at.UnixNano()) / 1e9
}
