package control

import (
	"context"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// World shows one policy what is there at one instant. st is what the guard remembers of the policy.
type World interface {
	Observe(ctx context.Context, p engine.Policy, st engine.State, at time.Time) (engine.Snapshot, error)
}

// Recommender turns a snapshot into a recommendation. An error means that the rules gave no usable answer; where it has
// a method Reason() string, that is its CamelCase code.
type Recommender interface {
	Recommend(ctx context.Context, p engine.Policy, s engine.Snapshot) (engine.Recommendation, error)
	// Calculate is what a rule of the author's makes of a snapshot; nil where the rule gives no answer for it.
	Calculate(ctx context.Context, p engine.Policy, rule string, s engine.Snapshot) (*float64, error)
}

// Ledger is the durable record of decisions, events and state. Policies in live and in shadow mode have states of
// their own, also under one name.
type Ledger interface {
	// State is what was last recorded for a policy, with the global switch; the zero state where nothing was.
	State(ctx context.Context, p engine.Policy) (engine.State, error)
	// Record writes a decision and the state after it in one transaction. s.Open, where set, is the intent.
	Record(ctx context.Context, r engine.Record, s engine.State) error
	// Close writes how an event ended and the state after it in one transaction.
	Close(ctx context.Context, e engine.Event, p engine.Policy, s engine.State) error
}

// Actor changes the number of replicas.
type Actor interface {
	// Scale carries out an order and waits until it is done: new replicas are ready, or removed again. It always
	// answers, also when ctx ends: then the result is engine.Interrupted.
	Scale(ctx context.Context, o engine.Order) engine.Outcome
	// Settle tidies up after an event of the policy's service that was interrupted: it removes what was begun and not
	// finished, and finishes removing what was stopped. It adds nothing, and where nothing is left it does nothing.
	Settle(ctx context.Context, p engine.Policy, e engine.Event) error
}

// Watcher is a target that hears of changes.
type Watcher interface {
	// Watch calls touched when a replica of a service is made, started, stopped or removed, or the service's definition
	// is changed, by whomever, until ctx ends. It may miss some.
	Watch(ctx context.Context, touched func(project, service string))
}

// Target runs services: the Actor of the live world, and the half of it that is not metrics.
type Target interface {
	Actor
	// Observe says what runs now. A service that does not exist, or a project that can't be told, is an error that
	// lists what there is.
	Observe(ctx context.Context, p engine.Policy) (engine.Service, error)
}

// Source takes samples. It answers what it could read beside an error that joins an engine.Unread for each metric it
// could not, with an engine.Down inside where the source itself does not answer.
type Source interface {
	Sample(ctx context.Context, metrics []engine.Metric, s engine.Service) ([]engine.Sample, error)
}

// History keeps what was sampled, for charts, backtests and the next start.
type History interface {
	// Keep takes new samples. They are on disk within a minute.
	Keep(series []engine.Series)
	// Samples gives back what was kept, and Rollups its five-minute summaries, which are kept longer.
	Samples(ctx context.Context, r engine.Range) ([]engine.Series, error)
	Rollups(ctx context.Context, r engine.Range) ([]engine.Rollups, error)
}

// Weigher knows how much memory replicas use.
type Weigher interface {
	// Weigh is the bytes that the largest replica of a service uses now; 0: not known.
	Weigh(ctx context.Context, s engine.Service) (int64, error)
}

// Windows keeps samples and reads metrics from them.
type Windows interface {
	// Add takes samples in any order and answers those that it did not have yet.
	Add(samples []engine.Sample) []engine.Sample
	Read(p engine.Policy, m engine.Metric, live []engine.Replica, changed, at time.Time) engine.Reading
}
