package app

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
)

// Recommendations are what the rules said last of each policy at work.
func (a *App) Recommendations(ctx context.Context) ([]api.Recommendation, error) {
	cycles, err := a.newest(ctx)
	if err != nil {
		return nil, err
	}
	var records []engine.Record
	for _, p := range a.atWork() {
		records = append(records, cycles[p.Subject()].record)
	}
	return recommended(records), nil
}

// Recommendations are what the rules said last of each policy, in whichever mode it ran.
func (f *Offline) Recommendations(ctx context.Context) ([]api.Recommendation, error) {
	newest, err := f.newest(ctx)
	var records []engine.Record
	for _, p := range f.policies {
		if p.Enabled {
			records = append(records, newest[lastMode(p, newest).Subject()])
		}
	}
	return recommended(records), err
}

// recommended are the recommendations of records. What a person asked for in the place of the rules is none.
func recommended(records []engine.Record) []api.Recommendation {
	all := []api.Recommendation{}
	for _, record := range records {
		r := record.Recommendation
		if r.Action == "" || record.Request != nil {
			continue
		}
		all = append(all, api.Recommendation{
			Service: record.Service, Current: record.Snapshot.Service.Replicas.Current, Recommended: r.Replicas,
			Reason: sentence(r), Confidence: r.Confidence, Priority: r.Priority,
			Policy: record.Policy, Action: r.Action, At: record.At,
		})
	}
	slices.SortStableFunc(all, func(a, b api.Recommendation) int {
		changes := func(r api.Recommendation) int { return map[bool]int{true: 1}[r.Action != engine.Hold] }
		return cmp.Or(b.Priority.Rank()-a.Priority.Rank(), changes(b)-changes(a), strings.Compare(a.Policy, b.Policy))
	})
	return all
}

// sentence is why, in one for people.
func sentence(r engine.Recommendation) string {
	if r.Error != "" {
		return "The rules gave no usable answer: " + unbroken(r.Error)
	}
	var parts []string
	for _, reason := range r.Reasons {
		if said := unbroken(cmp.Or(reason.Message, reason.Code)); !slices.Contains(parts, said) {
			parts = append(parts, said)
		}
	}
	switch n := len(parts); n {
	case 0:
		return "The rules say no reason"
	case 1:
		return parts[0]
	default:
		return strings.Join(parts[:n-1], ", ") + " and " + parts[n-1]
	}
}

func unbroken(text string) string { return strings.Join(strings.Fields(text), " ") }
