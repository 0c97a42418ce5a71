package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/chunk"
)

// Empty says that nobody has ever used the store.
func (s *Store) Empty(ctx context.Context) (bool, error) {
	empty := true
	err := s.look(ctx, 0, func(tx *sql.Tx) error {
		version, err := checkVersion(ctx, tx)
		if err != nil {
			return err
		}
		for _, section := range sections(version) {
			var used bool
			if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM "+section.table+")").Scan(&used); err != nil {
				return err
			}
			empty = empty && !used
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("look whether the store is empty: %w", err)
	}
	return empty, nil
}

const mostProblems = 20 // of one kind

// Check reads the whole file, unpacks everything that is in it, and says what is wrong, and how much there is. What
// can't be read is a problem, and no error.
func (s *Store) Check(ctx context.Context) (store.Findings, error) {
	var c checkup
	err := s.look(ctx, 0, func(tx *sql.Tx) error {
		version, err := checkVersion(ctx, tx)
		if err != nil {
			return err
		}
		lines, err := column[string](tx.QueryContext(ctx, fmt.Sprintf("PRAGMA integrity_check(%d)", mostProblems)))
		for _, line := range lines {
			if line != "ok" {
				c.say("file", strings.ReplaceAll(line, "\n", " "))
			}
		}
		if err != nil {
			c.say("file", err.Error())
		}
		for _, section := range sections(version) {
			if err := c.section(ctx, tx, section); err != nil {
				return err
			}
		}
		return c.strays(ctx, tx, version)
	})
	if Damaged(err) {
		c.say("file", err.Error())
		err = nil
	}
	if err != nil {
		return store.Findings{}, fmt.Errorf("check the store: %w", err)
	}
	return c.findings, nil
}

// checkup is what a check has found so far.
type checkup struct {
	findings store.Findings
	decoder  chunk.Decoder
	audited  int64 // the number of the last audit entry
}

func (c *checkup) say(what, problem string) {
	c.findings.Problems = append(c.findings.Problems, what+": "+problem)
}

// section reads a section to its end, and over what can't be read.
func (c *checkup) section(ctx context.Context, tx *sql.Tx, s section) error {
	var count int64
	problems := 0
	err := s.each(ctx, tx, func(rows *sql.Rows) error {
		count++
		var part store.Part
		err := s.read(rows, &part)
		if err == nil {
			err = c.look(part)
		}
		if err == nil {
			return nil
		}
		if problems++; problems <= mostProblems {
			c.say(s.what, fmt.Sprintf("number %d is damaged: %v", count, err))
		}
		return nil
	})
	if problems > mostProblems {
		c.say(s.what, fmt.Sprintf("%d more are damaged", problems-mostProblems))
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		c.say(s.what, err.Error())
	}
	return nil
}

// look is at what no reader looks at until it needs it.
func (c *checkup) look(p store.Part) error {
	var errs []error
	for _, one := range p.Chunks {
		var err error
		if one.Kind == store.DayChunk {
			_, err = c.decoder.DecodeRollups(one.Data)
		} else {
			_, err = c.decoder.Decode(one.Data)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s of %s: %w", one.Metric, one.Subject, err))
		}
	}
	for _, e := range p.Entries {
		if c.audited > 0 && e.Number != c.audited+1 {
			errs = append(errs, fmt.Errorf("entry %d follows on %d: there is a gap", e.Number, c.audited))
		}
		c.audited = e.Number
	}
	return errors.Join(errs...)
}

// strays looks for what has lost what it belongs to.
func (c *checkup) strays(ctx context.Context, tx *sql.Tx, version int) error {
	if version < withSamples {
		return nil
	}
	for _, table := range []string{"chunk", "open_chunk", "rollup"} {
		var n int64
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM "+table+" WHERE series NOT IN (SELECT id FROM series)").Scan(&n); err != nil {
			c.say(table, err.Error())
		} else if n > 0 {
			c.say(table, fmt.Sprintf("%d belong to no series", n))
		}
	}
	return nil
}
