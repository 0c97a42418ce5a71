package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/flyball-dev/flyball/engine/store"
)

// What one part of an export has at most, and one row more.
const (
	partRows  = 1000
	partBytes = 1 << 20 // as text; what is made of it takes some times as much
)

// Export gives everything in parts, as it is on disk at one instant: samples that were kept are not, before they are
// flushed. It ends with the first error that take answers. Writers go on meanwhile.
func (s *Store) Export(ctx context.Context, take func(store.Part) error) error {
	err := s.look(ctx, 0, func(tx *sql.Tx) error {
		version, err := checkVersion(ctx, tx)
		if err != nil {
			return err
		}
		p := parts{take: take}
		for _, section := range sections(version) {
			if err := section.each(ctx, tx, func(rows *sql.Rows) error { return p.add(section, rows) }); err != nil {
				return fmt.Errorf("%s: %w", section.what, err)
			}
		}
		return p.give()
	})
	if err != nil {
		return fmt.Errorf("export the store: %w", err)
	}
	return nil
}

// parts collects rows until there are enough for a part.
type parts struct {
	take func(store.Part) error
	part store.Part
	rows int
	size sized
}

func (p *parts) add(s section, rows *sql.Rows) error {
	p.size.row = rows
	if err := s.read(&p.size, &p.part); err != nil {
		return err
	}
	if p.rows++; p.rows < partRows && p.size.bytes < partBytes {
		return nil
	}
	return p.give()
}

func (p *parts) give() error {
	if p.rows == 0 {
		return nil
	}
	part := p.part
	p.part, p.rows, p.size.bytes = store.Part{}, 0, 0
	return p.take(part)
}

// sized counts the bytes of what is read.
type sized struct {
	row
	bytes int
}

func (s *sized) Scan(into ...any) error {
	err := s.row.Scan(into...)
	for _, one := range into {
		switch one := one.(type) {
		case *[]byte:
			s.bytes += len(*one)
		case *string:
			s.bytes += len(*one)
		}
	}
	return err
}
