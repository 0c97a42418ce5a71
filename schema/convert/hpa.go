package convert

import (
	"fmt"
	"strings"
)

// What the HPA does where nothing is written:
// https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#default-behavior
const (
	hpaSync      = 15  // seconds between two evaluations
	hpaUpWindow  = 0   // seconds
	hpaDown      = 300 // seconds
	hpaTolerance = 0.1
	hpaCPU       = 80 // percent, where there is no metric
)

// hpa converts a HorizontalPodAutoscaler of autoscaling/v2.
func (c *conversion) hpa(d *node) {
	if !c.version(d, "autoscaling/v2", "; kubectl get hpa.v2.autoscaling -o yaml writes it so") {
		return
	}
	before := len(c.problems)
	spec := d.get("spec")
	target := spec.get("scaleTargetRef")
	name := c.scaled(d, target)
	floor, _ := c.whole(spec.get("minReplicas"), "spec.minReplicas", 0, 10000, 1)
	ceiling := spec.get("maxReplicas")
	if ceiling == nil {
		c.refuse(orElse(spec, d), "spec.maxReplicas is missing; allowed: a whole number from 1 to 10000")
	}
	highest, _ := c.whole(ceiling, "spec.maxReplicas", 1, 10000, 1)
	if len(c.problems) > before {
		return
	}
	p := c.add(d.named("metadata", d), name)
	p.place(d, target)
	p.bounds(spec.get("minReplicas"), floor, highest)
	behavior := spec.get("behavior")
	tolerance := p.tolerance(behavior, "spec.behavior")
	metrics := spec.get("metrics")
	if len(metrics.all()) == 0 {
		p.metrics.comment(fmt.Sprintf("No metric is written: Kubernetes takes %d %% of the requested CPU.", hpaCPU))
		p.differs(&p.metrics, d, requested, hpaCPU)
		p.target(p.system("cpu"), hpaCPU, tolerance)
	}
	for i, m := range metrics.all() {
		p.hpaMetric(m, fmt.Sprintf("spec.metrics[%d]", i), tolerance)
	}
	if !p.decides && len(c.problems) == before {
		c.refuse(d, "policy %s: none of its metrics has an equal, so there is nothing to decide with", p.name)
	}
	p.bottom.line(`strategy: "target_tracking"`)
	p.pace()
	p.behavior(behavior, "spec.behavior")
	p.unread(&p.bottom, d, "", "apiVersion", "kind", "metadata", "spec", "status")
	p.unread(&p.bottom, spec, "spec.", "scaleTargetRef", "minReplicas", "maxReplicas", "metrics", "behavior")
	p.off(d)
	if len(c.problems) > before {
		p.drop()
	}
}

// scaled holds what is scaled to what flyball can call a service, and answers the policy's name.
func (c *conversion) scaled(d, target *node) string {
	service := target.get("name")
	switch {
	case service == nil:
		c.refuse(orElse(d.get("spec"), d), "spec.scaleTargetRef.name is missing; allowed: the name of the Deployment, which becomes the service")
	case !isName(service.text):
		c.refuse(service, "spec.scaleTargetRef.name is %s; allowed: %s", service, serviceWords)
	}
	if name := d.get("metadata").get("name"); name != nil {
		return name.text
	}
	return service.word()
}

// named is the node to speak of a name at.
func (n *node) named(outer string, otherwise *node) *node {
	if name := n.get(outer).get("name"); name != nil {
		return name
	}
	return otherwise
}

// place writes which service it is.
func (p *policy) place(d, target *node) {
	if space := d.get("metadata").get("namespace"); space != nil {
		p.noEqual(&p.top, space, "namespace %s; where several Compose projects have this service, write target: project", space)
	}
	if kind := target.get("kind"); kind != nil {
		p.noEqual(&p.top, kind, `a %s; the policy scales a Docker Compose service of this name, or with target: driver: "swarm" one of a Swarm`,
			short(kind.text))
	}
	p.top.line("%s", pair("service", target.get("name").text))
	p.unread(&p.top, target, "spec.scaleTargetRef.", "apiVersion", "kind", "name")
}

// bounds writes minReplicas and maxReplicas.
func (p *policy) bounds(at *node, floor, ceiling int) {
	if floor == 0 {
		p.differs(&p.top, at, "a minimum of 0 is 1 here: flyball neither scales to 0 nor starts what is stopped")
		floor = 1
	}
	if floor > ceiling {
		p.refuse(at, "the minimum of %d is above the maximum of %d; lower it", floor, ceiling)
	}
	p.top.line("minReplicas: %d", floor)
	p.top.line("maxReplicas: %d", ceiling)
}

// pace writes what the controller does anyway.
func (p *policy) pace() {
	p.bottom.line("")
	p.bottom.line("// As the HPA's controller does: a look every %d s, and no rest after a change.", hpaSync)
	p.bottom.line("%s", pair("evaluationInterval", seconds(hpaSync)))
	p.bottom.line("%s", pair("cooldownPeriod", "0s"))
}

// off leaves the policy to be turned on by a person.
func (p *policy) off(d *node) {
	p.bottom.line("")
	p.differs(&p.bottom, d, "it is at work where it comes from, and off here: look at the numbers, try it with mode: \"shadow\", then write enabled: true")
	p.bottom.line("enabled: false")
}

// tolerance is how far from the target nothing happens. flyball has one for both directions.
func (p *policy) tolerance(behavior *node, path string) float64 {
	up, down := behavior.get("scaleUp").get("tolerance"), behavior.get("scaleDown").get("tolerance")
	read := func(n *node, path string) float64 {
		if n == nil {
			return hpaTolerance
		}
		f, ok := quantity(n)
		if !ok || f < 0 || f > 1 {
			p.refuse(n, "%s is %s; allowed: a number from 0 to 1", path, n)
		}
		return f
	}
	above, below := read(up, path+".scaleUp.tolerance"), read(down, path+".scaleDown.tolerance")
	if above != below {
		at := up
		if at == nil {
			at = down
		}
		p.differs(&p.thresholds, at, "tolerance is %v up and %v down; flyball has one for both directions, and the smaller is written", above, below)
	}
	return min(above, below)
}

// behavior writes how fast the count may change.
func (p *policy) behavior(behavior *node, path string) {
	up, down := behavior.get("scaleUp"), behavior.get("scaleDown")
	p.unread(&p.bottom, behavior, path+".", "scaleUp", "scaleDown")
	p.bottom.line("")
	p.bottom.line("stabilization: {")
	p.window(up, path, "up", hpaUpWindow)
	p.window(down, path, "down", hpaDown)
	p.bottom.line("}")
	p.bottom.line("rates: {")
	upWhich := p.rates(up, path, "up", `{percent: 100, period: "15s"}`, `{replicas: 4, period: "15s"}`)
	downWhich := p.rates(down, path, "down", `{percent: 100, period: "15s"}`)
	p.bottom.line("select: {%s, %s}", pair("up", upWhich), pair("down", downWhich))
	p.bottom.line("}")
}

func (p *policy) window(rules *node, path, direction string, unwritten int) {
	path += "." + scale(direction)
	p.unread(&p.bottom, rules, path+".", "stabilizationWindowSeconds", "selectPolicy", "policies", "tolerance")
	n, _ := p.whole(rules.get("stabilizationWindowSeconds"), path+".stabilizationWindowSeconds", 0, 3600, unwritten)
	p.bottom.line("%s", pair(direction, seconds(n)))
}

func scale(direction string) string { return "scale" + strings.ToUpper(direction[:1]) + direction[1:] }

// rates writes how far a direction may go in a period, and answers which of several limits holds.
func (p *policy) rates(rules *node, path, direction string, unwritten ...string) string {
	path += "." + scale(direction)
	which := "most"
	switch s := rules.get("selectPolicy"); {
	case s.is("Min"):
		which = "least"
	case s.is("Disabled"):
		unwritten = []string{`{replicas: 0, period: "15s"}`}
	case s != nil && !s.is("Max"):
		p.refuse(s, "%s.selectPolicy is %s; allowed: Max, Min, Disabled", path, s)
	}
	limits := unwritten
	policies := rules.get("policies").all()
	if rules.get("selectPolicy").is("Disabled") {
		policies = nil
	}
	if len(policies) > 0 {
		limits = nil
	}
	for i, limit := range policies {
		path := fmt.Sprintf("%s.policies[%d]", path, i)
		value, ok := p.need(limit, path, "value", 10000)
		period, okPeriod := p.need(limit, path, "periodSeconds", 1800)
		unit := map[string]string{"Pods": "replicas", "Percent": "percent"}[limit.get("type").word()]
		if unit == "" {
			p.refuse(limit, "%s.type is missing or unknown; allowed: Pods, Percent", path)
		}
		if ok && okPeriod {
			limits = append(limits, fmt.Sprintf("{%s: %d, %s}", unit, value, pair("period", seconds(period))))
		}
		p.unread(&p.bottom, limit, path+".", "type", "value", "periodSeconds")
	}
	p.bottom.line("%s: [%s]", direction, strings.Join(limits, ", "))
	return which
}

// need reads a whole number that must be there.
func (p *policy) need(n *node, path, name string, largest int) (int, bool) {
	v := n.get(name)
	if v == nil {
		p.refuse(n, "%s.%s is missing; allowed: a whole number from 1 to %d", path, name, largest)
		return 0, false
	}
	return p.whole(v, path+"."+name, 1, largest, 0)
}

// unread remarks on fields that nothing was made of.
func (p *policy) unread(to *part, n *node, path string, read ...string) {
	if n == nil {
		return
	}
	for _, f := range n.fields {
		known := f.value.kind == null
		for _, r := range read {
			known = known || r == f.name
		}
		if !known {
			p.noEqual(to, f.at, "%s%s", path, short(f.name))
		}
	}
}
