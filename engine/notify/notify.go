// Package notify tells the world what flyball does: scaling that began and ended, policies that can't be followed, services that
// can't be reached, and that these are well again.
//
// What is told follows from the audit log, entry by entry (Of), in the format of whoever is told (Render). The Notifier is what
// moves: it reads the log from a cursor, puts messages into the durable outbox of the store, and delivers them until they are
// taken or given up. A message may be delivered twice, under the same id, and is never lost to a restart.
package notify

import (
	"strings"
	"time"
	"unicode"

	"github.com/flyball-dev/flyball/engine"
)

// Kind says what a notification tells.
type Kind string

const (
	Started     Kind = "started"
	Succeeded   Kind = "succeeded"
	Failed      Kind = "failed"
	RolledBack  Kind = "rolled_back"  // in whole or in part, or cut short
	PolicyError Kind = "policy_error" // policies or rules can't be followed
	Exhausted   Kind = "exhausted"    // more is wished for than may be had
	Unavailable Kind = "unavailable"  // a service, or what is known of it
	Recovered   Kind = "recovered"    // from one of the three before
	Test        Kind = "test"         // somebody asked for it
)

// Kinds are all that a receiver may ask for.
var Kinds = []Kind{Started, Succeeded, Failed, RolledBack, PolicyError, Exhausted, Unavailable, Recovered}

// trouble says that what is told lasts until it recovers, or is that recovery.
func (k Kind) trouble() bool {
	return k == PolicyError || k == Exhausted || k == Unavailable || k == Recovered
}

// Notification is one thing that is told.
type Notification struct {
	ID      string             `json:"id"` // the same for all receivers
	Kind    Kind               `json:"kind"`
	At      time.Time          `json:"at"`
	Policy  string             `json:"policy,omitempty"`
	Service string             `json:"service,omitempty"`
	Event   string             `json:"event,omitempty"`   // its id
	From    int                `json:"from,omitempty"`    // replicas
	To      int                `json:"to,omitempty"`      // that were decided
	Reached *int               `json:"reached,omitempty"` // that were found at the end
	Reason  string             `json:"reason,omitempty"`  // of a trouble and its recovery: the same code
	Reasons []engine.Reason    `json:"reasons,omitempty"`
	Metrics map[string]float64 `json:"metrics,omitempty"` // that the reasons name
	Result  engine.Result      `json:"result,omitempty"`
	Error   string             `json:"error,omitempty"`
	Actor   string             `json:"actor"`
	Text    string             `json:"text"` // all of it that a person wants to know, in one line
}

// Content is what a message tells: one notification, or many summed up.
type Content struct {
	Notification *Notification `json:"notification,omitempty"`
	Digest       *Digest       `json:"digest,omitempty"`
}

// trouble says that the content is more than scaling that began and ended.
func (c Content) trouble() bool {
	return c.Notification != nil && c.Notification.Kind.trouble() || c.Digest != nil && len(c.Digest.Troubles) > 0
}

const (
	longestText   = 1000 // characters of a text
	longestReason = 300  // and of what one reason says
	mostReasons   = 10
)

// line is a text in one line, without what would steer a terminal or turn the line around, and not longer than that.
func line(text string, most int) string {
	return cut(strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)), " "), most)
}

// cut is the beginning of a text.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	if all := []rune(text); len(all) > most {
		return string(all[:most-1]) + "…"
	}
	return text
}
