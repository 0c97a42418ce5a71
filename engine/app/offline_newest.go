package app

import (
	"context"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// lastMode is a policy in the mode it last ran in: a dry run leaves the records of a shadow.
func lastMode(p engine.Policy, newest map[string]engine.Record) engine.Policy {
	shadow := p
	shadow.Mode = engine.Shadow
	if newest[shadow.Subject()].At.After(newest[p.Subject()].At) {
		return shadow
	}
	return p
}

func lastModes(policies []engine.Policy, newest map[string]engine.Record) []engine.Policy {
	all := make([]engine.Policy, len(policies))
	for i, p := range policies {
		all[i] = lastMode(p, newest)
	}
	return all
}

// newest is the newest cycle of each policy, by subject.
func (f *Offline) newest(ctx context.Context) (newest map[string]engine.Record, err error) {
	err = f.read(func(ledger store.Store) error {
		newest, err = latest(ctx, ledger)
		return err
	})
	return newest, err
}

func latest(ctx context.Context, ledger store.Store) (map[string]engine.Record, error) {
	records, err := ledger.Latest(ctx)
	newest := make(map[string]engine.Record, len(records))
	for _, r := range records {
		newest[r.Subject()] = r
	}
	return newest, err
}
