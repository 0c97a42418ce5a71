package control

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Budget counts the replicas of all services against their common limits. A raise is reserved in the same step in which
// it is decided, so that two policies can't both take the last place.
type Budget struct {
	MaxReplicas int                       // over all services; 0: no limit
	MinMemory   int64                     // bytes that must stay available on the engine's host
	Available   func(engine.Policy) int64 // bytes available where its service runs; nil, or 0: not known
	PerReplica  func(engine.Policy) int64 // bytes one more replica may take; nil, or 0: not known

	mu       sync.Mutex
	accounts map[string]account // by the subject of live policies

	used, limit atomic.Int64 // as last counted
}

// account is what one service has of the budget.
type account struct {
	watched  bool // a policy at work scales it
	known    bool // somebody has looked, or tried to
	live     int  // replicas last seen; its minimum as long as nobody could
	reserved int  // what an open raise will make of them; 0: none is open
	memory   int64
	claim    claim
}

// claim is a raise that did not fit. It stands for one evaluation interval, and outranks lower priorities.
type claim struct {
	replicas     int
	rank         int
	since, until time.Time
}

func (a account) replicas() int { return max(a.live, a.reserved) }

// Limit changes the limits, from the next decision on.
func (b *Budget) Limit(maxReplicas int, minMemory int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.MaxReplicas, b.MinMemory = maxReplicas, minMemory
	b.count()
}

// Use is how many replicas of the limit are used, open raises with them. It waits for no decision, nor for what that waits
// for.
func (b *Budget) Use() (replicas, limit int) { return int(b.used.Load()), int(b.limit.Load()) }

// count notes what is used, with b.mu held.
func (b *Budget) count() {
	n := 0
	for _, a := range b.accounts {
		n += a.replicas()
	}
	b.used.Store(int64(n))
	b.limit.Store(int64(b.MaxReplicas))
}

// Watch tells the budget which policies are at work. A service that none scales any more is forgotten, unless a raise
// of it is still open.
func (b *Budget) Watch(policies []engine.Policy) {
	b.mu.Lock()
	defer b.mu.Unlock()
	accounts := map[string]account{}
	for key, a := range b.accounts {
		if a.watched = false; a.reserved > 0 {
			accounts[key] = a
		}
	}
	for _, p := range policies {
		if p.Mode != engine.Live {
			continue
		}
		a, known := b.accounts[p.Subject()]
		if !known {
			a.live = p.MinReplicas
		}
		a.watched = true
		accounts[p.Subject()] = a
	}
	b.accounts = accounts
	b.count()
}

// observed notes how many replicas run. Where nobody could tell, the service counts as it last did.
func (b *Budget) observed(p engine.Policy, replicas int, err error) {
	if b == nil {
		return
	}
	p.Mode = engine.Live // what runs is there for the shadow's sake too
	b.change(p, func(a *account) {
		if a.known = true; err == nil {
			a.live = replicas
		}
	})
}

// ended notes that an open raise has ended, and what it left.
func (b *Budget) ended(p engine.Policy, reached int) {
	b.change(p, func(a *account) { a.live, a.reserved, a.memory = reached, 0, 0 })
}

// change changes the account of a service that is watched, or has a raise open.
func (b *Budget) change(p engine.Policy, do func(a *account)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, found := b.accounts[p.Subject()]
	if !found {
		return
	}
	defer b.count()
	if do(&a); !a.watched && a.reserved == 0 {
		delete(b.accounts, p.Subject())
		return
	}
	b.accounts[p.Subject()] = a
}

// reservation is the budget of one decision. The budget is locked until it is released.
type reservation struct {
	b      *Budget
	p      engine.Policy
	at     time.Time
	budget engine.Budget
}

func (b *Budget) reserve(p engine.Policy, s engine.Snapshot, priority engine.Priority) *reservation {
	b.mu.Lock()
	r := &reservation{b: b, p: p, at: s.At, budget: engine.Budget{MaxReplicas: b.MaxReplicas, MinMemory: b.MinMemory}}
	p.Mode = engine.Live // a shadow competes for what the service itself would
	if b.PerReplica != nil {
		r.budget.PerReplica = b.PerReplica(p)
	}
	if b.Available != nil {
		r.budget.Available = b.Available(p)
	}
	for other, a := range b.accounts {
		if other == p.Subject() {
			continue
		}
		r.budget.Others += a.replicas()
		if !a.known {
			r.budget.Unknown++
		}
		if a.claim.rank > priority.Rank() && !s.At.Before(a.claim.since) && s.At.Before(a.claim.until) {
			r.budget.Claims += a.claim.replicas
		}
		if r.budget.Available > 0 { // what open raises will take is not there to be taken; 1 byte: known, and nothing left
			r.budget.Available = max(1, r.budget.Available-a.memory)
		}
	}
	if real := s.Service.Real; real > 0 && r.budget.Available > 0 { // what a shadow only imagines would have taken its share
		r.budget.Available = max(1, r.budget.Available+int64(real-s.Service.Replicas.Current)*r.budget.PerReplica)
	}
	return r
}

// commit reserves a decided raise, and lets its unmet part stand as a claim.
func (r *reservation) commit(d engine.Decision, priority engine.Priority) {
	if r.p.Mode != engine.Live {
		return
	}
	a, watched := r.b.accounts[r.p.Subject()]
	if !watched {
		return
	}
	a.known, a.live, a.claim = true, d.From, claim{}
	if d.Action == engine.ScaleUp {
		a.reserved, a.memory = d.To, int64(d.To-d.From)*r.budget.PerReplica
	}
	for _, step := range d.Trace {
		if step.Stage == "budget" && step.To < step.From {
			a.claim = claim{step.From - step.To, priority.Rank(), r.at, r.at.Add(r.p.EvaluationInterval)}
		}
	}
	r.b.accounts[r.p.Subject()] = a
	r.b.count()
}

func (r *reservation) release() { r.b.mu.Unlock() }
