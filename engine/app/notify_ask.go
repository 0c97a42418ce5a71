package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/notify"
	"github.com/flyball-dev/flyball/engine/store"
)

// TestNotify sends a test at once.
func (a *App) TestNotify(ctx context.Context, ask api.NotifyTest) ([]api.NotifyTried, error) {
	return tested(ctx, a.notifier, ask)
}

// Notifications lists what waits and what was given up.
func (a *App) Notifications(ctx context.Context) (api.Notifications, error) {
	return notices(ctx, a.store, a.notifier.Receivers(), a.loop.Now().At)
}

// ReplayNotifications has messages that were given up tried again.
func (a *App) ReplayNotifications(ctx context.Context, ask api.NotifyReplay) (api.NotifyReplayed, error) {
	if err := a.elsewhere("replaying"); err != nil {
		return api.NotifyReplayed{}, err
	}
	again, err := replayed(ctx, a.notifier, ask)
	if len(again.IDs) > 0 {
		a.log.Info("notifications are tried again", "count", len(again.IDs), "actor", ask.Actor)
		a.note(ctx, triedAgain(again, ask.Actor, a.loop.Now().At))
	}
	return again, err
}

// triedAgain is the entry of a replay.
func triedAgain(again api.NotifyReplayed, actor string, at time.Time) store.Entry {
	const most = 5
	named := strings.Join(again.IDs[:min(most, len(again.IDs))], ", ")
	if more := len(again.IDs) - most; more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	return store.Entry{At: at, Actor: actor, Kind: store.OfNotify, Message: count(len(again.IDs), "notification") + " to be tried again: " + named}
}

// TestNotify sends a test at once. No daemon is needed for it.
func (f *Offline) TestNotify(ctx context.Context, ask api.NotifyTest) ([]api.NotifyTried, error) {
	n, err := f.notifier(nil)
	if err != nil {
		return nil, err
	}
	return tested(ctx, n, ask)
}

// Notifications lists what waits for the next daemon, and what was given up.
func (f *Offline) Notifications(ctx context.Context) (found api.Notifications, err error) {
	n, err := f.notifier(nil)
	if err != nil {
		return found, err
	}
	found, err = notices(ctx, nil, n.Receivers(), time.Now())
	if err != nil {
		return found, err
	}
	err = f.read(func(ledger store.Store) error {
		found, err = notices(ctx, ledger, n.Receivers(), time.Now())
		return err
	})
	return found, err
}

// ReplayNotifications has the next daemon try messages again that were given up.
func (f *Offline) ReplayNotifications(ctx context.Context, ask api.NotifyReplay) (again api.NotifyReplayed, err error) {
	err = f.write(func(ledger store.Store) error {
		if leads, err := leading(ctx, ledger); err != nil || leads != nil {
			if err == nil {
				err = fmt.Errorf("%s leads, and has what waits in its memory: ask there, at the --socket or --url of that daemon", leads.Name)
			}
			return err
		}
		n, err := f.notifier(ledger)
		if err != nil {
			return err
		}
		if again, err = replayed(ctx, n, ask); len(again.IDs) > 0 {
			err = errors.Join(err, ledger.Audit(ctx, triedAgain(again, ask.Actor, clock()().At)))
		}
		return err
	})
	return again, err
}

// notifier is one that nobody runs.
func (f *Offline) notifier(of notify.Outbox) (*notify.Notifier, error) {
	settings, _, err := f.o.notified(f.set.Config.Notify)
	if err != nil {
		return nil, err
	}
	n := &notify.Notifier{Outbox: of, Now: time.Now, Log: f.o.Log}
	n.Use(settings)
	return n, nil
}

func tested(ctx context.Context, n *notify.Notifier, ask api.NotifyTest) ([]api.NotifyTried, error) {
	receivers := receiversOf(n.Receivers())
	named := slices.ContainsFunc(receivers, func(r api.NotifyReceiver) bool { return r.Name == ask.Receiver })
	switch {
	case len(receivers) == 0:
		return nil, refusal(http.StatusNotFound, "nobody is notified: name receivers under config: notify: receivers, or an address in SCALING_WEBHOOK_URL; and SCALING_NOTIFICATIONS_ENABLED may be false")
	case ask.Receiver != "" && !named:
		return nil, refusal(http.StatusNotFound, "there is no receiver %s; there is %s", ask.Receiver, strings.Join(receiverNames(receivers), ", "))
	}
	answers, err := n.Try(ctx, ask.Receiver, cmp.Or(ask.Actor, "api"))
	if err != nil {
		return nil, err
	}
	var all []api.NotifyTried
	for _, r := range receivers {
		answer, asked := answers[r.Name]
		if !asked {
			continue
		}
		all = append(all, api.NotifyTried{
			Receiver: r.Name, Address: r.Address, Format: r.Format, Taken: answer.Problem() == "", Status: answer.Status,
			Seconds: answer.Took.Seconds(), Answer: answer.Body, Error: answer.Problem(),
		})
	}
	return all, nil
}

func receiverNames(receivers []api.NotifyReceiver) []string {
	var all []string
	for _, r := range receivers {
		all = append(all, r.Name)
	}
	return all
}

func receiversOf(receivers []notify.Receiver) []api.NotifyReceiver {
	all := []api.NotifyReceiver{}
	for _, r := range receivers {
		all = append(all, api.NotifyReceiver{Name: r.Name, Address: shownAddress(r), Format: string(r.As())})
	}
	return all
}

// notices are what an outbox has; nil: it is empty.
func notices(ctx context.Context, outbox notify.Outbox, receivers []notify.Receiver, now time.Time) (api.Notifications, error) {
	found := api.Notifications{Receivers: receiversOf(receivers), Waiting: []api.Notice{}, Dead: []api.Notice{}}
	if outbox == nil {
		return found, nil
	}
	waiting, err := outbox.Due(ctx, now.Add(longestPause), 0)
	if err != nil {
		return found, err
	}
	dead, err := outbox.Dead(ctx, 0)
	if err != nil {
		return found, err
	}
	slices.SortStableFunc(waiting, func(a, b store.Message) int { return a.Created.Compare(b.Created) })
	for _, m := range waiting {
		if rest := rests(waiting, m.To); m.Due.Before(rest) {
			m.Due = rest
		}
		found.Waiting = append(found.Waiting, notice(m))
	}
	for _, m := range dead {
		found.Dead = append(found.Dead, notice(m))
	}
	return found, nil
}

// undelivered is how many an outbox has; nil: none.
func undelivered(ctx context.Context, outbox store.Outbox) (*api.Undelivered, error) {
	waiting, dead, err := outbox.Depth(ctx)
	if err != nil || waiting+dead == 0 {
		return nil, err
	}
	return &api.Undelivered{Waiting: waiting, GivenUp: dead}, nil
}

// rests is until when a receiver is left alone after what it did not take: what else is for it waits behind that.
func rests(waiting []store.Message, receiver string) (until time.Time) {
	for _, m := range waiting {
		if m.To == receiver && m.Attempts > 0 && (until.IsZero() || m.Due.Before(until)) {
			until = m.Due
		}
	}
	return until
}

func notice(m store.Message) api.Notice {
	return api.Notice{
		ID: m.ID, Receiver: m.To, Text: notify.Text(m), Created: m.Created, Due: m.Due, Attempts: m.Attempts, Error: m.Error,
	}
}

func replayed(ctx context.Context, n *notify.Notifier, ask api.NotifyReplay) (api.NotifyReplayed, error) {
	again := api.NotifyReplayed{IDs: []string{}}
	missing := map[string]bool{}
	for _, id := range ask.IDs {
		missing[id] = true
	}
	switch {
	case ask.All && len(ask.IDs) > 0:
		return again, refusal(http.StatusBadRequest, "ids and all are both given; one of them says what is tried again")
	case !ask.All && len(ask.IDs) == 0:
		return again, refusal(http.StatusBadRequest, "neither ids nor all is given; name what is to be tried again")
	}
	there, err := n.Outbox.Dead(ctx, 0)
	if err != nil {
		return again, err
	}
	for _, m := range there {
		delete(missing, m.ID)
	}
	if len(missing) > 0 {
		return again, refusal(http.StatusNotFound, "nothing that was given up is called %s: nothing is tried again", strings.Join(slices.Sorted(maps.Keys(missing)), ", "))
	}
	messages, err := n.Replay(ctx, func(m store.Message) bool { return ask.All || slices.Contains(ask.IDs, m.ID) })
	for _, m := range messages {
		again.IDs = append(again.IDs, m.ID)
	}
	return again, err
}
