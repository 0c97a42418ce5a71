package app

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine/diff"
	"github.com/flyball-dev/flyball/engine/notify"
	"github.com/flyball-dev/flyball/schema"
)

// webhook is the receiver that the environment names.
const webhook = "webhook"

// tell makes the receivers of a config, and the one of the environment, those that are told. Unchanged ones go on undisturbed.
func (a *App) tell(c schema.Notify) error {
	settings, text, err := a.o.notified(c)
	if err != nil || text == a.telling {
		return err
	}
	if settings.Heartbeat != nil {
		settings.Heartbeat.Turns = func() bool { return a.Health(context.Background()).OK }
	}
	a.telling = text
	a.notifier.Use(settings)
	for _, r := range settings.Receivers {
		if err := usable(r); err != nil {
			a.log.Error("notifications: the receiver can't be told", "receiver", r.Name, "error", err)
			continue
		}
		a.log.Info("notifications", "receiver", r.Name, "address", shownAddress(r), "format", r.As())
	}
	return nil
}

// notified are the settings of a config, with a text that differs where they do.
func (o Options) notified(c schema.Notify) (notify.Settings, string, error) {
	if o.Silent {
		return notify.Settings{}, "nobody", nil
	}
	receivers := slices.Clone(c.Receivers)
	if o.Webhook != "" { // the environment wins over the file
		at := slices.IndexFunc(receivers, func(r schema.Receiver) bool { return r.Name == webhook })
		if at < 0 {
			at, receivers = len(receivers), append(receivers, schema.Receiver{Name: webhook})
		}
		receivers[at].URL, receivers[at].URLFrom = o.Webhook, schema.Secret{}
	}
	allow, err := notify.ParseAllow(c.Allow)
	if err != nil {
		return notify.Settings{}, "", fmt.Errorf("config.notify.allow: %w", err)
	}
	s := notify.Settings{Allow: allow}
	for _, r := range receivers {
		s.Receivers = append(s.Receivers, o.receiver(r))
	}
	if h := c.Heartbeat; h.Every > 0 {
		s.Heartbeat = &notify.Heartbeat{URL: o.address(h.URL, h.URLFrom), Every: h.Every}
	}
	return s, fmt.Sprintf("%+v %+v %+v", receivers, c.Allow, c.Heartbeat), nil
}

func (o Options) receiver(r schema.Receiver) notify.Receiver {
	to := notify.Receiver{
		Name: r.Name, URL: o.address(r.URL, r.URLFrom), Format: notify.Format(r.Format), Services: r.Services, Timeout: r.Timeout,
	}
	for _, k := range r.Kinds {
		to.Kinds = append(to.Kinds, notify.Kind(k))
	}
	if r.Secret != (schema.Secret{}) {
		to.Secret = func() (string, error) { return secret(r.Secret, o.env()) }
	}
	return to
}

// address is one that is written, or stands where a secret is; that is looked up each time, since it may change.
func (o Options) address(written string, from schema.Secret) func() (string, error) {
	if written != "" {
		return func() (string, error) { return written, nil }
	}
	return func() (string, error) {
		found, err := secret(from, o.env())
		if err != nil {
			return "", fmt.Errorf("urlFrom: %w", err)
		}
		return found, nil
	}
}

// shownAddress is as much of a receiver's address as may be shown.
func shownAddress(r notify.Receiver) string {
	address, err := r.URL()
	if err != nil {
		return err.Error()
	}
	return notify.Shown(address)
}

// notifyFields are what a config says of who is told. Of an address it tells one from another, and no more.
func notifyFields(n schema.Notify) []diff.Field {
	address := func(text string) any {
		if text == "" {
			return nil
		}
		return fmt.Sprintf("%s (%.4x)", notify.Shown(text), sha256.Sum256([]byte(text)))
	}
	list := func(texts []string) any { return orNone(strings.Join(texts, ", ")) }
	all := []diff.Field{{Path: "notify.allow", Value: list(n.Allow)}}
	for _, r := range n.Receivers {
		at := "notify.receivers[" + r.Name + "]."
		all = append(all,
			diff.Field{Path: at + "url", Value: address(r.URL)},
			diff.Field{Path: at + "urlFrom", Value: orNone(secretAt(r.URLFrom))},
			diff.Field{Path: at + "format", Value: orNone(r.Format)},
			diff.Field{Path: at + "kinds", Value: list(r.Kinds)},
			diff.Field{Path: at + "services", Value: list(r.Services)},
			diff.Field{Path: at + "secret", Value: orNone(secretAt(r.Secret))},
			diff.Field{Path: at + "timeout", Value: r.Timeout},
		)
	}
	if h := n.Heartbeat; h.Every > 0 {
		all = append(all,
			diff.Field{Path: "notify.heartbeat.url", Value: address(h.URL)},
			diff.Field{Path: "notify.heartbeat.urlFrom", Value: orNone(secretAt(h.URLFrom))},
			diff.Field{Path: "notify.heartbeat.every", Value: h.Every},
		)
	}
	return all
}

// notify tells the world as long as this daemon leads.
func (a *App) notify(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for ctx.Err() == nil {
		if a.leader.leads() {
			term, done := a.leader.during(ctx)
			a.notifier.Run(term)
			done()
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}
