package convert

import (
	"fmt"
)

// keda converts a ScaledObject. KEDA itself only goes from 0 to 1 and back; between 1 and the maximum it leaves the service to
// an HPA that it makes, so that is what is converted.
func (c *conversion) keda(d *node) {
	if !c.version(d, "keda.sh/v1alpha1", "") {
		return
	}
	before := len(c.problems)
	spec := d.get("spec")
	target := spec.get("scaleTargetRef")
	name := c.scaled(d, target)
	floor, _ := c.whole(spec.get("minReplicaCount"), "spec.minReplicaCount", 0, 10000, 0)
	ceiling, _ := c.whole(spec.get("maxReplicaCount"), "spec.maxReplicaCount", 1, 10000, 100)
	if len(spec.get("triggers").all()) == 0 {
		c.refuse(orElse(spec, d), "spec.triggers is missing or empty; allowed: a list of triggers")
	}
	if len(c.problems) > before {
		return
	}
	p := c.add(d.named("metadata", d), name)
	p.place(d, target)
	p.bounds(orElse(spec.get("minReplicaCount"), d), floor, ceiling)
	hpa := spec.get("advanced").get("horizontalPodAutoscalerConfig")
	const path = "spec.advanced.horizontalPodAutoscalerConfig"
	tolerance := p.tolerance(hpa.get("behavior"), path+".behavior")
	p.fallback(spec.get("fallback"), ceiling)
	for i, t := range spec.get("triggers").all() {
		p.trigger(t, i, ceiling, tolerance)
	}
	switch {
	case p.decides:
		p.bottom.line(`strategy: "target_tracking"`)
	case p.windows:
		p.bottom.line(`strategy: "schedule"`)
	case len(c.problems) == before:
		c.refuse(d, "policy %s: none of its triggers has an equal, so there is nothing to decide with", p.name)
	}
	p.pace()
	p.behavior(hpa.get("behavior"), path+".behavior")
	p.kedaRest(d, spec)
	p.off(d)
	if len(c.problems) > before {
		p.drop()
	}
}

// kedaRest remarks on what KEDA has and flyball has not.
func (p *policy) kedaRest(d, spec *node) {
	for _, f := range []struct{ name, why string }{
		{"pollingInterval", "is how often KEDA looks whether to leave 0; the HPA asks every 15 s, and so does this policy"},
		{"cooldownPeriod", "is how long KEDA waits before it goes to 0, which flyball never does; down from 2 or more waits stabilization.down"},
		{"initialCooldownPeriod", "is how long KEDA waits before it goes to 0, which flyball never does"},
		{"idleReplicaCount", "is the count while there is nothing to do; flyball keeps minReplicas"},
	} {
		if n := spec.get(f.name); n != nil {
			p.noEqual(&p.bottom, n, "%s %s %s", f.name, n, f.why)
		}
	}
	advanced := spec.get("advanced")
	if formula := advanced.get("scalingModifiers"); formula != nil {
		p.noEqual(&p.bottom, formula, "scalingModifiers; write the formula as the expr of a metric with source: \"custom\", and give that one the target alone")
	}
	for _, f := range d.get("metadata").get("annotations").each() {
		if f.name == "autoscaling.keda.sh/paused" || f.name == "autoscaling.keda.sh/paused-replicas" {
			p.noEqual(&p.bottom, f.at, "the annotation %s; it is off here anyway, and a schedule window with pause holds for a time", f.name)
		}
	}
	p.unread(&p.bottom, advanced, "spec.advanced.", "horizontalPodAutoscalerConfig", "scalingModifiers")
	p.unread(&p.bottom, advanced.get("horizontalPodAutoscalerConfig"), "spec.advanced.horizontalPodAutoscalerConfig.", "behavior", "name")
	p.unread(&p.bottom, spec, "spec.", "scaleTargetRef", "minReplicaCount", "maxReplicaCount", "triggers", "fallback", "advanced",
		"pollingInterval", "cooldownPeriod", "initialCooldownPeriod", "idleReplicaCount")
}

// fallback is how many replicas there are to be while a metric can't be read.
func (p *policy) fallback(f *node, ceiling int) {
	if f == nil {
		return
	}
	n, ok := p.whole(f.get("replicas"), "spec.fallback.replicas", 0, 10000, 0)
	if !ok || n == 0 {
		return
	}
	p.floor = min(n, ceiling)
	p.differs(&p.metrics, f, "fallback to %d replicas is a floor: with a metric that is not ok there are at least so many, and more stay; it holds at "+
		"once, not after failureThreshold", n)
	if b := f.get("behavior"); b != nil && !b.is("static") {
		p.noEqual(&p.metrics, b, "fallback.behavior %s", b)
	}
	p.unread(&p.metrics, f, "spec.fallback.", "replicas", "failureThreshold", "behavior")
}

// asked is how a trigger's metric is asked for, and what it is to be held at.
type asked struct {
	name   string // of the metric, where the trigger has none
	kind   string // the type of the metric
	source string
	query  string
	target *node   // where it stands; nil: it is not written
	want   float64 // what it is then; 0: it must be written
	field  string  // the name of target
}

func (p *policy) trigger(t *node, i, ceiling int, tolerance float64) {
	path := fmt.Sprintf("spec.triggers[%d]", i)
	p.unread(&p.metrics, t, path+".", "type", "name", "metadata", "metricType", "authenticationRef")
	m := t.get("metadata")
	k := &trigger{policy: p, node: t, meta: m, path: path + ".metadata"}
	switch kind := t.get("type"); {
	case kind == nil:
		p.refuse(t, "%s.type is missing; allowed: a trigger of KEDA, such as prometheus", path)
	case kind.is("cpu"), kind.is("memory"):
		k.resource(kind.text, tolerance)
	case kind.is("cron"):
		k.cron(ceiling)
	default:
		k.ask(tolerance)
	}
}

// trigger is one that is being converted.
type trigger struct {
	*policy
	node, meta *node
	path       string
	read       []string // the fields of meta that something was made of
}

// get is a field of the trigger's metadata.
func (k *trigger) get(name string) *node {
	k.read = append(k.read, name)
	return k.meta.get(name)
}

func (k *trigger) word(name string) string { return k.get(name).word() }

// rest remarks on what was not read.
func (k *trigger) rest(to *part) {
	k.unread(to, k.meta, k.path+".", k.read...)
	if auth := k.node.get("authenticationRef"); auth != nil {
		k.noEqual(to, auth, "the credentials of %s; write where they are under config: sources, such as password: env: \"NAME\"", short(auth.get("name").word()))
	}
}

// resource is the CPU or the memory, in percent of the request.
func (k *trigger) resource(kind string, tolerance float64) {
	value := k.get("value")
	how := orElse(k.node.get("metricType"), k.get("type"))
	if value == nil {
		k.refuse(k.node, "%s.value is missing; allowed: a percentage", k.path)
		return
	}
	if how != nil && !how.is("Utilization") {
		k.without(value, "%s as an absolute amount, %s a pod: Docker's is in percent", kind, value)
		return
	}
	percent, ok := k.quantity(value, k.path+".value")
	if !ok {
		return
	}
	if container := k.get("containerName"); container != nil {
		k.differs(&k.metrics, container, oneContainer, container)
	}
	k.rest(&k.metrics)
	k.differs(&k.metrics, value, requested, percent)
	k.target(k.system(kind), percent, tolerance)
}

// ask is a metric that somebody else is asked for.
func (k *trigger) ask(tolerance float64) {
	before := len(k.problems)
	a, ok := k.asked()
	if !ok {
		return
	}
	want, written := k.quantity(a.target, k.path+"."+a.field)
	if a.target == nil {
		if want = a.want; want == 0 {
			k.refuse(k.node, "%s.%s is missing; allowed: a number above 0", k.path, a.field)
		}
	} else if !written {
		return
	}
	if len(k.problems) > before {
		return
	}
	k.rest(&k.metrics)
	scope := "total" // AverageValue: a share for each replica
	if k.node.get("metricType").is("Value") {
		scope = "independent"
	}
	if named := k.node.get("name").word(); named != "" {
		a.name = named
	}
	name := k.signal(a.name)
	fields := []string{pair("name", name), pair("type", a.kind), pair("source", a.source), pair("query", a.query), pair("scope", scope),
		pair("aggregation", "last"), pair("window", hpaWindow)}
	if k.floor > 0 {
		fields = append(fields, "floor: "+amount(float64(k.floor)))
	}
	k.metrics.entry(fields...)
	k.target(name, want, tolerance)
}

// asked finds out whom to ask, and what.
func (k *trigger) asked() (asked, bool) {
	switch kind := k.node.get("type"); kind.word() {
	case "prometheus":
		return k.prometheus()
	case "redis":
		return k.redis("listName", "listLength", 5, "LLEN")
	case "redis-streams":
		return k.stream()
	case "rabbitmq":
		return k.rabbit()
	case "postgresql", "mysql":
		return k.sql(map[string]string{"postgresql": "postgres", "mysql": "mysql"}[kind.text])
	default:
		k.without(kind, "the trigger %s; where a Prometheus knows the number write a metric that asks it, else have it pushed (flyball push)", kind)
		return asked{}, false
	}
}

// must is a field of the metadata without which there is nothing to ask.
func (k *trigger) must(name, allowed string) string {
	if n := k.get(name); n != nil && n.text != "" {
		return n.text
	}
	k.refuse(k.node, "%s.%s is missing; allowed: %s", k.path, name, allowed)
	return ""
}
