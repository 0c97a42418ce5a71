package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Audit is the append-only log of who or what changed what, and why. Entries are numbered from 1 without gaps; those past
// the retention go from the oldest on, so that what is left has no gap either.
type Audit interface {
	// Audit appends entries, and gives them their numbers.
	Audit(ctx context.Context, entries ...Entry) error
	// Audited lists entries, the oldest first.
	Audited(ctx context.Context, f Filter) ([]Entry, error)
}

// Entry is one line of the audit log.
type Entry struct {
	Number   int64     `json:"number"`
	At       time.Time `json:"at"`
	Actor    string    `json:"actor"` // who or what: anna, policy web, flyball
	Kind     EntryKind `json:"kind"`
	Policy   string    `json:"policy,omitempty"`
	Service  string    `json:"service,omitempty"`
	Event    string    `json:"event,omitempty"`    // its id
	Revision string    `json:"revision,omitempty"` // of the policy
	Reason   string    `json:"reason,omitempty"`   // of trouble and recovery: a code, the same for both
	Message  string    `json:"message"`            // what and why, in one line
}

// EntryKind says what was changed.
type EntryKind string

const (
	OfSwitch   EntryKind = "switch"   // autoscaling was turned on or off
	OfPause    EntryKind = "pause"    // begun
	OfResume   EntryKind = "resume"   // a pause was ended
	OfDecision EntryKind = "decision" // an event was opened
	OfEvent    EntryKind = "event"    // one ended
	OfPolicy   EntryKind = "policy"   // one was added, changed or removed
	OfDaemon   EntryKind = "daemon"   // one started, stopped, began or ceased to lead
	OfStore    EntryKind = "store"    // it was begun anew, restored or moved
	OfAccess   EntryKind = "access"   // somebody logged in, or was refused; a token or a person was added, changed or removed
	OfNotify   EntryKind = "notify"   // notifications that were given up are tried again
	OfTrouble  EntryKind = "trouble"  // a policy can't be followed, or a service not be reached
	OfRecovery EntryKind = "recovery" // it can again
)

// EntryKinds are all of them.
var EntryKinds = []EntryKind{OfSwitch, OfPause, OfResume, OfDecision, OfEvent, OfPolicy, OfDaemon, OfStore, OfAccess, OfNotify, OfTrouble, OfRecovery}

// Filter says which entries are asked for. What is zero filters nothing.
type Filter struct {
	After   int64     // numbers above; below 0, all, as where it is set
	Since   time.Time // at it or later
	Until   time.Time // before it
	Kind    EntryKind
	Actor   string
	Service string
	Policy  string
	Limit   int // at most so many: the first of them where After is set, else the newest
}

// Has says that the filter lets an entry pass. It does not look at the limit.
func (f Filter) Has(e Entry) bool {
	return e.Number > f.After && !e.At.Before(f.Since) && (f.Until.IsZero() || e.At.Before(f.Until)) &&
		(f.Kind == "" || f.Kind == e.Kind) && (f.Actor == "" || f.Actor == e.Actor) &&
		(f.Service == "" || f.Service == e.Service) && (f.Policy == "" || f.Policy == e.Policy)
}

// Turned is the entry of the global switch.
func Turned(on bool, actor string, at time.Time) Entry {
	message := "autoscaling is off"
	if on {
		message = "autoscaling is on"
	}
	return Entry{At: at, Actor: actor, Kind: OfSwitch, Message: message}
}

// Paused is the entry of a pause.
func Paused(p engine.Pause) Entry {
	message := "all services are paused"
	if p.Service != "" {
		message = p.Service + " is paused"
	}
	if !p.Until.IsZero() {
		message += " until " + p.Until.UTC().Format(time.RFC3339)
	}
	return Entry{At: p.Since, Actor: p.Actor, Kind: OfPause, Service: p.Service, Message: message + ": " + line(p.Reason)}
}

// Resumed is the entry of a pause that somebody ended.
func Resumed(p engine.Pause, actor string, at time.Time) Entry {
	message := "all services are resumed"
	if p.Service != "" {
		message = p.Service + " is resumed"
	}
	return Entry{At: at, Actor: actor, Kind: OfResume, Service: p.Service, Message: message}
}

// Opened is the entry of an event that begins.
func Opened(e engine.Event) Entry {
	var why []string
	for _, r := range e.Reasons {
		why = append(why, line(r.Message))
	}
	message := fmt.Sprintf("%s from %d to %d", e.Action, e.From, e.To)
	if why != nil {
		message += ": " + strings.Join(why, "; ")
	}
	return ofEvent(e, OfDecision, e.Started, message)
}

// Ended is the entry of an event that has ended.
func Ended(e engine.Event) Entry {
	message := fmt.Sprintf("%s from %d to %d %s", e.Action, e.From, e.To, e.Result)
	if e.Reached != e.To {
		message += fmt.Sprintf(" at %d", e.Reached)
	}
	if e.Error != "" {
		message += ": " + line(e.Error)
	}
	return ofEvent(e, OfEvent, e.Ended, message)
}

func ofEvent(e engine.Event, kind EntryKind, at time.Time, message string) Entry {
	if e.Mode == engine.Shadow {
		message = "shadow: " + message
	}
	return Entry{
		At: at, Actor: e.Actor, Kind: kind, Policy: e.Policy, Service: e.Service, Event: e.ID, Revision: e.Revision, Message: message,
	}
}

// line is a text without line breaks.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }
