package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
)

// Audit lists entries of the audit log.
func (a *App) Audit(ctx context.Context, f store.Filter) ([]store.Entry, error) {
	return a.store.Audited(ctx, f)
}

// Audit lists entries of the audit log.
func (f *Offline) Audit(ctx context.Context, filter store.Filter) (entries []store.Entry, err error) {
	err = f.read(func(ledger store.Store) error {
		entries, err = ledger.Audited(ctx, filter)
		return err
	})
	return entries, err
}

// note appends to the audit log. Where that can't be done the log of the daemon has it at least.
func (a *App) note(ctx context.Context, entries ...store.Entry) {
	defer a.wake("")
	if err := a.store.Audit(ctx, entries...); err != nil && ctx.Err() == nil {
		a.storeFailed("audit", err)
		for _, e := range entries {
			a.log.Error("not in the audit log", "kind", e.Kind, "actor", e.Actor, "policy", e.Policy, "message", e.Message, "error", err)
		}
	}
}

// began notes a start: what runs, of which policies, and by whom.
func (a *App) began(ctx context.Context, as string) {
	policies := "1 policy"
	if n := len(a.everything()); n != 1 {
		policies = fmt.Sprintf("%d policies", n)
	}
	if a.leader.elector != nil { // one of several
		as += " as " + a.leader.name
	}
	message := fmt.Sprintf("%s: version %s, %s of %s", as, a.o.Version, policies, a.o.Policies)
	if a.o.DryRun {
		message += ", dry run"
	}
	a.note(ctx, store.Entry{At: a.loop.Now().At, Actor: cmp.Or(a.o.Actor, "flyball"), Kind: store.OfDaemon, Message: message})
}

// stopped notes the end, while there is still a moment for it.
func (a *App) stopped(err error) {
	message := "stopped"
	if a.leader.elector != nil {
		message += " as " + a.leader.name
	}
	if err != nil {
		message += ": " + err.Error()
	}
	ctx, cancel := context.WithTimeout(context.Background(), resignTime)
	defer cancel()
	a.note(ctx, store.Entry{At: a.loop.Now().At, Actor: cmp.Or(a.o.Actor, "flyball"), Kind: store.OfDaemon, Message: message})
}

// refused notes what somebody asked for and did not get, or only in part; what began is noted by the ledger itself. What
// names no service of ours, or says nothing that can be asked for, was never near to being done.
func (a *App) refused(ctx context.Context, service string, asked engine.Request, begun api.Begun, err error) {
	if !a.leader.leads() { // which was said to whoever asked, and nothing of it is decided here
		return
	}
	e := store.Entry{At: a.loop.Now().At, Actor: asked.Actor, Kind: store.OfDecision, Service: service}
	refusal := api.Refusal{}
	switch d := begun.Decision; {
	case errors.As(err, &refusal) && refusal.Status != http.StatusBadRequest && refusal.Status != http.StatusNotFound:
		e.Message = refusal.Detail
	case err != nil || begun.Event != nil || d.Reason == "Requested" || d.Reason == "Rollback": // as it is already
		return
	default:
		e.Message = fmt.Sprintf("it stays at %d: %s: %s", d.From, d.Reason, d.Message)
	}
	for _, p := range of(a.atWork(), service) {
		if p.Mode == engine.Live {
			e.Policy, e.Service, e.Revision = p.Name, p.Service, p.Revision
		}
	}
	e.Message = fmt.Sprintf("%s, refused: %s", wanted(asked), e.Message)
	noted, cancel := context.WithTimeout(context.WithoutCancel(ctx), callDeadline)
	defer cancel()
	a.note(noted, e)
}

// wanted is what somebody asked for.
func wanted(r engine.Request) string {
	text := fmt.Sprintf("%s to %d", r.Kind, r.Replicas)
	if r.Replicas == 0 {
		text = string(r.Kind)
	}
	if r.Force {
		text += " by force"
	}
	return text
}
