package app

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/report"
	"github.com/flyball-dev/flyball/engine/store"
)

// beforeReport is how far before a report's range the decisions are read that may still stand in it.
const beforeReport = 24 * time.Hour

// Report sums up what the ledger holds.
func (a *App) Report(ctx context.Context, service string, from, to time.Time) (report.Report, error) {
	rows, events, err := a.store.Between(ctx, service, from.Add(-beforeReport), to)
	if err != nil {
		return report.Report{}, err
	}
	return summed(service, rows, events, from, to)
}

// Report sums up what the ledger holds.
func (f *Offline) Report(ctx context.Context, service string, from, to time.Time) (report.Report, error) {
	var rows []store.Row
	var events []engine.Event
	err := f.read(func(ledger store.Store) (err error) {
		rows, events, err = ledger.Between(ctx, service, from.Add(-beforeReport), to)
		return err
	})
	if err != nil {
		return report.Report{}, err
	}
	return summed(service, rows, events, from, to)
}

func summed(service string, decided []store.Row, events []engine.Event, from, to time.Time) (report.Report, error) {
	rows := make([]report.Row, len(decided))
	for i, r := range decided {
		rows[i] = report.Row{First: r.First, Last: r.Last, Count: r.Count, Record: r.Record}
	}
	r := report.Make(rows, events, from, to)
	if service != "" && len(r.Services) == 0 {
		return r, api.Refusal{Status: http.StatusNotFound, Detail: fmt.Sprintf(
			"nothing is on record of service %s from %s to %s", service, from.Format(time.RFC3339), to.Format(time.RFC3339))}
	}
	return r, nil
}
