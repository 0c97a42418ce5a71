package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/backtest"
)

// demand is the load of a service as it was recorded, and what one replica of it can do.
type demand struct {
	metric   engine.Metric
	unit     backtest.Unit
	trace    backtest.Trace
	capacity float64 // requests a minute
	notes    []string
}

const (
	leastTrial  = time.Minute      // that has to be on record
	longestRow  = 10 * time.Minute // else something is missing
	anyCapacity = 600              // where the load is in replicas, and any would do
	leastSteps  = 5                // that tell what a replica can do
	nearEnd     = 90               // percent of CPU, at which less may be done than is asked for

	leastCapacity, mostCapacity = 0.01, 1e9
)

// demand is the load that a policy is to be tried on: the metric that is named, or else the first of those that tell of it of
// which enough is on record. A Refusal says what is missing.
func (a *App) demand(ctx context.Context, p engine.Policy, t api.Trial) (demand, error) {
	now := a.loop.Now().At
	all := recordedOf(of(a.everything(), p.Service), p)
	tells := append(requestsOf(all), cpuOf(all)...)
	if t.Metric != "" {
		i := slices.IndexFunc(all, func(m engine.Metric) bool { return m.Name == t.Metric })
		if i < 0 {
			return demand{}, misplaced("body.metric", "no metric %.60q of service %s is recorded; there is %s", t.Metric, p.Service, cmp.Or(strings.Join(metricNames(all), ", "), "none"))
		}
		tells = all[i : i+1]
	}
	var lacks []string
	for _, m := range tells {
		d := demand{metric: m, unit: backtest.PerMinute, capacity: t.Capacity}
		if m.Type == "cpu" {
			d.unit, d.capacity = backtest.Percent, cmp.Or(t.Capacity, anyCapacity)
		}
		trace, err := Recorded(ctx, a, p.Service, m.Name, t.Last, backtest.CSV{Unit: d.unit, Capacity: d.capacity}, now)
		switch {
		case errors.As(err, &Invalid{}) || errors.As(err, &api.Refusal{}):
			lacks = append(lacks, strings.TrimPrefix(err.Error(), "error: "))
			continue
		case err != nil:
			return d, err
		case trace.Seconds() < int(leastTrial.Seconds()):
			lacks = append(lacks, fmt.Sprintf("%s of %s are on record of %s, and the least is %s", engine.Short(time.Duration(trace.Seconds())*time.Second), engine.Short(t.Last), m.Name, engine.Short(leastTrial)))
			continue
		}
		d.trace = trace
		d.noteLength(t.Last, now)
		switch {
		case m.Type == "cpu" && m.Source != "system":
			d.notes = append(d.notes, fmt.Sprintf("what %s reads is taken to be percent of one replica, that all of them use together", m.Name))
		case m.Type != "cpu" && m.Type != "request_rate":
			d.notes = append(d.notes, fmt.Sprintf("what %s reads is taken to be requests a minute", m.Name))
		}
		err = a.fill(ctx, &d, p, t, cpuOf(all), now)
		return d, err
	}
	if lacks == nil {
		return demand{}, refusal(http.StatusConflict, "no policy at work of service %s reads its requests (type request_rate, scope total) or its CPU (source system), so no load is on record to try a policy on; "+
			"there is %s, and metric names one of them", p.Service, cmp.Or(strings.Join(metricNames(all), ", "), "none"))
	}
	return demand{}, refusal(http.StatusConflict, "there is no load to try a policy on: %s", strings.Join(lacks, "; "))
}

// recordedOf are the metrics of policies that are recorded of their own service, those of a policy's name first.
func recordedOf(policies []engine.Policy, p engine.Policy) (all []engine.Metric) {
	if i := slices.IndexFunc(policies, func(one engine.Policy) bool { return one.Name == p.Name }); i > 0 {
		policies[0], policies[i] = policies[i], policies[0]
	}
	for _, one := range policies {
		for _, m := range one.Metrics {
			if !m.Computed() && m.Service == p.Service && !slices.Contains(metricNames(all), m.Name) {
				all = append(all, m)
			}
		}
	}
	return all
}

func metricNames(of []engine.Metric) []string {
	names := make([]string, len(of))
	for i, m := range of {
		names[i] = m.Name
	}
	return names
}

// requestsOf are those that read the requests of a service as a whole. What is kept of a counter is no load.
func requestsOf(all []engine.Metric) (found []engine.Metric) {
	for _, m := range all {
		if m.Type == "request_rate" && m.Scope == engine.Total && m.Aggregation != "rate" {
			found = append(found, m)
		}
	}
	return found
}

// cpuOf are those that read the CPU of each replica, which add up to what all of them do.
func cpuOf(all []engine.Metric) (found []engine.Metric) {
	for _, m := range all {
		if m.Type == "cpu" && m.Source == "system" {
			found = append(found, m)
		}
	}
	return found
}

// noteLength says where what is on record is less than what was asked for.
func (d *demand) noteLength(asked time.Duration, now time.Time) {
	long := time.Duration(d.trace.Seconds()) * time.Second
	if missing := asked - long; missing > asked/10 {
		d.notes = append(d.notes, fmt.Sprintf("of the last %s no more than %s are on record of %s", engine.Short(asked), engine.Short(long), d.metric.Name))
	}
	end := d.trace.Start.Add(long)
	if age := now.Sub(end); age > longestRow {
		d.notes = append(d.notes, fmt.Sprintf("nothing is on record of the last %s", engine.Short(age.Truncate(time.Minute))))
	}
	at, gaps, first := d.trace.Start, time.Duration(0), time.Time{}
	for _, row := range d.trace.Rows[:len(d.trace.Rows)-1] {
		lasts := time.Duration(row.Seconds) * time.Second
		if lasts > longestRow {
			if gaps += lasts; first.IsZero() {
				first = at
			}
		}
		at = at.Add(lasts)
	}
	if gaps > 0 {
		d.notes = append(d.notes, fmt.Sprintf("for %s in all nothing is on record, first from %s on: the load is taken to have stayed as it was", engine.Short(gaps), first.UTC().Format(time.RFC3339)))
	}
}

// fill says what one replica can do, where the trial does not: by the requests beside the CPU that they took, else by what the
// policy aims at.
func (a *App) fill(ctx context.Context, d *demand, p engine.Policy, t api.Trial, cpu []engine.Metric, now time.Time) error {
	if d.unit == backtest.Percent {
		used, err := totals(ctx, a, p.Service, d.metric.Name, t.Last, now)
		if err != nil {
			return err
		}
		ends := 0
		for _, one := range used {
			if one.busy() {
				ends++
			}
		}
		if ends > 0 {
			d.notes = append(d.notes, fmt.Sprintf("the load is the CPU that was used, and for %.0f %% of the time that was %d %% or more of all replicas: more may have been asked for then", 100*float64(ends)/float64(len(used)), nearEnd))
		}
		if t.Capacity == 0 && slices.ContainsFunc(p.Metrics, func(m engine.Metric) bool { return m.Type == "request_rate" }) {
			d.notes = append(d.notes, fmt.Sprintf("the load is CPU, and one replica is taken to do %d requests a minute; capacity says otherwise", anyCapacity))
		}
		return nil
	}
	if d.capacity > 0 {
		return nil
	}
	requests, err := totals(ctx, a, p.Service, d.metric.Name, t.Last, now)
	if err != nil {
		return err
	}
	for _, m := range cpu {
		used, err := totals(ctx, a, p.Service, m.Name, t.Last, now)
		if err != nil && !errors.As(err, &api.Refusal{}) {
			return err
		}
		if d.capacity = capacityOf(requests, used); d.capacity > 0 {
			d.notes = append(d.notes, fmt.Sprintf("one replica is taken to do %g requests a minute, the median of %s for the %s that it took; capacity says otherwise", d.capacity, d.metric.Name, m.Name))
			return nil
		}
	}
	for _, aim := range p.Targets {
		if m, _ := p.Metric(aim.Metric); m.Type == "request_rate" && m.Scope == engine.Total && aim.Value > 0 {
			d.capacity = aim.Value
			d.notes = append(d.notes, fmt.Sprintf("one replica is taken to do %g requests a minute, the target of %s; capacity says otherwise", d.capacity, aim.Metric))
			return nil
		}
	}
	return refusal(http.StatusConflict, "nothing tells how many requests a minute one replica of %s can do: its CPU below %d %% is not on record beside %s; say it in capacity", p.Service, nearEnd, d.metric.Name)
}

// busy says that the replicas were near the end of what they can do.
func (t total) busy() bool { return t.sum >= nearEnd*float64(t.series) }

// capacityOf is the requests a minute that one replica can do: the median of what was asked for, by the CPU that it took in
// percent of one replica. Times at which the replicas were busy tell nothing. 0: nobody can tell.
func capacityOf(requests, cpu map[time.Time]total) float64 {
	var by []float64
	for at, asked := range requests {
		if used := cpu[at]; asked.sum > 0 && used.sum > 0 && !used.busy() {
			by = append(by, asked.sum/(used.sum/100))
		}
	}
	if len(by) < leastSteps {
		return 0
	}
	slices.Sort(by)
	median := by[len(by)/2]
	if !(median >= leastCapacity && median <= mostCapacity) {
		return 0
	}
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(median, 'g', 3, 64), 64) // of its own text
	return rounded
}
