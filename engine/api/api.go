// Package api is how flyball is spoken to: the daemon serves it over a Unix socket, the command line asks over the same
// paths. Paths and shapes are the brief's, under /api/autoscaling.
package api

import (
	"context"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/report"
	"github.com/flyball-dev/flyball/engine/store"
)

// Flyball is what can be asked of a daemon, or of its store while none runs.
type Flyball interface {
	Status(ctx context.Context) (Status, error)
	// History is the newest events first; service "" means all services.
	History(ctx context.Context, service string, limit int) ([]engine.Event, error)
	// Explain says how a decision came about, and what would have to be different for another one.
	Explain(ctx context.Context, q Question) (Explanation, error)
	// Enable turns the global switch. The last call persists and wins over AUTOSCALING_ENABLED.
	Enable(ctx context.Context, on bool, actor string) error
	// Pause has nothing begun of a service, or of all, until it ends by itself or somebody resumes. A Refusal says what of it
	// can't be, or that there is no such service.
	Pause(ctx context.Context, ask PauseAsk) (Paused, error)
	// Resume ends the pause of a service; service "" means that of all services, which leaves those of single ones.
	Resume(ctx context.Context, service, actor string) (Resumed, error)
	// Scale asks for a number of replicas, and Rollback for what was there before the last change, in the place of the
	// rules. They answer once it is decided; History tells how the event ends. A Refusal says why nothing was decided.
	Scale(ctx context.Context, service string, ask Ask) (Begun, error)
	Rollback(ctx context.Context, service string, ask Ask) (Begun, error)
	// Metrics is what is known of the metrics of a service's policies now; service "" means all services.
	Metrics(ctx context.Context, service string) ([]MetricStatus, error)
	// Samples is the history of a metric.
	Samples(ctx context.Context, asked Asked) (Kept, error)
	// Trends are the histories of services, all on one axis. A Refusal says that there is no such service.
	Trends(ctx context.Context, ask TrendsAsk) (Trends, error)
	// Sources is how each source of metrics does.
	Sources(ctx context.Context) ([]SourceStatus, error)
	// Report sums up what the policies of a service did, and would have done; service "" means all services.
	Report(ctx context.Context, service string, from, to time.Time) (report.Report, error)
	// Rows lists decisions as they are kept, with a number above after, by their number: those that lie in a range, or reach into
	// it.
	Rows(ctx context.Context, from, to time.Time, after int64, limit int) ([]store.Row, error)
	// Revision is a policy with its rules as decisions were made by them; false where it is not on record.
	Revision(ctx context.Context, id string) (store.Revision, bool, error)
	// Push takes values that an application posts. All of them are taken, or none.
	Push(ctx context.Context, service string, samples []Pushed) error
	// Audit lists entries of the audit log, the oldest first.
	Audit(ctx context.Context, f store.Filter) ([]store.Entry, error)
	// Restore puts what a backup has in the place of everything in the store. A Refusal says why nothing was replaced.
	Restore(ctx context.Context, ask RestoreAsk) (Restored, error)
	Accounts
	Notifier
	Policies
	Adviser
}

// Status is what flyball knows now.
type Status struct {
	Enabled  bool           `json:"enabled"`
	Switched *Switched      `json:"switched,omitempty"` // absent: nobody ever turned the switch, AUTOSCALING_ENABLED holds
	Pause    *Pause         `json:"pause,omitempty"`    // of all services
	Daemon   *Daemon        `json:"daemon,omitempty"`   // absent: no daemon runs, this was read from the store
	Leader   *Leader        `json:"leader,omitempty"`   // that shares the store with daemons of this place, of which none runs
	Policies []PolicyStatus `json:"policies" nullable:"false"`
	LeftOut  []LeftOut      `json:"leftOut,omitempty"`
	Fleet    Fleet          `json:"fleet"`

	Undelivered *Undelivered `json:"undelivered,omitempty"` // absent: every notification was delivered
}

// Switched is who turned autoscaling on or off last, and when.
type Switched struct {
	At    time.Time `json:"at"`
	Actor string    `json:"actor"`
}

// Fleet is all services together, against the budget.
type Fleet struct {
	Replicas             int `json:"replicas"` // live ones of all services that policies act on; in a dry run, look at
	MaxTotalReplicas     int `json:"maxTotalReplicas"`
	MinAvailableMemoryMB int `json:"minAvailableMemoryMB"` // that must stay available
}

// Undelivered is how many notifications are on their way, or did not arrive.
type Undelivered struct {
	Waiting int `json:"waiting"`
	GivenUp int `json:"givenUp"`
}

// LeftOut is a policy that came by the API and is not among those at work.
type LeftOut struct {
	Policy string `json:"policy"`
	Reason string `json:"reason"` // in one line
}

// Daemon is the process that runs the policies.
type Daemon struct {
	PID      int       `json:"pid"`
	Version  string    `json:"version"`
	Since    time.Time `json:"since"`
	Policies string    `json:"policies"`         // the folder or file, from the root
	Ledger   string    `json:"ledger,omitempty"` // where the store is: a file, from the root, or an address of Redis
	DryRun   bool      `json:"dryRun"`
	Problem  string    `json:"problem,omitempty"` // why the policies on disk are not the ones at work
	Leader   *Leader   `json:"leader,omitempty"`  // absent: the store is this daemon's alone
	Listens  string    `json:"listens,omitempty"` // the URL at which the API is, beside the socket
	Store    string    `json:"store,omitempty"`   // why the store can't be read: the rest is what was known before
}

// Leader is the one of several daemons that acts.
type Leader struct {
	Name  string `json:"name"` // empty: nobody leads
	Epoch int64  `json:"epoch"`
	Self  bool   `json:"self"` // this daemon does
}

// PolicyStatus is one policy with what it last decided.
type PolicyStatus struct {
	Name            string                    `json:"name"`
	Service         string                    `json:"service"`
	Enabled         bool                      `json:"enabled"`
	State           State                     `json:"state"`
	Mode            engine.Mode               `json:"mode"`
	CurrentReplicas int                       `json:"currentReplicas"`
	ReadyReplicas   int                       `json:"readyReplicas"`
	MinReplicas     int                       `json:"minReplicas,omitempty"`
	MaxReplicas     int                       `json:"maxReplicas,omitempty"`
	LastEvaluation  *time.Time                `json:"lastEvaluation"`
	LastScaling     *time.Time                `json:"lastScaling"`
	LastResult      engine.Result             `json:"lastResult,omitempty"` // of that
	LastEvent       *LastEvent                `json:"lastEvent,omitempty"`
	Action          engine.Action             `json:"action,omitempty"`
	Reason          string                    `json:"reason,omitempty"`
	Message         string                    `json:"message,omitempty"`
	Metrics         map[string]engine.Reading `json:"metrics,omitempty"`
	Conditions      []engine.Condition        `json:"conditions,omitempty"` // as the last decision left them
	Veto            *engine.Condition         `json:"veto,omitempty"`       // the metric that alone has kept the service up for a day
	Pause           *Pause                    `json:"pause,omitempty"`      // of the service
	Cooldown        *Cooldown                 `json:"cooldown,omitempty"`
	Backoff         *Backoff                  `json:"backoff,omitempty"` // after raises of which nothing stayed
	Open            *engine.Event             `json:"open,omitempty"`    // what is being carried out
	Error           string                    `json:"error,omitempty"`   // why the last cycle decided nothing
}

// Cooldown is the time until each direction is free, in seconds.
type Cooldown struct {
	UpSeconds   float64 `json:"upSeconds"`
	DownSeconds float64 `json:"downSeconds"`
}

// Backoff is the wait for the next raise after failed ones.
type Backoff struct {
	Failures int     `json:"failures"` // in a row
	Seconds  float64 `json:"seconds"`  // until the next raise may be tried; 0: now
	Error    string  `json:"error"`    // of the last
}
