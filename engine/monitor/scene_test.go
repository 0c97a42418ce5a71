package monitor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// paper is a daemon that answers what it is given, and remembers what was asked of it.
type paper struct {
	myself  api.Myself
	status  api.Status
	events  []engine.Event
	trends  func(api.TrendsAsk) api.Trends
	explain func(of string) api.Explanation
	begun   api.Begun
	resumed api.Resumed
	fail    error
	asked   []string
	tells   []api.Happening
}

func (p *paper) note(text ...string) { p.asked = append(p.asked, strings.Join(text, " ")) }

func (p *paper) Listen(ctx context.Context, _ int64, tell func(api.Happening)) error {
	for _, h := range p.tells {
		tell(h)
	}
	if p.fail != nil {
		return p.fail
	}
	<-ctx.Done()
	return ctx.Err()
}

func (p *paper) Myself(context.Context) (api.Myself, error) { return p.myself, p.fail }

func (p *paper) Status(context.Context) (api.Status, error) {
	p.note("status")
	return p.status, p.fail
}

func (p *paper) History(context.Context, string, int) ([]engine.Event, error) {
	return p.events, p.fail
}

func (p *paper) Trends(_ context.Context, ask api.TrendsAsk) (api.Trends, error) {
	p.note("trends", strings.Join(ask.Services, ","))
	if p.trends == nil {
		return api.Trends{}, errors.New("none")
	}
	return p.trends(ask), p.fail
}

func (p *paper) Explain(_ context.Context, q api.Question) (api.Explanation, error) {
	p.note("explain", q.Of)
	if p.explain == nil {
		return api.Explanation{}, api.Refusal{Status: 404, Detail: "nothing was decided"}
	}
	return p.explain(q.Of), p.fail
}

func (p *paper) Enable(_ context.Context, on bool, actor string) error {
	p.note("enable", api.OnOff(on), actor)
	return p.fail
}

func (p *paper) Pause(_ context.Context, ask api.PauseAsk) (api.Paused, error) {
	p.note("pause", ask.Service, time.Duration(ask.Seconds*float64(time.Second)).String(), ask.Reason, ask.Actor)
	paused := api.Paused{Pause: api.Pause{Service: ask.Service, Seconds: ask.Seconds}}
	if ask.Seconds > 0 {
		until := noon.Add(time.Hour)
		paused.Pause.Until = &until
	}
	return paused, p.fail
}

func (p *paper) Resume(_ context.Context, service, actor string) (api.Resumed, error) {
	p.note("resume", service, actor)
	return p.resumed, p.fail
}

func (p *paper) Scale(_ context.Context, service string, ask api.Ask) (api.Begun, error) {
	p.note("scale", service, engine.FormatValue(float64(ask.Replicas)), ask.Actor)
	return p.begun, p.fail
}

func (p *paper) Rollback(_ context.Context, service string, ask api.Ask) (api.Begun, error) {
	p.note("rollback", service, ask.Actor)
	return p.begun, p.fail
}

// stage is a screen that is played with: what it asks for is answered at once.
type stage struct {
	*Screen
	daemon *paper
}

func open(t testing.TB, d *paper, width, height int, colors bool) *stage {
	t.Helper()
	s := &stage{New(t.Context(), Options{Daemon: d, Actor: "ana", Colors: colors}, noon, time.UTC), d}
	s.play(tea.WindowSizeMsg{Width: width, Height: height})
	s.run(s.desk.myself())
	s.run(s.desk.past())
	s.play(heard{{Status: &d.status}})
	return s
}

// play sends messages, and what comes of them.
func (s *stage) play(all ...tea.Msg) {
	for _, msg := range all {
		if _, again := msg.(tick); again { // the next one is of the test's making
			s.now = time.Time(msg.(tick))
			s.settle()
			s.run(s.wonder())
			continue
		}
		_, ask := s.Update(msg)
		s.run(ask)
	}
}

func (s *stage) run(ask tea.Cmd) {
	if ask == nil {
		return
	}
	switch msg := ask().(type) {
	case nil:
	case tea.BatchMsg:
		for _, one := range msg {
			s.run(one)
		}
	case tea.QuitMsg:
		s.daemon.note("quit")
	default:
		s.play(msg)
	}
}

// keys presses keys: names such as enter, and texts that are typed.
func (s *stage) keys(all ...string) {
	special := map[string]rune{
		"enter": tea.KeyEnter, "tab": tea.KeyTab, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
		"home": tea.KeyHome, "end": tea.KeyEnd, "backspace": tea.KeyBackspace,
	}
	for _, name := range all {
		if code, is := special[name]; is {
			s.play(tea.KeyPressMsg{Code: code})
			continue
		}
		if rest, is := strings.CutPrefix(name, "ctrl+"); is {
			s.play(tea.KeyPressMsg{Code: rune(rest[0]), Mod: tea.ModCtrl})
			continue
		}
		for _, r := range name {
			s.play(tea.KeyPressMsg{Code: r, Text: string(r)})
		}
	}
}

func (s *stage) text() string { return strings.Join(s.frame(), "\n") }

func ptr[T any](v T) *T { return &v }

// shop is a daemon with services in several states.
func shop() *paper {
	at := func(ago time.Duration) *time.Time { return ptr(noon.Add(-ago)) }
	web := api.PolicyStatus{
		Name: "web", Service: "web", Enabled: true, Mode: engine.Live, State: api.State{Name: api.IsCooling, Why: "scaling up waits", Seconds: 154},
		CurrentReplicas: 3, ReadyReplicas: 3, MinReplicas: 2, MaxReplicas: 8, LastEvaluation: at(4 * time.Second), Action: engine.Hold, Reason: "CooldownActive",
		Message:   "scaling up waits 2m34s more",
		Metrics:   map[string]engine.Reading{"cpu_usage": engine.Reads(82.5), "memory_usage": engine.Reads(41)},
		LastEvent: &api.LastEvent{ID: "web-1", Action: engine.ScaleUp, From: 2, To: 3, Reached: 3, Started: noon.Add(-2*time.Minute - 26*time.Second), Ended: noon.Add(-2*time.Minute - 20*time.Second), Result: engine.Succeeded},
	}
	api_ := web
	api_.Name, api_.Service, api_.State = "api", "api", api.State{Name: api.IsActive}
	api_.CurrentReplicas, api_.ReadyReplicas, api_.MinReplicas, api_.MaxReplicas = 2, 2, 1, 5
	api_.Reason, api_.Message, api_.LastEvent = "WithinThresholds", "between the thresholds", nil
	api_.Metrics = map[string]engine.Reading{"latency": engine.Reads(0.181), "request_rate": engine.Reads(12345)}
	queue := web
	queue.Name, queue.Service, queue.State = "worker", "worker", api.State{Name: api.IsScaling, Why: "scale_up to 6"}
	queue.CurrentReplicas, queue.ReadyReplicas, queue.MinReplicas, queue.MaxReplicas = 6, 4, 1, 12
	queue.Action, queue.Reason, queue.Message = engine.ScaleUp, "ScaleUpCrossed", "queue_length is 40, above scaleUp 10"
	queue.Open = &engine.Event{ID: "worker-7", Service: "worker", Action: engine.ScaleUp, From: 4, To: 6, Started: noon.Add(-12 * time.Second)}
	queue.LastEvent = &api.LastEvent{ID: "worker-7", Action: engine.ScaleUp, From: 4, To: 6, Started: noon.Add(-12 * time.Second)}
	queue.Metrics = map[string]engine.Reading{"queue_length": engine.Reads(40)}
	search := web
	search.Name, search.Service, search.State = "search-eu", "search", api.State{Name: api.IsFailing, Why: "no such service"}
	search.LastEvaluation, search.Error, search.Metrics, search.LastEvent = nil, "compose project shop has no service search; it has: api, web", nil, nil
	search.CurrentReplicas, search.ReadyReplicas = 0, 0
	mail := web
	mail.Name, mail.Service, mail.State = "mail", "mail", api.State{Name: api.IsPaused, Why: "by ana: load test", Seconds: 5400}
	mail.CurrentReplicas, mail.ReadyReplicas, mail.MinReplicas, mail.MaxReplicas, mail.LastEvent = 1, 1, 1, 2, nil
	mail.Reason, mail.Message = "Paused", "paused by ana"
	mail.Pause = &api.Pause{Service: "mail", Actor: "ana", Reason: "load test", Seconds: 5400}
	mail.Metrics = map[string]engine.Reading{"cpu_usage": {Status: engine.Missing, Detail: "no samples"}}
	return &paper{
		status: api.Status{
			Enabled: true, Fleet: api.Fleet{Replicas: 12, MaxTotalReplicas: 20}, Policies: []api.PolicyStatus{api_, mail, search, web, queue},
			Daemon: &api.Daemon{PID: 4711, Version: "1.2.3", Leader: &api.Leader{Name: "host-a", Epoch: 7, Self: true}},
		},
		events: []engine.Event{
			{ID: "worker-7", Policy: "worker", Service: "worker", Action: engine.ScaleUp, From: 4, To: 6, Started: noon.Add(-12 * time.Second), Actor: "policy worker",
				Reasons: []engine.Reason{{Message: "queue_length is 40, above scaleUp 10"}}},
			{ID: "web-1", Policy: "web", Service: "web", Action: engine.ScaleUp, From: 2, To: 3, Reached: 3, Started: noon.Add(-146 * time.Second), Ended: noon.Add(-140 * time.Second),
				Result: engine.Succeeded, Actor: "policy web", Reasons: []engine.Reason{{Message: "cpu_usage is 78, above scaleUp 70"}}},
			{ID: "api-1", Policy: "api", Service: "api", Action: engine.ScaleUp, From: 2, To: 3, Reached: 2, Started: noon.Add(-26 * time.Hour), Ended: noon.Add(-26*time.Hour + time.Minute),
				Result: engine.RolledBack, Error: "shop-api-3: was not ready after 1m0s", Actor: "ben"},
		},
		trends:  shopTrends,
		explain: shopExplains,
		begun:   api.Begun{Decision: engine.Decision{From: 3, To: 5, Reason: "Requested"}, Event: &engine.Event{ID: "web-2"}},
		resumed: api.Resumed{Ended: &api.Pause{}},
	}
}

// shopTrends rise from a quarter to what is so now.
func shopTrends(ask api.TrendsAsk) api.Trends {
	t := api.Trends{From: ask.From.Add(step), To: ask.To, Step: int(step / time.Second)}
	for _, name := range ask.Services {
		one := api.Trend{Policy: name, Service: name}
		for i := range points {
			one.Replicas = append(one.Replicas, ptr(1+i/20))
		}
		for metric, top := range map[string]float64{"cpu_usage": 80, "memory_usage": 40, "latency": 0.18, "request_rate": 12000, "queue_length": 40} {
			m := api.MetricTrend{Metric: metric, Comparison: engine.GreaterThan, ScaleUp: ptr(top * 0.875), ScaleDown: ptr(top * 0.25)}
			for i := range points {
				v := ptr(top * (0.25 + 0.75*float64(i)/points))
				if i < 10 {
					v = nil
				}
				m.Values = append(m.Values, v)
			}
			one.Metrics = append(one.Metrics, m)
		}
		t.Trends = append(t.Trends, one)
	}
	return t
}

func shopExplains(of string) api.Explanation {
	return api.Explanation{
		At: noon, Decision: 4711, File: "config/autoscaling/shop.cue:12",
		Record: engine.Record{
			At: noon.Add(-4 * time.Second), Policy: of, Service: of, Mode: engine.Live,
			Snapshot:       engine.Snapshot{Service: engine.ServiceView{Replicas: engine.Replicas{Current: 3, Ready: 3}}},
			Recommendation: engine.Recommendation{Action: engine.ScaleUp, Replicas: 4, Confidence: 0.76, Priority: engine.High, Reasons: []engine.Reason{{Code: "ScaleUpCrossed", Message: "cpu_usage is 82.5, above scaleUp 70"}}},
			Decision: engine.Decision{Action: engine.Hold, From: 3, To: 3, Reason: "CooldownActive", Message: "scaling up waits 2m34s more", Trace: []engine.Step{
				{Stage: "enabled", From: 3, To: 3}, {Stage: "stopped", From: 3, To: 3}, {Stage: "bounds", From: 4, To: 4},
				{Stage: "cooldown", From: 4, To: 3, Reason: "CooldownActive", Message: "scaling up waits 2m34s more"}, {Stage: "budget", From: 3, To: 3},
			}},
		},
		Metrics: []api.Explained{
			{Metric: "cpu_usage", Reading: engine.Reads(82.5), Bounds: []string{"scaleUp above 70", "scaleDown below 20"}},
			{Metric: "memory_usage", Reading: engine.Reading{Status: engine.Stale, Detail: "the newest sample is 4m old"}, Bounds: []string{"scaleUp above 80"}},
		},
		Alternatives: []engine.Alternative{{Message: "in 2m34s it would scale up to 4: the cooldown ends"}, {Message: "without CooldownActive it would scale up to 4 (cooldown.up)"}},
	}
}

func entry(kind store.EntryKind, service, message string) *store.Entry {
	return &store.Entry{Number: 9, At: noon, Actor: "ana", Kind: kind, Service: service, Message: message}
}
