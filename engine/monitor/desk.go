package monitor

import (
	"context"
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
)

// Daemon is what the monitor asks of one.
type Daemon interface {
	Listen(ctx context.Context, after int64, tell func(api.Happening)) error
	Myself(ctx context.Context) (api.Myself, error)
	Status(ctx context.Context) (api.Status, error)
	History(ctx context.Context, service string, limit int) ([]engine.Event, error)
	Trends(ctx context.Context, ask api.TrendsAsk) (api.Trends, error)
	Explain(ctx context.Context, q api.Question) (api.Explanation, error)
	Enable(ctx context.Context, on bool, actor string) error
	Pause(ctx context.Context, ask api.PauseAsk) (api.Paused, error)
	Resume(ctx context.Context, service, actor string) (api.Resumed, error)
	Scale(ctx context.Context, service string, ask api.Ask) (api.Begun, error)
	Rollback(ctx context.Context, service string, ask api.Ask) (api.Begun, error)
}

var _ Daemon = (*api.Client)(nil)

const (
	mostTraced = 50  // services of which the past is asked for at once
	mostPast   = 100 // events
)

// desk makes the questions to the daemon. Each comes back as a message.
type desk struct {
	ctx    context.Context // of the whole monitor: a question has nobody else to end it
	daemon Daemon
	actor  string
}

// What comes back.
type (
	known struct {
		status api.Status
		err    error
	}
	myself    api.Myself
	recalled  []engine.Event
	traced    api.Trends
	explained struct {
		policy      string
		explanation api.Explanation
		err         error
	}
	answered struct {
		text  string
		wrong bool
	}
)

func (d desk) tick() tea.Cmd {
	return tea.Tick(time.Second, func(now time.Time) tea.Msg { return tick(now) })
}

func (d desk) status() tea.Cmd {
	return func() tea.Msg {
		status, err := d.daemon.Status(d.ctx)
		return known{status, err}
	}
}

// myself asks who watches. Where that is not known, the daemon refuses what is not allowed.
func (d desk) myself() tea.Cmd {
	return func() tea.Msg {
		who, err := d.daemon.Myself(d.ctx)
		if err != nil {
			return nil
		}
		return myself(who)
	}
}

// past asks for what has happened before. Whoever does not get it sees what happens from now on.
func (d desk) past() tea.Cmd {
	return func() tea.Msg {
		events, err := d.daemon.History(d.ctx, "", mostPast)
		if err != nil {
			return nil
		}
		return recalled(events)
	}
}

func (d desk) trends(of []string, now time.Time) tea.Cmd {
	return func() tea.Msg {
		trends, err := d.daemon.Trends(d.ctx, api.TrendsAsk{Services: of, From: now.Add(-lapse), To: now, Points: points})
		if err != nil {
			return nil
		}
		return traced(trends)
	}
}

func (d desk) explain(policy string) tea.Cmd {
	return func() tea.Msg {
		e, err := d.daemon.Explain(d.ctx, api.Question{Of: policy})
		return explained{policy, e, err}
	}
}

// ask asks for what somebody has confirmed.
func (d desk) ask(what string, do func(ctx context.Context) (string, error)) tea.Cmd {
	return func() tea.Msg {
		text, err := do(d.ctx)
		if refusal := (api.Refusal{}); errors.As(err, &refusal) {
			return answered{what + ": refused: " + refusal.Detail, true}
		}
		if err != nil {
			return answered{what + ": " + err.Error(), true}
		}
		return answered{text, false}
	}
}

func (d desk) enable(on bool) tea.Cmd {
	return d.ask("turn autoscaling "+api.OnOff(on), func(ctx context.Context) (string, error) {
		return "autoscaling is " + api.OnOff(on), d.daemon.Enable(ctx, on, d.actor)
	})
}

func (d desk) pause(service, reason string, length time.Duration) tea.Cmd {
	return d.ask("pause "+service, func(ctx context.Context) (string, error) {
		p, err := d.daemon.Pause(ctx, api.PauseAsk{Service: service, Seconds: length.Seconds(), Reason: reason, Actor: d.actor})
		if err != nil || p.Pause.Until == nil {
			return service + " is paused until somebody resumes it", err
		}
		return fmt.Sprintf("%s is paused for %s", service, engine.FormatLength(length)), nil
	})
}

func (d desk) resume(service string) tea.Cmd {
	return d.ask("resume "+service, func(ctx context.Context) (string, error) {
		r, err := d.daemon.Resume(ctx, service, d.actor)
		text := service + " is resumed"
		if r.Ended == nil {
			text = service + " has no pause of its own"
		}
		for _, p := range r.Still {
			if p.Service == "" {
				text += "; all services are still paused: " + p.Reason
			}
		}
		return text, err
	})
}

func (d desk) scale(service string, replicas int) tea.Cmd {
	return d.ask("scale "+service, func(ctx context.Context) (string, error) {
		b, err := d.daemon.Scale(ctx, service, api.Ask{Replicas: replicas, Actor: d.actor})
		return begun(service, b), err
	})
}

func (d desk) rollback(service string) tea.Cmd {
	return d.ask("roll back "+service, func(ctx context.Context) (string, error) {
		b, err := d.daemon.Rollback(ctx, service, api.Ask{Actor: d.actor})
		return begun(service, b), err
	})
}

// begun says what came of asking for a number of replicas.
func begun(service string, b api.Begun) string {
	d := b.Decision
	asked := d.Reason == "Requested" || d.Reason == "Rollback"
	switch {
	case b.Event != nil && asked:
		return fmt.Sprintf("%s: %d → %d has begun", service, d.From, d.To)
	case b.Event != nil:
		return fmt.Sprintf("%s: %d → %d has begun (%s: %s)", service, d.From, d.To, d.Reason, d.Message)
	case asked:
		return fmt.Sprintf("%s has %s already", service, count(d.From, "replica", "replicas"))
	}
	return fmt.Sprintf("%s stays at %d: %s: %s", service, d.From, d.Reason, d.Message)
}
