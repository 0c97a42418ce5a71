package app

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/guard"
	"github.com/flyball-dev/flyball/engine/store"
)

const (
	longestReason = 500 // characters: it stands in every decision that the pause holds
	longestActor  = 100
	longestPause  = 366 * 24 * time.Hour
)

// Pause has nothing begun of a service, or of all.
func (a *App) Pause(ctx context.Context, ask api.PauseAsk) (api.Paused, error) {
	paused, err := pause(ctx, a.store, a.everything(), ask, a.loop.Now())
	if err == nil {
		p := paused.Pause
		a.log.Info("pause", "service", called(p.Service), "until", untilText(p.Until), "actor", p.Actor, "reason", p.Reason)
	}
	return paused, err
}

// Resume ends the pause of a service, or that of all.
func (a *App) Resume(ctx context.Context, service, actor string) (api.Resumed, error) {
	resumed, err := resume(ctx, a.store, a.everything(), service, actor, a.loop.Now())
	if err == nil && resumed.Ended != nil {
		a.log.Info("resume", "service", called(service), "actor", actor)
	}
	return resumed, err
}

// Pause writes the pause to the store; the next daemon finds it there.
func (f *Offline) Pause(ctx context.Context, ask api.PauseAsk) (paused api.Paused, err error) {
	err = f.write(func(ledger store.Store) error {
		paused, err = pause(ctx, ledger, f.policies, ask, clock()())
		return err
	})
	return paused, err
}

// Resume ends a pause in the store.
func (f *Offline) Resume(ctx context.Context, service, actor string) (resumed api.Resumed, err error) {
	err = f.write(func(ledger store.Store) error {
		resumed, err = resume(ctx, ledger, f.policies, service, actor, clock()())
		return err
	})
	return resumed, err
}

func pause(ctx context.Context, ledger store.Switches, policies []engine.Policy, ask api.PauseAsk, now control.Moment) (api.Paused, error) {
	p, err := newPause(ask, now)
	if err != nil {
		return api.Paused{}, err
	}
	pauses, err := ledger.Pauses(ctx)
	if err != nil {
		return api.Paused{}, err
	}
	place := ""
	if ask.Service != "" {
		if place, p.Service, err = placeOf(ask.Service, policies, pauses); err != nil {
			return api.Paused{}, err
		}
	}
	return api.Paused{Pause: shown(p, now.At), Before: holding(pauses, place, now)}, ledger.Pause(ctx, place, p)
}

func resume(ctx context.Context, ledger store.Switches, policies []engine.Policy, service, actor string, now control.Moment) (resumed api.Resumed, err error) {
	pauses, err := ledger.Pauses(ctx)
	if err != nil {
		return resumed, err
	}
	place := ""
	if service != "" {
		if place, _, err = placeOf(service, policies, pauses); err != nil {
			return resumed, err
		}
	}
	for _, other := range slices.Sorted(maps.Keys(pauses)) {
		if other != place && (other == "" || place == "") {
			if p := holding(pauses, other, now); p != nil {
				resumed.Still = append(resumed.Still, *p)
			}
		}
	}
	resumed.Ended = holding(pauses, place, now)
	return resumed, ledger.Resume(ctx, place, actor, now.At)
}

// newPause is the pause that is asked for.
func newPause(ask api.PauseAsk, now control.Moment) (engine.Pause, error) {
	p := engine.Pause{Since: now.At, Until: ask.Until.UTC(), Actor: ask.Actor, Reason: strings.TrimSpace(ask.Reason)}
	refuse := func(format string, args ...any) (engine.Pause, error) {
		return p, api.Refusal{Status: http.StatusBadRequest, Detail: fmt.Sprintf(format, args...)}
	}
	if n := utf8.RuneCountInString(p.Reason); n > longestReason {
		return refuse("reason has %d characters; allowed are %d", n, longestReason)
	}
	if n := utf8.RuneCountInString(p.Actor); n > longestActor {
		return refuse("actor has %d characters; allowed are %d", n, longestActor)
	}
	const atMost = "allowed is a year at most; for longer leave it out, and the pause lasts until somebody resumes"
	switch {
	case p.Reason == "":
		return refuse("reason is empty; say why, for whoever finds it paused")
	case strings.ContainsFunc(p.Reason+p.Actor, unicode.IsControl): // they are printed on terminals
		return refuse("reason or actor holds a line break or another control character; write it in one line")
	case ask.Seconds != 0 && !ask.Until.IsZero():
		return refuse("both seconds and until are given; one of them says when the pause ends")
	case ask.Seconds < 0:
		return refuse("seconds is %g; allowed is more than 0", ask.Seconds)
	case ask.Seconds > longestPause.Seconds():
		return refuse("seconds is %g; %s", ask.Seconds, atMost)
	case ask.Seconds > 0:
		p.Until, p.Boot = now.At.Add(time.Duration(ask.Seconds*float64(time.Second))), now.Boot
	case ask.Until.IsZero():
	case !ask.Until.After(now.At):
		return refuse("until is %s, which is past; it is %s now", ask.Until.Format(time.RFC3339), now.At.Format(time.RFC3339))
	case ask.Until.Sub(now.At) > longestPause:
		return refuse("until is %s; %s", ask.Until.Format(time.RFC3339), atMost)
	}
	return p, nil
}

// placeOf is where the service of a name is, and what it is called; it may be called by its policy's name. Also a service
// whose policy is gone is known as long as it is paused.
func placeOf(service string, policies []engine.Policy, pauses map[string]engine.Pause) (place, name string, err error) {
	places := map[string]string{} // and what the service there is called
	var names []string
	for _, p := range of(policies, service) {
		places[p.Target.Service(p.Service)] = p.Service
		names = append(names, p.Name)
	}
	for at, p := range pauses {
		if len(names) == 0 && at != "" && p.Service == service {
			places[at] = p.Service
		}
	}
	switch found := slices.Sorted(maps.Keys(places)); len(found) {
	case 0:
		return "", "", api.Refusal{Status: http.StatusNotFound, Detail: noService(service, policies)}
	case 1:
		return found[0], places[found[0]], nil
	default:
		return "", "", api.Refusal{Status: http.StatusConflict, Detail: fmt.Sprintf(
			"several services are called %s (%s): name a policy of the one that is meant: %s", service, strings.Join(found, ", "), strings.Join(names, ", "))}
	}
}

func noService(service string, policies []engine.Policy) string {
	var there []string
	for _, p := range policies {
		if !slices.Contains(there, p.Service) {
			there = append(there, p.Service)
		}
	}
	if len(there) == 0 {
		return fmt.Sprintf("no policy scales a service %s; there is no policy at all", service)
	}
	return fmt.Sprintf("no policy scales a service %s; they scale %s", service, strings.Join(there, ", "))
}

// holding is the pause of a place that holds now; nil: none does.
func holding(pauses map[string]engine.Pause, place string, now control.Moment) *api.Pause {
	p, found := pauses[place]
	if !found {
		return nil
	}
	held := guard.Paused(guard.Carry([]engine.Pause{p}, now.Boot), now.At)
	if held == nil {
		return nil
	}
	as := shown(*held, now.At)
	return &as
}

func shown(p engine.Pause, at time.Time) api.Pause {
	as := api.Pause{Service: p.Service, Since: p.Since, Actor: p.Actor, Reason: p.Reason}
	if !p.Until.IsZero() {
		as.Until, as.Seconds = &p.Until, p.Until.Sub(at).Seconds()
	}
	return as
}

// lasting is a pause as it was told before, as it is at an instant; nil: none, or it has ended.
func lasting(p *api.Pause, at time.Time) *api.Pause {
	if p == nil || p.Until == nil {
		return p
	}
	left := *p
	if left.Seconds = p.Until.Sub(at).Seconds(); left.Seconds <= 0 {
		return nil
	}
	return &left
}

func called(service string) string {
	if service == "" {
		return "all"
	}
	return service
}

func untilText(at *time.Time) string {
	if at == nil {
		return "resumed"
	}
	return at.Format(time.RFC3339)
}
