package convert

import (
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
