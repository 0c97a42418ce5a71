package sqlite

import (
	"errors"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"time"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

const (
	// On a full disk SQLite can't even delete a row: for that it writes to its log, and to make room in that to the file.
	// The ballast is what a log of the usual thousand pages may add to the file.
	ballastSize = 4 << 20
	healEvery   = time.Minute
)

// room is what is known of the space on the disk.
type room struct {
	ballast string // the path of the file that is given up when there is none; empty: none is kept

	mutex sync.Mutex
	short bool      // there was none, and there is no more than before
	tried time.Time // when it was last looked for
}

// full says that an error is for want of space.
func full(err error) bool {
	var e *driver.Error
	if errors.As(err, &e) {
		return e.Code()&0xff == lib.SQLITE_FULL || e.Code() == lib.SQLITE_IOERR_SHMSIZE
	}
	return errors.Is(err, syscall.ENOSPC)
}

// openWithBallast opens the store with a ballast beside it. Where there is no space to open it, the ballast is given up for
// that.
func (s *Store) openWithBallast() error {
	ballast := s.path + ".ballast"
	err := s.openWriter()
	if full(err) && os.Remove(ballast) == nil {
		err = errors.Join(s.disconnect(), s.openWriter())
	}
	if err != nil {
		return err
	}
	s.room.ballast = ballast
	s.keepRoom(fill(ballast, ballastSize))
	return nil
}

// keepRoom is told how each write has ended.
func (s *Store) keepRoom(err error) {
	if s.room.ballast == "" {
		return
	}
	s.room.mutex.Lock()
	defer s.room.mutex.Unlock()
	switch {
	case s.room.short:
		s.recover()
	case full(err):
		s.runShort(err)
	}
}

// runShort gives the ballast up for one checkpoint, so that the log can be written anew from its beginning, and lets the
// file grow no more. From then on is written what needs no new page, such as a hold; what is past its retention is dropped,
// and its pages are used again. What has failed stays an error: nothing of it was written.
func (s *Store) runShort(cause error) {
	s.room.short, s.room.tried = true, time.Now()
	s.log.Error("the disk is full: what needs room is not recorded, and services are held, until 8 MB are free",
		"store", s.path, "error", cause)
	var busy, pages, moved int
	err := errors.Join(
		os.Remove(s.room.ballast),
		s.write.QueryRow("PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &pages, &moved),
		s.write.QueryRow("PRAGMA max_page_count = 1").Scan(&pages), // SQLite makes it as many as there are
	)
	if err != nil {
		s.log.Warn("the store can't make itself room", "store", s.path, "error", err)
	}
	_ = fill(s.room.ballast, ballastSize/2) // the other half is for the log: a young one is small
}

// recover looks, at most once a minute, whether there is room for the ballast again, and for as much besides.
func (s *Store) recover() {
	if time.Since(s.room.tried) < healEvery {
		return
	}
	s.room.tried = time.Now()
	if err := fill(s.room.ballast, 2*ballastSize); err != nil {
		_ = cut(s.room.ballast, ballastSize/2) // as before
		return
	}
	if err := cut(s.room.ballast, ballastSize); err != nil {
		s.log.Warn("the store's ballast can't be cut", "store", s.path, "error", err)
	}
	if _, err := s.write.Exec("PRAGMA max_page_count = 4294967294"); err != nil {
		s.log.Warn("the store can't be let grow again", "store", s.path, "error", err)
		return
	}
	s.room.short = false
	s.log.Info("there is room on the disk again: everything is recorded", "store", s.path)
}

// fill makes a file as large as that, or as there is room for. It is filled with chance, which no file system packs.
func fill(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	chance := rand.NewChaCha8([32]byte{})
	block := make([]byte, 1<<16)
	for at := info.Size(); at < size; at += int64(len(block)) {
		_, _ = chance.Read(block) // it never fails
		if _, err := f.Write(block[:min(int64(len(block)), size-at)]); err != nil {
			return err
		}
	}
	return f.Sync() // some file systems look for the space only then
}

// cut makes a file no larger than that.
func cut(path string, size int64) error {
	info, err := os.Stat(path)
	if err != nil || info.Size() <= size {
		return err
	}
	return os.Truncate(path, size)
}
