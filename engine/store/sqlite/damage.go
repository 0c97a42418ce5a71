package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	driver "modernc.org/sqlite" // also the driver that database/sql knows as sqlite
	lib "modernc.org/sqlite/lib"

	"github.com/flyball-dev/flyball/engine/store"
)

var (
	errDamaged = errors.New("the file is damaged")
	errEmpty   = fmt.Errorf("%w: it is empty", errDamaged)
)

// Damaged tells a broken file from one that can't be reached.
func Damaged(err error) bool {
	var e *driver.Error
	if errors.As(err, &e) && !errors.Is(err, errDamaged) {
		primary := e.Code() & 0xff
		return primary == lib.SQLITE_CORRUPT || primary == lib.SQLITE_NOTADB
	}
	return errors.Is(err, errDamaged)
}

// misread takes an error of a query for damage of the file's own tables: the query is right.
func misread(err error) error {
	var e *driver.Error
	if errors.As(err, &e) && e.Code()&0xff == lib.SQLITE_ERROR {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return err
}

// mended says what helps where the file turns out to be damaged while it is open: until then nothing is decided on it.
func mended(err error) error {
	if err == nil || !Damaged(err) {
		return err
	}
	return fmt.Errorf("%w: start flyball again, which moves the file aside and begins a new one", err)
}

// replace moves a damaged file aside, with its log, and begins a new one. That it did is kept in the new file: states
// that were lost come back as a full cooldown, and the switch as off: somebody may have turned it off.
func (s *Store) replace(cause error) error {
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			cause = errors.Join(cause, db.Close())
		}
	}
	s.read, s.write = nil, nil
	aside := s.path + ".corrupt-" + time.Now().UTC().Format("20060102T150405.000Z")
	err := os.WriteFile(s.damaged(), []byte(aside), 0o600)
	if err == nil {
		err = os.Rename(s.path, aside)
	}
	if err != nil {
		return errors.Join(cause, err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Rename(s.path+suffix, aside+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return errors.Join(cause, err)
		}
	}
	if err := s.connectWriter(); err != nil {
		return err
	}
	return s.beginAnew(cause)
}

// damaged is the file that is there from before a damaged one is moved until it is on record in the new one that it was: a
// process that is killed in between leaves that to the next. It says where the damaged one is.
func (s *Store) damaged() string { return s.path + ".damaged" }

// beginAnew puts on record in a new file that it is in the place of a damaged one.
func (s *Store) beginAnew(cause error) error {
	aside, err := os.ReadFile(s.damaged())
	if err != nil {
		return err
	}
	s.log.Error("store damaged: moved aside and begun anew; history, pauses, who may use the API and the policies that came by it are lost, "+
		"every policy waits a full cooldown, and autoscaling is off until flyball enable", "store", s.path, "moved_to", string(aside), "error", cause)
	now := time.Now()
	err = s.inTransaction(context.Background(), func(tx *sql.Tx) error {
		if err := begunAnew(context.Background(), tx, now); err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT OR REPLACE INTO switch VALUES (1, 0, 'damaged store', ?)", now.UnixNano()); err != nil {
			return err
		}
		return appendEntries(context.Background(), tx, store.Entry{
			At: now, Actor: "flyball", Kind: store.OfStore,
			Message: "the store was damaged: it was moved to " + string(aside) + " and begun anew, and autoscaling is off",
		})
	})
	if err != nil {
		return err
	}
	return os.Remove(s.damaged())
}
