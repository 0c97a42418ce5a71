package engine

import "time"

// State is what the guard must remember of one policy, with what is not its own: the switch, the pauses and the budget.
type State struct {
	Enabled bool    `json:"enabled"`          // the global switch
	Pauses  []Pause `json:"pauses,omitempty"` // of the service, and of all: each holds
	Budget  Budget  `json:"budget"`

	Boot     Boot      `json:"boot"` // the machine's run on which the deadlines were set
	Cooldown Deadlines `json:"cooldown"`
	Backoff  Backoff   `json:"backoff"`
	Wishes   []Wish    `json:"wishes,omitempty"`  // the stabilization window, oldest first
	Open     *Event    `json:"open,omitempty"`    // an intent that has not ended
	Halfway  *Event    `json:"halfway,omitempty"` // an interrupted event, whose traces may still be there
	Known    Count     `json:"known,omitzero"`    // what flyball left, or last saw and accepted
	Restored time.Time `json:"restored,omitzero"` // when a drift was last undone
	Virtual  int       `json:"virtual"`           // what a shadow policy would have now; 0: not started
	Past     []Past    `json:"past,omitempty"`    // ended events, oldest first: at most 10
	Changes  []Change  `json:"changes,omitempty"` // within the longest period of the policy's rates, oldest first

	Conditions []Condition `json:"conditions,omitempty"` // as the last decision left them

	Epoch int64 `json:"-"` // of the lease under which a shared store gave it: under another it takes nothing that comes of it; 0: any
}

// Deadlines are the ends of a cooldown, one a direction.
type Deadlines struct {
	Up   Deadline `json:"up"`
	Down Deadline `json:"down"`
}

// Deadline is an instant to wait for, with the whole wait that led to it.
type Deadline struct {
	Until time.Time     `json:"until,omitzero"`
	Wait  time.Duration `json:"wait"`
}

// Backoff delays the next raise after failed ones.
type Backoff struct {
	Failures int      `json:"failures"`
	Error    string   `json:"error,omitempty"` // of the last of them
	Deadline Deadline `json:"deadline"`
}

// Pause keeps anything from being begun until an instant, or until somebody resumes it when Until is zero.
type Pause struct {
	Service string    `json:"service,omitempty"` // absent: all services
	Since   time.Time `json:"since,omitzero"`
	Until   time.Time `json:"until,omitzero"`
	Boot    Boot      `json:"boot,omitzero"` // of a pause of so many hours: the machine's run on which they are counted
	Actor   string    `json:"actor"`
	Reason  string    `json:"reason"`
}

// Condition says of one thing whether it is so, and since when. Since moves with Status alone; Reason and Message are
// those of the newest decision.
type Condition struct {
	Type    string    `json:"type"`
	Metric  string    `json:"metric,omitempty"` // that it is about, where there is one a metric
	Status  bool      `json:"status"`
	Reason  string    `json:"reason"` // CamelCase code
	Message string    `json:"message,omitempty"`
	Since   time.Time `json:"since"`
}

// Wish is a count that was wanted at an instant.
type Wish struct {
	At       time.Time `json:"at"`
	Replicas int       `json:"replicas"`
}

// Count is a number of replicas at an instant.
type Count struct {
	Replicas int       `json:"replicas"`
	At       time.Time `json:"at"`
}

// Change is how many replicas an event added (above 0) or removed, and when it ended.
type Change struct {
	At time.Time `json:"at"`
	By int       `json:"by"`
}

// Budget is what all services share. The counts leave out the policy's own service.
type Budget struct {
	MaxReplicas int   `json:"max_replicas"` // over all services; 0: no limit
	Others      int   `json:"others"`       // live replicas and open raises of the other services
	Unknown     int   `json:"unknown"`      // other services that nobody has looked at yet
	Claims      int   `json:"claims"`       // unmet raises of other services with a higher priority
	MinMemory   int64 `json:"min_memory"`   // bytes that must stay available
	Available   int64 `json:"available"`    // bytes available on the engine's host; 0: not known
	PerReplica  int64 `json:"per_replica"`  // bytes that one more replica may take; 0: not known
}

// Boot is one run of the machine: its id, and the wall time at which it began. The wall time of the same boot moves
// when somebody sets the clock, which is how such a step is noticed.
type Boot struct {
	ID      string    `json:"id"`
	Started time.Time `json:"started,omitzero"`
}
