package redis

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// The ledger of 300 services stays under 30 MB, which leaves 70 of the 100 to their samples, and to what Redis needs itself.
func TestLiveSizes(t *testing.T) {
	t.Parallel()
	const services, rows, entries, revisions, posted = 300, 2000, 2000, 50, 100
	ctx := t.Context()
	redis := start(t)
	s := leader(t, Options{URL: redis.url()})
	dice := rand.New(rand.NewPCG(1, 2))
	for n := range rows {
		r, state := realistic(dice, n, n%services)
		if n%2 == 0 {
			e := *state.Open
			state.Open = nil
			check(t, s.Record(ctx, r, state))
			e.Ended, e.Result, e.Reached = e.Started.Add(time.Minute), engine.Succeeded, e.To
			check(t, s.Close(ctx, e, engine.Policy{Name: r.Policy, Service: r.Service, Target: r.Target, Mode: r.Mode}, state))
			continue
		}
		check(t, s.Record(ctx, r, state))
	}
	for n := range revisions {
		check(t, s.Learn(ctx, store.Revision{
			ID: fmt.Sprintf("%064x", dice.Uint64()), At: now, Commit: fmt.Sprintf("%040x", dice.Uint64()),
			Policy: engine.Policy{Name: fmt.Sprint("service-", n), Metrics: make([]engine.Metric, 3), Thresholds: make([]engine.Threshold, 3)},
			Rules:  []store.Rule{{Name: "own.rego", Text: fmt.Sprint("package shop.checkout\n\nimport data.flyball.lib\n", dice.Uint64())}},
		}))
	}

	counts := func(name string) int64 { return redis.do("HLEN", s.key(s.saw().generation, name)).(int64) }
	size := func(keys ...string) (all int64) {
		for _, key := range keys {
			all += redis.do("MEMORY", "USAGE", key, "SAMPLES", "0").(int64)
		}
		return all
	}
	key := func(name string) string { return s.key(s.saw().generation, name) }
	states := size(s.coreKey(), key(latestKey))
	grows := func(do func()) int64 {
		before := size(s.coreKey())
		do()
		return size(s.coreKey()) - before
	}
	tokens := grows(func() {
		for n := range posted {
			check(t, s.PutToken(ctx, store.Token{
				ID: fmt.Sprintf("%016x", n), Hash: make([]byte, 32), Name: "session", User: fmt.Sprintf("somebody%d@example.org", n), Role: "operator",
				Created: now, Actor: fmt.Sprintf("somebody%d@example.org", n), Expires: now.Add(time.Hour),
			}, access(n)))
		}
	})
	people := grows(func() {
		for n := range posted {
			check(t, s.PutUser(ctx, store.User{Email: fmt.Sprintf("another%d@example.org", n), Hash: fmt.Sprintf("%0120d", n), Role: "operator", Created: now}, access(n)))
		}
	})
	policies := grows(func() {
		for n := range posted {
			body := fmt.Appendf(nil, `{"name": "service-%d", "maxReplicas": %d, "metrics": [%s]}`, n, n, strings.Repeat(`{"name": "rps", "query": "sum(rate(x[1m]))"},`, 40))
			check(t, s.PutDocument(ctx, store.Document{Name: fmt.Sprint("service-", n), Body: body, Version: fmt.Sprintf("%064x", dice.Uint64()), At: now, Actor: "somebody@example.org"}, "", access(n)))
		}
	})
	for n := range posted {
		m := store.Message{ID: fmt.Sprintf("%032x", n), To: "chat", Body: fmt.Appendf(nil, `{"text": "%x"}`, fmt.Sprint(dice.Uint64(), dice.Uint64(), dice.Uint64(), dice.Uint64())), Created: now, Due: now, Dead: true}
		check(t, s.Post(ctx, int64(n), m))
	}
	var total int64
	for _, c := range []struct {
		what        string
		bytes, have int64
		most        int64
	}{
		{"states and newest records", states, services, services},
		{"decisions", size(key(rowsKey), key(spansKey)), counts(rowsKey), keepRows},
		{"ended events", size(key(eventsKey), key(endedKey)), counts(eventsKey), keepEvents},
		{"audit entries", size(key(auditKey)), redis.do("XLEN", key(auditKey)).(int64), keepEntries},
		{"tokens", tokens, posted, 1000},
		{"people", people, posted, 200},
		{"posted policies", policies, posted, services},
		{"messages given up", size(key(messagesKey), key(deadKey)), posted, store.MostDead},
		{"revisions", size(key(revisionsKey)), counts(revisionsKey), 1000},
	} {
		each := c.bytes / c.have
		t.Logf("%s: %d bytes each, at most %d: %.1f MB", c.what, each, c.most, float64(each*c.most)/1e6)
		total += each * c.most
	}
	t.Logf("together %.1f MB", float64(total)/1e6)
	if total > 30e6 {
		t.Errorf("the ledger takes %.1f MB at most; want 30", float64(total)/1e6)
	}
}

func access(n int) store.Entry {
	return store.Entry{At: now, Actor: "somebody@example.org", Kind: store.OfAccess, Message: fmt.Sprintf("somebody%d@example.org logged in from 192.0.2.7", n)}
}

// realistic is a decision of a service with three metrics, that begins an event.
func realistic(dice *rand.Rand, n, service int) (engine.Record, engine.State) {
	at := now.Add(time.Duration(n) * 30 * time.Second)
	name := fmt.Sprint("service-", service)
	revision := fmt.Sprintf("%064x", service)
	reading := func() engine.Reading {
		value, previous, slope := dice.Float64()*100, dice.Float64()*100, dice.Float64()
		return engine.Reading{Status: engine.OK, Value: &value, Previous: &previous, SlopePerMinute: &slope, Forecast: &value, Samples: 20, AgeSeconds: 3.7, Reporting: 4}
	}
	event := &engine.Event{
		ID: fmt.Sprintf("%s-%d-%08x", name, n, dice.Uint32()), Policy: name, Service: name, Target: engine.Place{Driver: "compose", Project: "shop"},
		Mode: engine.Live, Action: engine.ScaleUp, From: 3, To: 5, Started: at, Actor: name, Revision: revision,
		Reasons: []engine.Reason{{Code: "AboveThreshold", Metric: "cpu_usage", Message: "cpu_usage is 82.4, above 70", Strategy: "threshold"}},
	}
	state := engine.State{
		Boot:     engine.Boot{ID: "0b0c3bd6-8c1e-4e0e-8d0f-1d1d6f8a2c55", Started: now},
		Cooldown: engine.Deadlines{Up: engine.Deadline{Until: at, Wait: time.Minute}, Down: engine.Deadline{Until: at, Wait: time.Hour}},
		Known:    engine.Count{Replicas: 5, At: at}, Open: event,
	}
	for i := range 10 {
		state.Past = append(state.Past, engine.Past{At: at.Add(-time.Duration(i) * time.Hour), Action: engine.ScaleUp, From: i, To: i + 1, Result: engine.Succeeded})
		state.Wishes = append(state.Wishes, engine.Wish{At: at.Add(-time.Duration(i) * time.Minute), Replicas: dice.IntN(9)})
	}
	r := engine.Record{
		At: at, Policy: name, Service: name, Target: event.Target, Mode: engine.Live, Revision: revision,
		Terms: engine.Terms{Min: 1, Max: 10, Every: 30 * time.Second, Load: engine.LoadWithin}, State: state,
		Snapshot: engine.Snapshot{
			At: at, Policy: name, Service: engine.ServiceView{Name: name, Replicas: engine.Replicas{Current: 5, Ready: 4, Starting: 1}},
			Metrics: map[string]engine.Reading{"cpu_usage": reading(), "memory_usage": reading(), "queue_length": reading()},
			History: engine.History{LastAction: engine.ScaleUp, SuccessRate: 1, Events: state.Past},
		},
		Recommendation: engine.Recommendation{Action: engine.ScaleUp, Replicas: 6, Confidence: dice.Float64(), Priority: engine.High, Reasons: event.Reasons},
		Decision:       engine.Decision{Action: engine.ScaleUp, From: 3, To: 5, Reason: "AboveThreshold", Message: "cpu_usage is 82.4, above 70"},
	}
	for _, stage := range []string{"enabled", "stopped", "rollout", "bounds", "observed", "confidence", "anticipate", "stabilization", "step", "cooldown", "budget"} {
		r.Decision.Trace = append(r.Decision.Trace, engine.Step{Stage: stage, From: 3, To: 5})
	}
	return r, state
}
