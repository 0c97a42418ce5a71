package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
)

const metric = "cpu_usage" // of policies/web.cue

// show prints a line whenever something changes, and remembers what the summary needs.
type show struct {
	out   io.Writer
	began time.Time

	standing  string // how the policy stood when that was printed last
	announced string // id of the event whose start was printed last

	readings []reading
	events   []engine.Event // ended, oldest first
	peak     int
}

// reading is what the metric said at one evaluation.
type reading struct {
	at    time.Time
	value float64
}

func newShow(out io.Writer, began time.Time) *show {
	return &show{out: out, began: began}
}

// watch asks flyball until the service has grown and shrunk back, or ctx ends by its deadline.
func (s *show) watch(ctx context.Context, d *daemon) error {
	client, err := d.dial(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\n%7s  %-8s  %5s\n", "time", "replicas", "cpu")
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for !s.over() {
		select {
		case <-tick.C:
		case <-d.ended:
			return errors.New("flyball ended")
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil
			}
			return errInterrupted
		}
		if err := s.look(ctx, client); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// look asks once and prints what is new.
func (s *show) look(ctx context.Context, client *api.Client) error {
	status, err := client.Status(ctx)
	if err != nil {
		return err
	}
	history, err := client.History(ctx, "", 50)
	if err != nil {
		return err
	}
	if len(status.Policies) != 1 {
		return fmt.Errorf("flyball has %d policies, expected one", len(status.Policies))
	}
	p := status.Policies[0]
	s.read(p)
	s.peak = max(s.peak, p.CurrentReplicas)
	for _, e := range ended(history)[len(s.events):] {
		s.events = append(s.events, e)
		s.peak = max(s.peak, e.Reached)
		s.started(e)
		took := e.Ended.Sub(e.Started).Seconds()
		s.line(e.Ended, bar(e.Reached, e.Reached), "", fmt.Sprintf("%d → %d %s after %.1f s", e.From, e.Reached, e.Result, took))
	}
	switch {
	case p.Error != "":
		s.news(p, p.Error, time.Now(), p.Error)
	case p.Open != nil:
		s.started(*p.Open)
	case p.Action == engine.Hold && !p.LastEvaluation.Before(s.lastEnd()):
		// The message tells the metric's value, which always changes: the reason is what makes it news.
		s.news(p, p.Reason, *p.LastEvaluation, "hold: "+p.Message)
	}
	return nil
}

// news prints how the policy stands, unless neither its replicas nor the code of it have changed.
func (s *show) news(p api.PolicyStatus, code string, at time.Time, what string) {
	replicas := bar(p.ReadyReplicas, p.CurrentReplicas)
	if standing := replicas + code; standing != s.standing {
		s.standing = standing
		s.line(at, replicas, percent(p.Metrics[metric]), what)
	}
}

// started prints what an event sets out to do, once.
func (s *show) started(e engine.Event) {
	if e.ID == s.announced {
		return
	}
	s.announced, s.standing = e.ID, ""
	cpu, why := "", ""
	if len(e.Reasons) > 0 {
		why = ": " + e.Reasons[0].Message
		cpu = percent(engine.Reading{Value: e.Reasons[0].Value})
	}
	s.line(e.Started, bar(e.From, e.To), cpu, fmt.Sprintf("%s %d → %d%s", e.Action, e.From, e.To, why))
}

// lastEnd is when the newest event ended: what flyball said before that is no news.
func (s *show) lastEnd() time.Time {
	if len(s.events) == 0 {
		return s.began
	}
	return s.events[len(s.events)-1].Ended
}

// read keeps the metric's value of a new evaluation.
func (s *show) read(p api.PolicyStatus) {
	r, ok := p.Metrics[metric]
	if !ok || r.Value == nil || p.LastEvaluation == nil {
		return
	}
	if n := len(s.readings); n == 0 || p.LastEvaluation.After(s.readings[n-1].at) {
		s.readings = append(s.readings, reading{*p.LastEvaluation, *r.Value})
	}
}

func (s *show) line(at time.Time, replicas, cpu, what string) {
	fmt.Fprintf(s.out, "%5.1f s  %-8s  %5s  %s\n", at.Sub(s.began).Seconds(), replicas, cpu, what)
}

// over says whether the service has grown and is back where it began.
func (s *show) over() bool {
	n := len(s.events)
	return n > 0 && s.peak > s.events[0].From && s.events[n-1].Reached == s.events[0].From
}

// end prints the summary. A service that did not grow, or not shrink, is an error.
func (s *show) end() error {
	ups, downs := 0, 0
	for _, e := range s.events {
		switch e.Action {
		case engine.ScaleUp:
			ups++
		case engine.ScaleDown:
			downs++
		}
	}
	fmt.Fprintf(s.out, "\nAt most %d replicas; scaled up %s and down %s in %.0f s.\n", s.peak, times(ups), times(downs), time.Since(s.began).Seconds())
	for _, e := range s.events {
		if took, threshold, ok := s.reaction(e); ok {
			fmt.Fprintf(s.out, "The first new replica was ready %.1f s after %s went above %g %%.\n", took.Seconds(), metric, threshold)
			break
		}
	}
	switch {
	case ups == 0:
		return errors.New("the service did not scale up")
	case !s.over():
		return errors.New("the service did not scale back down in time")
	}
	return nil
}

// reaction is the time from the first reading above the threshold, of those that led to a scale-up, to its end.
func (s *show) reaction(e engine.Event) (took time.Duration, threshold float64, ok bool) {
	if e.Action != engine.ScaleUp || e.Result != engine.Succeeded {
		return 0, 0, false
	}
	for _, r := range e.Reasons {
		if r.Metric == metric && r.Threshold != nil {
			threshold, ok = *r.Threshold, true
		}
	}
	crossed := e.Started
	for i := len(s.readings) - 1; i >= 0; i-- {
		if r := s.readings[i]; !r.at.After(e.Started) {
			if r.value <= threshold {
				break
			}
			crossed = r.at
		}
	}
	return e.Ended.Sub(crossed), threshold, ok
}

// ended are the events that have ended, oldest first, of a history that is newest first.
func ended(history []engine.Event) []engine.Event {
	var events []engine.Event
	for i := len(history) - 1; i >= 0; i-- {
		if history[i].Result != "" {
			events = append(events, history[i])
		}
	}
	return events
}

// bar draws ready replicas full and the others empty.
func bar(ready, current int) string {
	return strings.Repeat("●", ready) + strings.Repeat("○", max(0, current-ready))
}

// percent is empty where there is no value to show.
func percent(r engine.Reading) string {
	if r.Value == nil {
		return ""
	}
	return fmt.Sprintf("%.0f %%", *r.Value)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
