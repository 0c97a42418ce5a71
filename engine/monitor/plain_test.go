package monitor

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
)

func TestLines(t *testing.T) {
	d := shop()
	web := d.status.Policies[3]
	other := func(change func(*api.PolicyStatus)) *api.PolicyStatus {
		p := web
		change(&p)
		return &p
	}
	lost := api.Happening{Lost: errors.New("connection refused")}
	first := []string{
		"2026-01-01 12:00:00 autoscaling is on; daemon: pid 4711, version 1.2.3; leader: this daemon, epoch 7; 12 of 20 replicas",
		"2026-01-01 12:00:00 api active: 2 replicas (1-5), latency 0.181, request_rate 12345; hold at 2: WithinThresholds: between the thresholds",
		"2026-01-01 12:00:00 mail paused 1h30m: 1 replica (1-2), cpu_usage missing; hold at 1: Paused: paused by ana",
		"2026-01-01 12:00:00 search (search-eu) failing: nothing decided: compose project shop has no service search; it has: api, web",
		"2026-01-01 12:00:00 web cooling 2m34s: 3 replicas (2-8), cpu_usage 82.5, memory_usage 41; hold at 3: CooldownActive: scaling up waits 2m34s more",
		"2026-01-01 12:00:00 worker scale_up to 6: 6 replicas (1-12), queue_length 40; scale_up at 6: ScaleUpCrossed: queue_length is 40, above scaleUp 10",
	}
	for name, c := range map[string]struct {
		after []api.Happening // the status
		want  []string
	}{
		"at first":            {},
		"the same decision":   {[]api.Happening{{Policy: other(func(p *api.PolicyStatus) { p.Message = "scaling up waits 2m24s more" })}}, nil},
		"another decision":    {[]api.Happening{{Policy: other(func(p *api.PolicyStatus) { p.Reason, p.Message = "WithinThresholds", "calm" })}}, []string{"2026-01-01 12:00:00 web cooling 2m34s: hold at 3: WithinThresholds: calm"}},
		"a change is told by": {[]api.Happening{{Policy: other(func(p *api.PolicyStatus) { p.Action, p.Reason = engine.ScaleUp, "ScaleUpCrossed" })}}, nil},
		"its entry": {
			[]api.Happening{{Entry: &store.Entry{At: noon.Add(time.Second), Actor: "policy web", Kind: store.OfDecision, Policy: "web", Service: "web", Message: "scale_up from 3 to 4: cpu_usage is 85, above scaleUp 70"}}},
			[]string{"2026-01-01 12:00:01 web scale_up from 3 to 4: cpu_usage is 85, above scaleUp 70"},
		},
		"who did it":          {[]api.Happening{{Entry: entry(store.OfPause, "web", "web is paused: load test")}}, []string{"2026-01-01 12:00:00 web is paused: load test, by ana"}},
		"of all":              {[]api.Happening{{Entry: entry(store.OfSwitch, "", "autoscaling is off")}}, []string{"2026-01-01 12:00:00 autoscaling is off, by ana"}},
		"of another policy":   {[]api.Happening{{Entry: &store.Entry{At: noon, Policy: "web-2", Service: "web", Message: "shadow: scale_up from 1 to 2"}}}, []string{"2026-01-01 12:00:00 web (web-2) shadow: scale_up from 1 to 2"}},
		"trouble":             {[]api.Happening{{Policy: other(func(p *api.PolicyStatus) { p.Error = "no\x1b[2J such\nservice" })}}, []string{"2026-01-01 12:00:00 web cooling 2m34s: nothing decided: no [2J such service"}},
		"a gap":               {[]api.Happening{{Gap: &api.Gap{From: 3, To: 9}}}, []string{"2026-01-01 12:00:00 entries 3 to 9 of the audit log are not kept any more"}},
		"lost, said once":     {[]api.Happening{lost, lost}, []string{"2026-01-01 12:00:00 not connected, and asking again: connection refused"}},
		"and there again":     {[]api.Happening{lost, {Status: &d.status}}, []string{"2026-01-01 12:00:00 not connected, and asking again: connection refused", "2026-01-01 12:00:00 connected again"}},
		"with what is new":    {[]api.Happening{{Status: &api.Status{Policies: []api.PolicyStatus{*other(func(p *api.PolicyStatus) { p.Reason = "New" })}}}}, []string{"2026-01-01 12:00:00 web cooling 2m34s: hold at 3: New: scaling up waits 2m34s more"}},
		"a policy comes up":   {[]api.Happening{{Policy: other(func(p *api.PolicyStatus) { p.Name, p.LastEvaluation = "new", nil })}}, nil},
		"and decides at last": {[]api.Happening{{Policy: other(func(p *api.PolicyStatus) { p.Name = "new" })}}, []string{"2026-01-01 12:00:00 web (new) cooling 2m34s: hold at 3: CooldownActive: scaling up waits 2m34s more"}},
	} {
		t.Run(name, func(t *testing.T) {
			lines := Lines{Zone: time.UTC}
			got := lines.Of(api.Happening{Status: &d.status}, noon)
			for _, h := range c.after {
				got = append(got, lines.Of(h, noon)...)
			}
			if want := append(slices.Clone(first), c.want...); !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// full is where nothing can be written any more after so many lines.
type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

// Lines are written until somebody says stop, nobody reads on, or the daemon refuses.
func TestTellEnds(t *testing.T) {
	for name, c := range map[string]struct {
		out  io.Writer
		fail error
		stop bool
		want error
	}{
		"told to stop": {out: io.Discard, stop: true},
		"nobody reads": {out: &full{2}, want: io.ErrClosedPipe},
		"refused":      {out: io.Discard, fail: api.Refusal{Status: 401, Detail: "the token is revoked"}, want: errors.New("the token is revoked")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := shop()
				d.tells, d.fail = []api.Happening{{Status: &d.status}}, c.fail
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan error)
				go func() { ended <- Tell(ctx, Options{Daemon: d, Out: c.out}) }()
				synctest.Wait()
				if c.stop {
					stop()
				}
				if err := <-ended; (err == nil) != (c.want == nil) || c.want != nil && !strings.Contains(err.Error(), c.want.Error()) {
					t.Errorf("it ends with %v, want %v", err, c.want)
				}
				stop()
			})
		})
	}
}

// What is told in the same moment is one message to the screen.
func TestListenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := many(1000)
		for i := range d.status.Policies {
			d.tells = append(d.tells, api.Happening{Policy: &d.status.Policies[i]})
		}
		d.fail = api.Refusal{Status: 401, Detail: "no"}
		var sent []int
		var why error
		listen(t.Context(), d, func(msg tea.Msg) {
			switch msg := msg.(type) {
			case heard:
				sent = append(sent, len(msg))
			case parted:
				why = msg.err
			}
		})
		if !slices.Equal(sent, []int{1000}) || why == nil || why.Error() != "no" {
			t.Errorf("sent %v, and %v", sent, why)
		}
	})
}
