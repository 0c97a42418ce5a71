package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/series"
)

// mover writes the parts of a move, in one transaction.
type mover struct {
	tx                       *sql.Tx
	subject, decision, event *sql.Stmt
	series, full, open, day  *sql.Stmt

	known  map[series.ID]int64 // ids of series
	posted int64               // up to which audit entry messages were made
}

const mostKnown = 10_000 // series, so that memory is bounded

func newMover(ctx context.Context, tx *sql.Tx) (*mover, error) {
	var errs []error
	prepare := func(query string) *sql.Stmt { // once for all rows; the transaction's end closes it
		statement, err := tx.PrepareContext(ctx, query)
		errs = append(errs, err)
		return statement
	}
	m := &mover{
		tx:       tx,
		subject:  prepare("INSERT INTO state (subject, state, record) VALUES (?, ?, ?)"),
		decision: prepare(addDecision),
		event:    prepare("INSERT INTO event (id, service, mode, started, ended, event) VALUES (?, ?, ?, ?, ?, ?)"),
		series: prepare(`INSERT INTO series (subject, metric, signal, replica) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET subject = subject RETURNING id`),
		full:  prepare("INSERT INTO chunk (series, first, last, points) VALUES (?, ?, ?, ?)"),
		open:  prepare("INSERT INTO open_chunk (series, first, last, points) VALUES (?, ?, ?, ?)"),
		day:   prepare("INSERT INTO rollup (series, day, rollups) VALUES (?, ?, ?)"),
		known: map[series.ID]int64{},
	}
	return m, errors.Join(errs...)
}

func (m *mover) part(ctx context.Context, p store.Part) error {
	if err := m.settings(ctx, p); err != nil {
		return err
	}
	for _, put := range []func() error{
		func() error { return eachOf(ctx, p.Subjects, m.putSubject) },
		func() error { return eachOf(ctx, p.Rows, m.putRow) },
		func() error { return eachOf(ctx, p.Events, m.putEvent) },
		func() error { return eachOf(ctx, p.Chunks, m.putChunk) },
		func() error { return eachOf(ctx, p.Entries, m.putEntry) },
		func() error { return eachOf(ctx, p.Revisions, m.putRevision) },
		func() error { return eachOf(ctx, p.Messages, m.putMessage) },
		func() error { return eachOf(ctx, p.Tokens, m.putToken) },
		func() error { return eachOf(ctx, p.Users, m.putUser) },
		func() error { return eachOf(ctx, p.Documents, m.putDocument) },
	} {
		if err := put(); err != nil {
			return err
		}
	}
	return nil
}

// eachOf puts one after the other, up to the first error.
func eachOf[T any](ctx context.Context, some []T, put func(context.Context, T) error) error {
	for _, one := range some {
		if err := put(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

// settings are what there are few of.
func (m *mover) settings(ctx context.Context, p store.Part) error {
	if on := p.Switch; on != nil {
		if _, err := m.tx.ExecContext(ctx, "INSERT OR REPLACE INTO switch VALUES (1, ?, ?, ?)", on.On, on.Actor, on.At.UnixNano()); err != nil {
			return err
		}
	}
	if !p.Rebuilt.IsZero() {
		if err := begunAnew(ctx, m.tx, p.Rebuilt); err != nil {
			return err
		}
	}
	m.posted = max(m.posted, p.Posted)
	for place, pause := range p.Pauses {
		text, err := sealed(pause)
		if err != nil {
			return err
		}
		if _, err := m.tx.ExecContext(ctx, "INSERT INTO pause VALUES (?, ?)", place, text); err != nil {
			return err
		}
	}
	return nil
}

// begunAnew writes when the store was. Of several times the last one holds.
func begunAnew(ctx context.Context, tx *sql.Tx, at time.Time) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO rebuilt VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET at = max(at, excluded.at)", at.UnixNano())
	return err
}

func (m *mover) putSubject(ctx context.Context, s store.Subject) error {
	state, err := sealed(s.State)
	if err != nil {
		return err
	}
	var record any // none
	if s.Record != nil {
		text, err := sealed(s.Record)
		if err != nil {
			return err
		}
		record = text
	}
	if _, err := m.subject.ExecContext(ctx, s.Subject, state, record); err != nil || !s.Lost {
		return err
	}
	_, err = m.tx.ExecContext(ctx, "INSERT INTO lost VALUES (?)", s.Subject)
	return err
}

func (m *mover) putRow(ctx context.Context, row store.Row) error {
	r := row.Record
	text, err := sealed(r)
	if err != nil {
		return err
	}
	_, err = m.decision.ExecContext(ctx, row.ID, r.Policy, r.Mode, r.Decision.Action, r.Decision.Reason, r.Revision,
		row.First.UnixNano(), row.Last.UnixNano(), row.Count, text)
	return err
}

func (m *mover) putEvent(ctx context.Context, i store.Intent) error {
	text, err := sealed(i.Event)
	if err != nil {
		return err
	}
	var ended any // it is open
	if !i.Event.Ended.IsZero() {
		ended = i.Event.Ended.UnixNano()
	}
	_, err = m.event.ExecContext(ctx, i.Event.ID, i.Event.Service, i.Mode, i.Event.Started.UnixNano(), ended, text)
	return err
}

func (m *mover) putEntry(ctx context.Context, e store.Entry) error {
	return appendEntry(ctx, m.tx, e.Number, e)
}

func (m *mover) putRevision(ctx context.Context, r store.Revision) error { return learn(ctx, m.tx, r) }

func (m *mover) putMessage(ctx context.Context, one store.Message) error { return post(ctx, m.tx, one) }

func (m *mover) putToken(ctx context.Context, t store.Token) error { return putToken(ctx, m.tx, t) }

func (m *mover) putUser(ctx context.Context, u store.User) error { return putUser(ctx, m.tx, u) }

func (m *mover) putDocument(ctx context.Context, d store.Document) error {
	return putDocument(ctx, m.tx, d)
}

// end writes what is known once everything was taken. What has been told ends with the audit log, so that what that goes on
// with is told.
func (m *mover) end(ctx context.Context) error {
	var last int64
	if err := m.tx.QueryRowContext(ctx, "SELECT ifnull(max(number), 0) FROM audit").Scan(&last); err != nil {
		return err
	}
	return notePosted(ctx, m.tx, min(m.posted, last))
}

func (m *mover) putChunk(ctx context.Context, c store.Chunk) error {
	who := series.ID{Subject: c.Subject, Metric: c.Metric, Signal: c.Signal, Replica: c.Replica}
	id, known := m.known[who]
	if !known {
		if len(m.known) == mostKnown {
			clear(m.known)
		}
		if err := m.series.QueryRowContext(ctx, c.Subject, c.Metric, c.Signal, c.Replica).Scan(&id); err != nil {
			return err
		}
		m.known[who] = id
	}
	var err error
	switch c.Kind {
	case store.FullChunk:
		_, err = m.full.ExecContext(ctx, id, c.First, c.Last, c.Data)
	case store.OpenChunk:
		_, err = m.open.ExecContext(ctx, id, c.First, c.Last, c.Data)
	case store.DayChunk:
		_, err = m.day.ExecContext(ctx, id, c.First, c.Data)
	default:
		err = fmt.Errorf("samples of %s: there is no chunk of kind %q", c.Subject, c.Kind)
	}
	return err
}
