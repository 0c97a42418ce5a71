package sqlite

import (
	"context"
	"database/sql"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// section is all of one kind that the file has.
type section struct {
	what, table, query string

	read func(r row, to *store.Part) error
}

// sections are everything that a file of some version has.
func sections(version int) []section {
	states := "SELECT subject, record, 0, state FROM state"
	if version >= withAudit {
		states = "SELECT subject, record, subject IN (SELECT subject FROM lost), state FROM state"
	}
	all := []section{
		{"switch", "switch", "SELECT enabled, actor, at FROM switch", readSwitch},
		{"loss", "rebuilt", "SELECT at FROM rebuilt", readLoss},
		{"states", "state", states, readSubject},
		{"decisions", "decision", "SELECT " + rowColumns + " FROM decision ORDER BY id", readDecision},
		{"events", "event", "SELECT mode, event FROM event ORDER BY seq", readEvent},
	}
	if version >= withSamples {
		all = append(all,
			section{"full chunks of samples", "chunk", chunks("c.first, c.last, c.points", "chunk"), readChunk(store.FullChunk)},
			section{"open chunks of samples", "open_chunk", chunks("c.first, c.last, c.points", "open_chunk"), readChunk(store.OpenChunk)},
			section{"days of rollups", "rollup", chunks("c.day, 0, c.rollups", "rollup"), readChunk(store.DayChunk)},
		)
	}
	if version >= withPauses {
		all = append(all, section{"pauses", "pause", "SELECT place, pause FROM pause", readPause})
	}
	if version >= withAudit {
		all = append(all,
			section{"audit entries", "audit", "SELECT number, " + auditColumnsOf(version) + " FROM audit ORDER BY number", readEntry},
			section{"policies", "revision", "SELECT revision FROM revision", readRevision},
			section{"notifications", "outbox", "SELECT message, body FROM outbox ORDER BY seq", readMessage},
		)
	}
	if version >= withAccounts {
		all = append(all,
			section{"tokens", "token", allTokens, readToken},
			section{"people", "person", allUsers, readUser},
			section{"posted policies", "document", allDocuments, readDocument},
			section{"end of what was told", "posted", "SELECT posted FROM posted", readPosted},
		)
	}
	return all
}

// chunks asks for a table of them, in the order in which they were written.
func chunks(columns, table string) string {
	return "SELECT s.subject, s.metric, s.signal, s.replica, " + columns + " FROM " + table +
		" c CROSS JOIN series s ON s.id = c.series ORDER BY c.rowid"
}

// each reads a section to its end, a row at a time.
func (s section) each(ctx context.Context, tx *sql.Tx, do func(rows *sql.Rows) error) error {
	rows, err := tx.QueryContext(ctx, s.query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func readSwitch(r row, to *store.Part) error {
	var at int64
	to.Switch = &store.Switch{}
	err := r.Scan(&to.Switch.On, &to.Switch.Actor, &at)
	to.Switch.At = instant(at)
	return err
}

func readLoss(r row, to *store.Part) error {
	var at int64
	err := r.Scan(&at)
	to.Rebuilt = instant(at)
	return err
}

func readPause(r row, to *store.Part) error {
	var place string
	pause, err := decoded[engine.Pause](r, &place)
	if to.Pauses == nil {
		to.Pauses = map[string]engine.Pause{}
	}
	to.Pauses[place] = pause
	return err
}

func readSubject(r row, to *store.Part) error {
	var one store.Subject
	var record []byte
	var err error
	one.State, err = decoded[engine.State](r, &one.Subject, &record, &one.Lost)
	if err == nil && record != nil {
		err = unsealed(record, &one.Record)
	}
	to.Subjects = append(to.Subjects, one)
	return err
}

func readDecision(r row, to *store.Part) error { return read(r, &to.Rows, decodedRow) }
func readEvent(r row, to *store.Part) error    { return read(r, &to.Events, intentOf) }
func readEntry(r row, to *store.Part) error    { return read(r, &to.Entries, entryOf) }
func readRevision(r row, to *store.Part) error { return read(r, &to.Revisions, revisionOf) }
func readMessage(r row, to *store.Part) error  { return read(r, &to.Messages, messageOf) }
func readToken(r row, to *store.Part) error    { return read(r, &to.Tokens, tokenOf) }
func readUser(r row, to *store.Part) error     { return read(r, &to.Users, userOf) }
func readDocument(r row, to *store.Part) error { return read(r, &to.Documents, documentOf) }

func readPosted(r row, to *store.Part) error {
	end, err := decoded[posted](r)
	to.Posted = end.Number
	return err
}

func readChunk(kind store.ChunkKind) func(row, *store.Part) error {
	return func(r row, to *store.Part) error {
		return read(r, &to.Chunks, func(r row) (store.Chunk, error) {
			c := store.Chunk{Kind: kind}
			return c, r.Scan(&c.Subject, &c.Metric, &c.Signal, &c.Replica, &c.First, &c.Last, &c.Data)
		})
	}
}

func read[T any](r row, to *[]T, scan func(row) (T, error)) error {
	one, err := scan(r)
	*to = append(*to, one)
	return err
}
