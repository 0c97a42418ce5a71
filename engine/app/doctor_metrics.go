package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/metrics/formula"
	"github.com/flyball-dev/flyball/schema"
)

// policies tries the service and the metrics of each policy.
func (d doctor) policies(ctx context.Context, policies []engine.Policy) []Check {
	const sideBySide = 8
	found := make([][]Check, len(policies))
	slots := make(chan struct{}, sideBySide)
	var wg sync.WaitGroup
	for i, p := range policies {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			found[i] = d.policy(ctx, p)
		})
	}
	wg.Wait()
	return slices.Concat(found...)
}

func (d doctor) policy(ctx context.Context, p engine.Policy) []Check {
	var checks []Check
	service, err := d.observe(ctx, p)
	what := "service " + p.Service
	switch {
	case err != nil:
		checks = append(checks, Check{what, failed, err.Error(), "start the service, or correct service and target of policy " + p.Name})
	case len(service.Replicas) == 0:
		checks = append(checks, Check{what, warning, "it is stopped, and flyball leaves it so", "docker compose start " + p.Service})
	default:
		checks = append(checks, Check{what, fine, fmt.Sprintf("%s, %d ready", count(len(service.Replicas), "replica"), service.Ready()), ""})
	}
	parts := control.Parts(p)
	found, samples := make([][]Check, len(parts)), make([][]engine.Sample, len(parts))
	var wg sync.WaitGroup
	for i, part := range parts {
		wg.Go(func() { found[i], samples[i] = d.part(ctx, p, part) })
	}
	wg.Wait()
	return slices.Concat(checks, slices.Concat(found...), d.computed(ctx, p, service, slices.Concat(samples...)))
}

// computed tries the metrics that are computed from the others, as those were just sampled.
func (d doctor) computed(ctx context.Context, p engine.Policy, service engine.Service, samples []engine.Sample) []Check {
	readings := map[string]engine.Reading{}
	for _, m := range p.Metrics {
		if value, n, _ := average(samples, m); n > 0 {
			readings[m.Name] = engine.Reads(value)
		} else if !m.Computed() {
			readings[m.Name] = engine.Reading{Status: engine.Missing, Detail: "see above"}
		}
	}
	snapshot := control.NewSnapshot(p, service, readings, engine.State{}, time.Now())
	if d.rules != nil {
		snapshot = control.Compute(ctx, d.rules, p, snapshot)
	}
	var checks []Check
	for _, m := range p.Metrics {
		if !m.Computed() {
			continue
		}
		c := Check{"metric " + p.Name + "/" + m.Name, failed, "not computed: the rules can't be used", "flyball validate says what is wrong with them"}
		if r, tried := snapshot.Metrics[m.Name]; tried && r.Value != nil {
			c.Result, c.Detail, c.Mend = fine, fmt.Sprintf("%.6g", *r.Value), ""
		} else if tried && d.needsPush(p, m) {
			c.Result, c.Detail, c.Mend = warning, "not known without what is pushed to the daemon", "see flyball metrics "+p.Service
		} else if tried {
			c.Detail, c.Mend = fmt.Sprintf("%s: %s", r.Status, r.Detail), "mend what it is computed from, or its expr or rule"
		}
		checks = append(checks, c)
	}
	return checks
}

// needsPush says that a metric is computed from one that is pushed; of a rule, that it may be.
func (d doctor) needsPush(p engine.Policy, m engine.Metric) bool {
	f, err := formula.Parse(m.Expr)
	return slices.ContainsFunc(p.Metrics, func(other engine.Metric) bool {
		used := m.Rule != "" || err == nil && slices.Contains(f.Metrics(), other.Name)
		return used && d.sources.pushed[other.Source] != nil
	})
}

func (d doctor) observe(ctx context.Context, p engine.Policy) (engine.Service, error) {
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	s, err := d.to.targets()[p.Target.Driver].Observe(ctx, p)
	s.Driver = p.Target.Driver
	return s, err
}

// part samples the metrics of a part twice: what is a rate needs two looks.
func (d doctor) part(ctx context.Context, p engine.Policy, part control.Part) ([]Check, []engine.Sample) {
	feed, found := d.feeds[part.Source]
	if d.sources.pushed[part.Source] != nil {
		return pushedChecks(p, part), nil
	}
	service := engine.Service{Name: part.Service}
	var err error
	switch {
	case !found:
		err = fmt.Errorf("source %s is not set up", part.Source)
	case !feed.Whole:
		p.Service = part.Service
		service, err = d.observe(ctx, p)
	}
	var samples []engine.Sample
	if err == nil {
		samples, err = twice(ctx, feed, part, service)
	}
	var checks []Check
	for _, m := range part.Metrics {
		c := Check{"metric " + p.Name + "/" + m.Name, fine, summary(samples, m), ""}
		if c.Detail == "" {
			c.Result, c.Detail, c.Mend = failed, "no sample", d.mend(m, err)
			if unread := control.Why(err, m.Name); unread != nil {
				c.Detail = unread.Err.Error()
				if unread.Query != "" {
					c.Detail = fmt.Sprintf("query %q: %v", unread.Query, unread.Err)
				}
			}
		} else if m.Aggregation == "rate" {
			c.Detail += ", a counter"
		} else if kind := d.kind(m); kind == "redis" && c.Detail == "0" {
			c.Result, c.Mend = warning, "Redis says 0 of a key that it does not have, too: see that "+m.Query+" is spelt right"
		} else if slices.Contains([]string{"cpu", "memory", "throttling"}, m.Type) && m.Source == "system" && service.Driver != "sim" {
			c.Detail += ", by " + d.to.stats.Reads(ctx, service)
		}
		checks = append(checks, c)
	}
	return checks, samples
}

// pushedChecks says where pushed values are to be seen.
func pushedChecks(p engine.Policy, part control.Part) []Check {
	var checks []Check
	for _, m := range part.Metrics {
		checks = append(checks, Check{"metric " + p.Name + "/" + m.Name, warning, "it is pushed to the daemon, and known to it alone",
			"see flyball metrics " + p.Service})
	}
	return checks
}

func twice(ctx context.Context, from control.Source, part control.Part, s engine.Service) ([]engine.Sample, error) {
	first, _ := from.Sample(ctx, part.Metrics, s) // the second says the same, and more
	select {
	case <-time.After(1100 * time.Millisecond):
	case <-ctx.Done():
		return first, ctx.Err()
	}
	second, err := from.Sample(ctx, part.Metrics, s)
	if len(second) == 0 {
		return first, err
	}
	return second, err
}

// summary is what samples say of a metric; "" where there are none.
func summary(samples []engine.Sample, m engine.Metric) string {
	value, n, replicas := average(samples, m)
	switch {
	case n == 0:
		return ""
	case replicas == 1:
		return fmt.Sprintf("%.6g of 1 replica", value)
	case replicas > 1:
		return fmt.Sprintf("%.6g on average of %d replicas", value, replicas)
	}
	return fmt.Sprintf("%.6g", value)
}

// average is the mean of the samples of a metric, how many there are, and how many of them are of a replica.
func average(samples []engine.Sample, m engine.Metric) (value float64, n, replicas int) {
	for _, s := range samples {
		if s.Metric != m.Name {
			continue
		}
		value += s.Value
		n++
		if s.Replica != "" {
			replicas++
		}
	}
	return value / float64(max(n, 1)), n, replicas
}

// mend is what to do about a metric that could not be read.
func (d doctor) mend(m engine.Metric, err error) string {
	at := slices.IndexFunc(d.settings, func(s schema.Source) bool { return s.Name == m.Source })
	kind, where := "scrape", "the server"
	if at >= 0 {
		kind, where = d.settings[at].Type, address(d.settings[at])
	}
	switch {
	case m.Source == "system":
		return "the service must run, on an engine that can be reached; types are cpu, memory, network, restarts, throttling"
	case d.feeds[m.Source].Source == nil:
		return "set it up under config: sources, where flyball validate may say what is wrong with it"
	case errors.As(err, &errSecret{}):
		return "set it where the settings of the source say, in the environment, the env file or the file"
	case kind == "scrape":
		return "see that the replicas serve /metrics where flyball can reach them; set port and path up under config: sources"
	case errors.As(err, &engine.Down{}):
		return fmt.Sprintf("see that %s can be reached from here, and that the secret is right", where)
	}
	return "try the query at " + where + "; it must answer one number"
}

// kind is the type of a metric's source; "" where it is not set up.
func (d doctor) kind(m engine.Metric) string {
	for _, s := range d.settings {
		if s.Name == m.Source {
			return s.Type
		}
	}
	return ""
}

// address is where a source is, without what stands behind a ?, which may be a secret.
func address(s schema.Source) string {
	u, err := url.Parse(s.URL)
	if err != nil || s.URL == "" {
		return "the server"
	}
	return u.Scheme + "://" + u.Host + u.Path
}
