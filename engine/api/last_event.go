package api

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/flyball-dev/flyball/engine"
)

// LastEvent is the newest event of a policy, in short: the path history has all of it.
type LastEvent struct {
	ID      string        `json:"id,omitempty"` // absent: it is not kept any more
	Action  engine.Action `json:"action"`
	From    int           `json:"from"`
	To      int           `json:"to"`
	Reached int           `json:"reached"`
	Started time.Time     `json:"started"`
	Ended   time.Time     `json:"ended,omitzero"` // absent: it is being carried out
	Result  engine.Result `json:"result,omitempty"`
	Actor   string        `json:"actor"`
	Message string        `json:"message"`         // why it was done, in one line
	Error   string        `json:"error,omitempty"` // why it did not succeed, in one line
}

// InShort is what of an event is told with each status.
func InShort(e engine.Event) *LastEvent {
	var why []string
	for _, r := range e.Reasons {
		if said := cmp.Or(r.Message, r.Code); said != "" && !slices.Contains(why, said) {
			why = append(why, said)
		}
	}
	return &LastEvent{
		ID: e.ID, Action: e.Action, From: e.From, To: e.To, Reached: e.Reached, Started: e.Started, Ended: e.Ended, Result: e.Result,
		Actor: e.Actor, Message: OneLine(strings.Join(why, "; ")), Error: OneLine(e.Error),
	}
}

// OneLine is a text in one line that is not too long for a table.
func OneLine(text string) string {
	const most = 300 // characters
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}
