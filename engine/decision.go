package engine

import (
	"fmt"
	"time"
)

// Action is what happens to the number of replicas.
type Action string

const (
	ScaleUp   Action = "scale_up"
	ScaleDown Action = "scale_down"
	Hold      Action = "hold"
)

// Between names the action that leads from one count to another.
func Between(from, to int) Action {
	switch {
	case to > from:
		return ScaleUp
	case to < from:
		return ScaleDown
	}
	return Hold
}

// Priority ranks recommendations that compete for the budget.
type Priority string

const (
	Low    Priority = "low"
	Medium Priority = "medium"
	High   Priority = "high"
)

// Rank orders priorities: a higher one outranks a lower.
func (p Priority) Rank() int {
	switch p {
	case High:
		return 2
	case Medium:
		return 1
	}
	return 0
}

// Recommendation is what Rego answers. It is untrusted: the guard bounds it.
type Recommendation struct {
	Action     Action   `json:"action"`
	Replicas   int      `json:"replicas"`
	Confidence float64  `json:"confidence"` // 0..1
	Priority   Priority `json:"priority"`
	Reasons    []Reason `json:"reasons"`
	Error      string   `json:"error,omitempty"` // why the rules gave no usable answer; then it is a hold
}

// Wish is what a recommendation comes to: scale_up to 3, hold at 2.
func (r Recommendation) Wish() string {
	if r.Action == Hold {
		return fmt.Sprintf("hold at %d", r.Replicas)
	}
	return fmt.Sprintf("%s to %d", r.Action, r.Replicas)
}

// Reason is one thing that a rule found.
type Reason struct {
	Code      string   `json:"code"` // CamelCase
	Metric    string   `json:"metric,omitempty"`
	Value     *float64 `json:"value,omitempty"`
	Threshold *float64 `json:"threshold,omitempty"`
	Message   string   `json:"message"`
	Strategy  string   `json:"strategy,omitempty"` // who found it, where a policy has several
}

// Request asks for a number of replicas in the place of the rules.
type Request struct {
	Kind     RequestKind `json:"kind"`
	Replicas int         `json:"replicas"`
	Force    bool        `json:"force,omitempty"` // bounds and budget do not hold
	Actor    string      `json:"actor"`           // who asks
}

// RequestKind says what a request is for.
type RequestKind string

const (
	Scale    RequestKind = "scale"    // a person wants this many
	Rollback RequestKind = "rollback" // a person wants back what was there before the last event
	Restore  RequestKind = "restore"  // replicas went without flyball, which puts them back
)

// Decision is the recommendation after the guard.
type Decision struct {
	Action  Action `json:"action"`
	From    int    `json:"from"`
	To      int    `json:"to"`
	Reason  string `json:"reason"` // CamelCase code: of the stage that settled it, else of the rule
	Message string `json:"message"`
	Trace   []Step `json:"trace"`
}

// Step is what one stage of the guard did.
type Step struct {
	Stage   string `json:"stage"`
	From    int    `json:"from"`
	To      int    `json:"to"`
	Reason  string `json:"reason,omitempty"` // empty: the stage had nothing to say
	Message string `json:"message,omitempty"`
}

// Result says how an event ended. An open event has none.
type Result string

const (
	Succeeded   Result = "succeeded"
	Partial     Result = "partial"     // some of the new replicas became ready and stayed
	Failed      Result = "failed"      // nothing changed
	RolledBack  Result = "rolled_back" // the new replicas were removed again
	Interrupted Result = "interrupted" // the daemon stopped in the middle
	Seen        Result = "seen"        // somebody else did it
)

// Event is an applied decision and how it ended.
type Event struct {
	ID       string    `json:"id"`
	Policy   string    `json:"policy"`
	Service  string    `json:"service"`
	Target   Place     `json:"target"`
	Mode     Mode      `json:"mode"`
	Action   Action    `json:"action"`
	From     int       `json:"from"`
	To       int       `json:"to"`      // what was decided
	Reached  int       `json:"reached"` // replicas found when it ended
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended,omitzero"`
	Result   Result    `json:"result,omitempty"`
	Reasons  []Reason  `json:"reasons"`
	Error    string    `json:"error,omitempty"`
	Log      string    `json:"log,omitempty"`     // the tail of what the failed replica printed
	Actor    string    `json:"actor"`             // the policy, or who asked
	Request  *Request  `json:"request,omitempty"` // what was asked for; absent: the rules decided
	Revision string    `json:"revision"`          // of the policy
}

// Subject is that of the event's policy.
func (e Event) Subject() string { return subject(e.Mode, e.Policy, e.Target, e.Service) }

// Order asks a target for a number of replicas.
type Order struct {
	Event  string // the id of the event that records the intent
	Policy Policy
	From   int
	To     int
	// Version is that of the service when it was observed. A target that knows versions changes no other one.
	Version string
}

// Outcome is how a target carried out an order.
type Outcome struct {
	Result  Result
	Reached int
	Ended   time.Time
	Error   string
	Log     string
	// Conflict says that somebody else changed the service since it was observed, and that nothing was done: it is to
	// be decided again.
	Conflict bool
}

// Record is a decision with everything it was made from.
type Record struct {
	At             time.Time      `json:"at"`
	Policy         string         `json:"policy"`
	Service        string         `json:"service"`
	Target         Place          `json:"target"`
	Mode           Mode           `json:"mode"`
	Revision       string         `json:"revision"`
	Request        *Request       `json:"request,omitempty"` // what was asked for in the place of the rules
	Terms          Terms          `json:"terms"`
	Snapshot       Snapshot       `json:"snapshot"`
	State          State          `json:"state"` // before the decision
	Recommendation Recommendation `json:"recommendation"`
	Decision       Decision       `json:"decision"`
}

// Subject is that of the record's policy.
func (r Record) Subject() string { return subject(r.Mode, r.Policy, r.Target, r.Service) }
