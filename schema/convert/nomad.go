package convert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What Nomad's autoscaler does where nothing is written: https://developer.hashicorp.com/nomad/tools/autoscaling/policy
const (
	nomadInterval  = 10 * time.Second
	nomadCooldown  = 5 * time.Minute
	nomadTolerance = 0.01
	nomadWindow    = time.Minute
)

// labelled is a block, or an object of the JSON form, with the name that it has.
type labelled struct {
	label string
	*node
}

// blocks are those of a name: check "cpu" { … } in HCL, "check": [{"cpu": [{…}]}] in the JSON that Nomad makes of it.
func (n *node) blocks(name string) []labelled {
	var found []labelled
	for _, f := range n.each() {
		switch {
		case f.name != name:
		case len(f.value.labels) > 0:
			found = append(found, labelled{f.value.labels[0], f.value})
		default:
			for _, outer := range f.value.list() {
				for _, inner := range outer.each() {
					for _, value := range inner.value.list() {
						found = append(found, labelled{inner.name, value})
					}
				}
			}
		}
	}
	return found
}

// list is a list's elements, or the value alone.
func (n *node) list() []*node {
	if n == nil || n.kind == list {
		return n.all()
	}
	return []*node{n}
}

// either is a field by the name that it has in HCL, or by that of the JSON form.
func (n *node) either(name string) *node {
	if v := n.get(name); v != nil {
		return v
	}
	return n.get(strings.ToUpper(name[:1]) + name[1:])
}

// nomad converts the scaling blocks of a job, and those that stand alone.
func (c *conversion) nomad(d *node) {
	before := len(c.policies) + len(c.problems)
	if job := d.get("Job"); job != nil {
		d = job
	}
	for _, g := range d.get("TaskGroups").all() {
		if s := g.get("Scaling"); s != nil {
			c.nomadPolicy(s, d.get("ID"), g.get("Name").word(), d.get("ID").word()+"-"+g.get("Name").word())
		}
	}
	for _, job := range d.blocks("job") {
		for _, group := range job.blocks("group") {
			for _, f := range group.each() {
				if f.name == "scaling" {
					c.nomadPolicy(f.value, job.node, group.label, job.label+"-"+group.label)
				}
			}
			for _, task := range group.blocks("task") {
				for _, s := range task.blocks("scaling") {
					c.remark("", s.node, NoEqual, "scaling %s of the task %s, which changes its resources; flyball changes the number of replicas", short(s.label), short(task.label))
				}
			}
		}
	}
	for _, s := range d.blocks("scaling") {
		service := s.label
		for _, target := range s.get("policy").blocks("target") {
			if group := target.either("group"); group != nil {
				service = group.text
			}
		}
		c.nomadPolicy(s.node, nil, service, s.label)
	}
	if len(c.policies)+len(c.problems) == before {
		c.refuse(d, "no group of this job has a scaling block with a policy; allowed: job, group, scaling, policy, check")
	}
}

func (c *conversion) nomadPolicy(s, job *node, service, name string) {
	before := len(c.problems)
	rules := s.either("policy")
	if rules != nil && rules.kind == list && len(rules.items) == 1 {
		rules = rules.items[0]
	}
	if !isName(service) {
		c.refuse(s, "the group %q is no service; allowed: %s", short(service), serviceWords)
	}
	floor, _ := c.whole(s.either("min"), "min", 0, 10000, 1)
	ceiling := s.either("max")
	if ceiling == nil {
		c.refuse(s, "max is missing; allowed: a whole number from 1 to 10000")
	}
	highest, _ := c.whole(ceiling, "max", 1, 10000, 1)
	if len(c.problems) > before {
		return
	}
	p := c.add(s, name)
	if job != nil {
		p.noEqual(&p.top, job, "the job; the policy scales a Docker Compose service that is called as the group is, or with target: driver: \"swarm\" one of a Swarm")
	}
	p.top.line("%s", pair("service", service))
	p.bounds(orElse(s.either("min"), s), floor, highest)
	for _, t := range rules.blocks("target") {
		if !strings.HasPrefix(t.label, "nomad") {
			p.refuse(t.node, "target %s scales something else than a service; allowed: nomad-target", short(t.label))
		}
	}
	n := &nomadChecks{policy: p, asked: map[string]string{}}
	for _, check := range rules.blocks("check") {
		n.check(check)
	}
	if !p.decides && len(c.problems) == before {
		c.refuse(s, "policy %s: none of its checks has an equal, so there is nothing to decide with", p.name)
	}
	p.bottom.line("strategy: %s", n.strategy())
	p.nomadPace(rules, s)
	p.unread(&p.bottom, rules, "policy.", "evaluation_interval", "cooldown", "cooldown_on_scale_up", "check", "target")
	p.nomadSwitch(s)
	if len(c.problems) > before {
		p.drop()
	}
}

func (p *policy) nomadPace(rules, at *node) {
	cooldown := p.lasting(rules.get("cooldown"), "policy.cooldown", 0, nomadCooldown)
	up := p.lasting(rules.get("cooldown_on_scale_up"), "policy.cooldown_on_scale_up", 0, cooldown)
	p.bottom.line("")
	p.bottom.line("%s", pair("evaluationInterval", lasts(p.lasting(rules.get("evaluation_interval"), "policy.evaluation_interval", time.Second, nomadInterval))))
	if cooldown > 0 {
		p.differs(&p.bottom, orElse(rules.get("cooldown"), at), "Nomad waits for the cooldown after any change; here scaling up need not wait after a scale-down")
	}
	p.bottom.line("%s", pair("cooldownPeriod", lasts(cooldown)))
	if up != cooldown {
		p.bottom.line("cooldown: {%s}", pair("up", lasts(up)))
	}
}

// nomadSwitch keeps what the file says. Where it says nothing a person turns the policy on.
func (p *policy) nomadSwitch(s *node) {
	switch enabled := s.either("enabled"); {
	case enabled == nil:
		p.off(s)
	case enabled.kind == boolean:
		p.bottom.line("enabled: %s", enabled.text)
	default:
		p.refuse(enabled, "enabled is %s; allowed: true, false", enabled)
	}
}

// lasting is a duration such as "1m", within what flyball allows.
func (c *conversion) lasting(n *node, path string, least, unwritten time.Duration) time.Duration {
	if n == nil {
		return unwritten
	}
	d, err := time.ParseDuration(n.text)
	if ns, whole := n.real(); whole && n.kind == number { // the JSON form has nanoseconds
		d, err = time.Duration(min(ns, 1e18)), nil
	}
	if err != nil || d < least || d > 168*time.Hour || n.kind == open {
		c.refuse(n, "%s is %s; allowed: a duration from %s to 168h, such as \"1m\"", path, n, lasts(least))
		return unwritten
	}
	return d
}

// nomadChecks are those of one policy.
type nomadChecks struct {
	*policy
	asked       map[string]string // the metric of a question
	follow, far bool              // there is a target, there are bands
}

func (n *nomadChecks) strategy() string {
	switch {
	case n.follow && n.far:
		return `["target_tracking", "step"]`
	case n.far:
		return `"step"`
	}
	return `"target_tracking"`
}

func (n *nomadChecks) check(check labelled) {
	path := "check " + short(check.label)
	query := check.get("query")
	strategies := check.blocks("strategy")
	if query == nil && len(strategies) == 1 && strategies[0].label != "fixed-value" || len(strategies) != 1 {
		n.refuse(check.node, "%s takes a query and one strategy", path)
		return
	}
	n.unread(&n.metrics, check.node, path+".", "source", "query", "query_window", "strategy")
	s := strategies[0]
	switch s.label {
	case "target-value", "pass-through", "threshold":
	default:
		n.noEqual(&n.thresholds, s.node, "the strategy %s of %s; for a fixed number write it as minReplicas and maxReplicas, or as a window of schedule", short(s.label), path)
		return
	}
	metric, ok := n.metric(check, query, s.label)
	if !ok {
		return
	}
	switch s.label {
	case "target-value":
		n.targetValue(s, metric, path)
	case "pass-through":
		n.follow = true
		n.thresholds.comment("The metric is the number of replicas itself.")
		n.policy.target(metric, 1, 0)
	case "threshold":
		n.band(s, metric, path)
	}
}

// metric adds the signal that a check asks for, once.
func (n *nomadChecks) metric(check labelled, query *node, strategy string) (string, bool) {
	source := cmp.Or(check.get("source").word(), "nomad-apm")
	window := n.lasting(check.get("query_window"), "query_window", time.Second, nomadWindow)
	scope := "independent" // a ratio on the replicas there are, whatever is asked
	if strategy == "pass-through" {
		scope = "total"
	}
	key := fmt.Sprint(source, "\x00", query.text, "\x00", window, scope)
	if name, ok := n.asked[key]; ok {
		return name, true
	}
	var name string
	switch source {
	case "nomad-apm":
		how, kind, ok := apm(query.text)
		if !ok {
			n.without(query, "the query %s of nomad-apm; Docker gives cpu and memory", query)
			return "", false
		}
		n.differs(&n.metrics, query, "%s is of what Nomad allocates or the node has, and of what the replica may use at most here", query)
		name = n.signal(kind + "_usage")
		n.metrics.entry(pair("name", name), pair("type", kind), pair("source", "system"), pair("aggregation", how), pair("window", lasts(window)))
	case "prometheus":
		name = n.signal(check.label)
		n.metrics.entry(pair("name", name), pair("type", "custom"), pair("source", n.prometheus(query)), pair("query", query.text),
			pair("scope", scope), pair("aggregation", "last"), pair("window", hpaWindow))
	default:
		n.without(check.get("source"), "the source %s; flyball asks Prometheus, Redis, SQL and JSON over HTTP, or has values pushed", check.get("source"))
		return "", false
	}
	n.asked[key] = name
	return name, true
}

// apm reads a query of nomad-apm such as avg_cpu-allocated, or taskgroup_avg_cpu/GROUP/JOB.
func apm(query string) (how, kind string, ok bool) {
	query, _, _ = strings.Cut(strings.TrimPrefix(query, "taskgroup_"), "/")
	how, kind, _ = strings.Cut(query, "_")
	kind = strings.TrimSuffix(kind, "-allocated")
	return how, kind, slices.Contains([]string{"avg", "max", "min", "sum"}, how) && (kind == "cpu" || kind == "memory")
}

func (n *nomadChecks) targetValue(s labelled, metric, path string) {
	value, ok := n.quantity(s.get("target"), path+".target")
	if s.get("target") == nil {
		n.refuse(s.node, "%s.target is missing; allowed: a number above 0", path)
	}
	tolerance := nomadTolerance
	if t := s.get("threshold"); t != nil {
		f, number := t.real()
		if !number || f < 0 || f > 1 {
			n.refuse(t, "%s.threshold is %s; allowed: a number from 0 to 1", path, t)
			return
		}
		tolerance = f
	}
	if !ok {
		return
	}
	n.follow = true
	n.unread(&n.thresholds, s.node, path+".", "target", "threshold")
	n.policy.target(metric, value, tolerance)
}

// band is a step up above the lower bound, or a step down below the upper one.
func (n *nomadChecks) band(s labelled, metric, path string) {
	delta := s.get("delta")
	by, whole := delta.real()
	if delta == nil {
		n.noEqual(&n.thresholds, s.node, "%s: percentage and value; a band adds or removes a number of replicas, as delta does", path)
		return
	}
	if !whole || by == 0 || by != float64(int(by)) || by < -10000 || by > 10000 {
		n.refuse(delta, "%s.delta is %s; allowed: a whole number, not 0", path, delta)
		return
	}
	bound, beyond, word, act := "lower_bound", "upper_bound", "above", "add"
	if by < 0 {
		bound, beyond, word, act, by = beyond, bound, "below", "remove", -by
	}
	at, ok := s.get(bound).real()
	if !ok || at < -most || at > most {
		n.refuse(orElse(s.get(bound), s.node), "%s.%s is missing or no number; a delta of %s needs it", path, bound, delta.text)
		return
	}
	if other := s.get(beyond); other != nil {
		n.differs(&n.thresholds, other, "%s %s of %s: a band has one bound; of several that hold the furthest one does", beyond, other, path)
	}
	n.unread(&n.thresholds, s.node, path+".", "delta", "lower_bound", "upper_bound")
	n.far, n.decides = true, true
	n.thresholds.entry(pair("metric", metric), fmt.Sprintf("bands: [{%s: %s, %s: %d}]", word, amount(at), act, int(by)))
}
