package convert

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// The fields of the brief's form, which are all that there are.
var (
	briefPolicy = fields{
		"name": text, "service": text, "minReplicas": number, "maxReplicas": number, "metrics": list, "thresholds": list,
		"cooldownPeriod": span, "scaleUpBy": number, "scaleDownBy": number, "evaluationInterval": span, "enabled": boolean,
	}
	briefMetric    = fields{"name": text, "type": text, "source": text, "query": text, "aggregation": text, "window": span, "weight": number}
	briefThreshold = fields{"metric": text, "scaleUp": number, "scaleDown": number, "comparison": text}
)

// fields are the names that there may be, with what each holds.
type fields map[string]kind

// span is a duration: a bare number, or a text with a unit.
const span kind = -1

func (k kind) String() string {
	return map[kind]string{text: "a text", number: "a number", boolean: "true or false", list: "a list", object: "a struct"}[k]
}

// brief converts the brief's policies.json: a list of policies, or one policy alone.
func (c *conversion) brief(d *node) {
	policies := d.get("policies")
	if policies == nil {
		c.briefPolicy(d)
		return
	}
	c.closed(d, "", fields{"policies": list})
	for i, p := range policies.items {
		if p.kind != object {
			c.refuse(p, "policies[%d] is %s; allowed: a struct", i, p)
			continue
		}
		c.briefPolicy(p)
	}
}

func (c *conversion) briefPolicy(d *node) {
	before := len(c.problems)
	c.closed(d, "", briefPolicy)
	c.closedEach(d, "metrics", briefMetric, "name", "type", "source")
	c.closedEach(d, "thresholds", briefThreshold, "metric", "scaleUp", "scaleDown")
	c.needed(d, "", briefPolicy, "name", "service", "minReplicas", "maxReplicas")
	if service := d.get("service"); service != nil && service.kind == text && !isName(service.text) {
		c.refuse(service, "service is %s; allowed: %s", service, serviceWords)
	}
	if len(c.problems) > before {
		return
	}
	p := c.add(d.get("name"), d.get("name").text)
	p.top = append(p.top, p.pairs(d, "service", "minReplicas", "maxReplicas", "scaleUpBy", "scaleDownBy")...)
	for _, m := range d.get("metrics").all() {
		p.briefMetric(m, d.get("evaluationInterval"))
	}
	for _, t := range d.get("thresholds").all() {
		p.thresholds.entry(p.pairs(t, "metric", "scaleUp", "scaleDown", "comparison")...)
	}
	for _, name := range []string{"cooldownPeriod", "evaluationInterval"} {
		p.long(&p.bottom, d.get(name), name)
		p.bottom = append(p.bottom, p.pairs(d, name)...)
	}
	p.bottom = append(p.bottom, p.pairs(d, "enabled")...)
}

const serviceWords = "a name of letters, digits, dots, dashes and underscores, at most 128"

func (p *policy) briefMetric(m, interval *node) {
	window := m.get("window")
	if w, every := p.length(window), p.length(interval); window != nil && p.unit == time.Second && window.kind == number && w < every {
		p.differs(&p.metrics, window, "window %s is read as %s, less than the evaluationInterval of %s: most samples would go unseen; "+
			"if minutes were meant write %q", window, lasts(w), lasts(every), minutes(window))
	}
	p.long(&p.metrics, window, "window")
	switch m.get("source").word() {
	case "custom":
		p.noEqual(&p.metrics, m.get("source"), "what computes %s is not in the file; write expr or rule", m.get("name"))
	case "database":
		p.noEqual(&p.metrics, m.get("source"), "where the source database is; write config: sources: database, and a query in this metric")
	case "prometheus":
		p.noEqual(&p.metrics, m.get("source"), "where the source prometheus is; write config: sources: prometheus, and a query in this metric")
	}
	p.metrics.entry(p.pairs(m, "name", "type", "source", "query", "aggregation", "window", "weight")...)
}

// long doubts minutes that come to more than an hour, as the loader of policies does.
func (p *policy) long(to *part, n *node, name string) {
	if n != nil && n.kind == number && p.unit == time.Minute && p.length(n) > time.Hour {
		p.differs(to, n, "%s %s is read as %s; if seconds were meant say --seconds, or write %q", name, n, lasts(p.length(n)), n.text+"s")
	}
}

func minutes(n *node) string {
	f, _ := n.real()
	return duration(f, time.Minute)
}

// closed refuses what is not a field, what is not what the field holds, and durations that can't be.
func (c *conversion) closed(d *node, path string, allowed fields) {
	for _, f := range d.fields {
		name := strings.TrimPrefix(path+"."+f.name, ".")
		holds, ok := allowed[f.name]
		switch {
		case !ok:
			where := ""
			if path != "" {
				where = " in " + path
			}
			c.refuse(f.at, "unknown field %q%s; allowed: %s", short(f.name), where, strings.Join(allowed.names(), ", "))
		case f.value.kind == null:
		case holds == span:
			c.span(f.value, name)
		case f.value.kind != holds:
			c.refuse(f.value, "%s is %s; allowed: %s", name, f.value, holds)
		}
	}
}

func (f fields) names() []string {
	var names []string
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// needed refuses a struct without a field that it can't do without.
func (c *conversion) needed(d *node, path string, allowed fields, names ...string) {
	for _, name := range names {
		if d.get(name) == nil {
			c.refuse(d, "%s is missing; allowed: %s", strings.TrimPrefix(path+"."+name, "."), allowed[name])
		}
	}
}

// closedEach holds the elements of a list to their fields.
func (c *conversion) closedEach(d *node, name string, allowed fields, needed ...string) {
	for i, n := range d.get(name).all() {
		path := fmt.Sprintf("%s[%d]", name, i)
		if n.kind != object {
			c.refuse(n, "%s is %s; allowed: a struct", path, n)
			continue
		}
		c.closed(n, path, allowed)
		c.needed(n, path, allowed, needed...)
	}
}

// span holds a duration to what flyball allows.
func (c *conversion) span(n *node, path string) {
	least, longest := time.Second, 168*time.Hour
	if path == "cooldownPeriod" {
		least = 0
	}
	f, ok := n.real()
	switch {
	case n.kind == number && ok && f > 0 && c.unit == 0:
		c.unitless = append(c.unitless, Bare{Line: n.line, Column: n.column, Field: path, Number: f})
		return
	case n.kind == number && ok && math.Abs(f) < 1e6:
		if d := c.length(n); d >= least && d <= longest {
			return
		}
	case n.kind == text:
		if d, err := time.ParseDuration(n.text); err == nil && d >= least && d <= longest {
			return
		}
	}
	c.refuse(n, "%s is %s; allowed: a number, or a text such as \"5m\", from %s to 168h", path, n, lasts(least))
}

// length is a duration that span has seen.
func (c *conversion) length(n *node) time.Duration {
	if n == nil {
		return 0
	}
	if n.kind == text {
		d, _ := time.ParseDuration(n.text)
		return d
	}
	f, _ := n.real()
	return time.Duration(f * float64(c.unit))
}

// all are the elements of a list.
func (n *node) all() []*node {
	if n == nil {
		return nil
	}
	return n.items
}

// pairs writes fields of the brief's form as they are, and durations with their unit.
func (p *policy) pairs(d *node, names ...string) []string {
	var pairs []string
	for _, name := range names {
		v := d.get(name)
		switch {
		case v == nil:
		case v.kind == text:
			pairs = append(pairs, pair(name, v.text))
		case name == "window" || name == "cooldownPeriod" || name == "evaluationInterval":
			f, _ := v.real()
			pairs = append(pairs, pair(name, duration(f, p.unit)))
		default:
			pairs = append(pairs, name+": "+v.text)
		}
	}
	return pairs
}
