package convert

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// hpaWindow is how far back samples count: metrics-server looks some 15 to 30 s back.
const hpaWindow = "30s"

// requested is what a utilization is of. It takes the percentage.
const requested = "%v %% is of the pod's request in Kubernetes, and of what the replica may use at most here; where the limit is twice the request, write half"

// oneContainer is remarked where one container of a pod counts. It takes its name.
const oneContainer = "the container %s alone in Kubernetes; here a replica is one container, so the service must be the one that runs it"

// hpaMetric converts one metric to a signal and its target.
func (p *policy) hpaMetric(m *node, path string, tolerance float64) {
	kind := m.get("type")
	name := map[string]string{"Resource": "resource", "ContainerResource": "containerResource", "Pods": "pods", "Object": "object", "External": "external"}[kind.word()]
	if name == "" {
		p.refuse(m, "%s.type is missing or unknown; allowed: Resource, ContainerResource, Pods, Object, External", path)
		return
	}
	of := m.get(name)
	if of == nil {
		p.refuse(m, "%s.%s is missing, which goes with type %s", path, name, kind.text)
		return
	}
	p.unread(&p.metrics, m, path+".", "type", name)
	path += "." + name
	switch name {
	case "resource", "containerResource":
		p.resource(of, path, tolerance)
	default:
		p.custom(of, path, name, tolerance)
	}
}

// resource is the CPU or the memory of the pods, or of one container in them.
func (p *policy) resource(of *node, path string, tolerance float64) {
	name, target := of.get("name"), of.get("target")
	if !name.is("cpu") && !name.is("memory") {
		p.without(orElse(name, of), "the resource %s: Docker gives cpu and memory", short(name.word()))
		return
	}
	p.unread(&p.metrics, of, path+".", "name", "target", "container")
	p.unread(&p.metrics, target, path+".target.", "type", "averageUtilization", "averageValue")
	if value := target.get("averageValue"); value != nil {
		p.without(value, "%s as an absolute amount, %s a pod: Docker's %s is in percent; write the percentage of the limit that it is, as a metric "+
			"{name: \"%s_usage\", type: %q, source: \"system\"} and its target", name.text, value, name.text, name.text, name.text)
		return
	}
	percent, ok := p.quantity(target.get("averageUtilization"), path+".target.averageUtilization")
	if !ok {
		if target.get("averageUtilization") == nil {
			p.refuse(of, "%s.target has neither averageUtilization nor averageValue; write one", path)
		}
		return
	}
	if container := of.get("container"); container != nil {
		p.differs(&p.metrics, container, oneContainer, container)
	}
	p.differs(&p.metrics, target.get("averageUtilization"), requested, percent)
	p.target(p.system(name.text), percent, tolerance)
}

func orElse(n, otherwise *node) *node {
	if n == nil {
		return otherwise
	}
	return n
}

// system adds Docker's cpu or memory, and answers its name.
func (p *policy) system(kind string) string {
	name := p.signal(kind + "_usage")
	p.metrics.entry(pair("name", name), pair("type", kind), pair("source", "system"), pair("window", hpaWindow))
	return name
}

func (p *policy) target(metric string, value, tolerance float64) {
	p.decides = true
	p.thresholds.entry(pair("metric", metric), "target: "+amount(value), "tolerance: "+amount(tolerance))
}

// custom is a metric that an adapter makes in Kubernetes: of the pods, of an object, or of something outside.
func (p *policy) custom(of *node, path, kind string, tolerance float64) {
	metric, target := of.get("metric"), of.get("target")
	name := metric.get("name")
	if name == nil {
		p.refuse(of, "%s.metric.name is missing", path)
		return
	}
	p.unread(&p.metrics, of, path+".", "metric", "target", "describedObject")
	p.unread(&p.metrics, metric, path+".metric.", "name", "selector")
	p.unread(&p.metrics, target, path+".target.", "type", "value", "averageValue")
	average, value := target.get("averageValue"), target.get("value")
	field := "averageValue"
	if average == nil {
		average, field = value, "value"
	}
	if average == nil || kind == "pods" && value != nil {
		p.refuse(of, "%s.target has not what it takes; allowed: averageValue, or for Object and External value", path)
		return
	}
	amount, ok := p.quantity(average, path+".target."+field)
	if !ok {
		return
	}
	selector := p.promSelector(name.text, metric.get("selector"), path)
	scope, source, query, how := "total", "", "sum("+selector+")", "last"
	switch {
	case kind == "pods":
		scope, source, query, how = "perReplica", "business", "avg("+selector+")", "avg"
		p.differs(&p.metrics, name, "%s comes from a metrics adapter in Kubernetes, and from the replicas' own /metrics here; hold query to what they say", name)
	case field == "value": // a ratio over the ready pods, not shared out
		scope = "independent"
		fallthrough
	default:
		p.differs(&p.metrics, name, "%s comes from a metrics adapter in Kubernetes, and from Prometheus here; write the PromQL that the adapter asks as query", name)
		source = p.prometheus(name)
	}
	if object := of.get("describedObject"); object != nil {
		p.noEqual(&p.metrics, object, "the object %s %s that the metric is of; say it in query", short(object.get("kind").word()), short(object.get("name").word()))
	}
	signal := p.signal(name.text)
	p.metrics.entry(pair("name", signal), pair("type", "custom"), pair("source", source), pair("query", query), pair("scope", scope),
		pair("aggregation", how), pair("window", hpaWindow))
	p.target(signal, amount, tolerance)
}

// prometheus sets up a Prometheus that the file does not name.
func (p *policy) prometheus(at *node) string {
	settings := []string{pair("type", "prometheus"), pair("url", "http://prometheus:9090")}
	var comment part
	if !slices.ContainsFunc(p.sources, func(s source) bool { return slices.Equal(s.settings, settings) }) {
		comment.comment(p.remark(p.name, at, NoEqual, "where Prometheus is does not stand in the file; write its url under config: sources"))
	}
	return p.source("prometheus", comment, settings...)
}

// promSelector is a PromQL selector of the series with a name and labels.
func (p *policy) promSelector(name string, selector *node, path string) string {
	var labels []string
	for _, l := range selector.get("matchLabels").each() {
		if plainLabel(l.name) {
			labels = append(labels, fmt.Sprintf("%s=%q", l.name, l.value.text))
			continue
		}
		p.noEqual(&p.metrics, l.at, "the label %q, which PromQL has not", short(l.name))
	}
	p.unread(&p.metrics, selector, path+".metric.selector.", "matchLabels")
	if !regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_:]*$`).MatchString(name) {
		labels, name = append([]string{fmt.Sprintf("__name__=%q", name)}, labels...), ""
	}
	if len(labels) == 0 {
		return name
	}
	return name + "{" + strings.Join(labels, ", ") + "}"
}

func plainLabel(name string) bool {
	return regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`).MatchString(name)
}

// each are the fields of a struct.
func (n *node) each() []field {
	if n == nil {
		return nil
	}
	return n.fields
}
