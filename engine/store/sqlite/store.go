// Package sqlite is the embedded ledger, and the history of samples: one file, one writer at a time, every acknowledged
// decision and event on disk before the call returns, samples when they are flushed. Readers may open the file beside
// the writer.
package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine/store/series"
)

// Options say how a store is opened.
type Options struct {
	ReadOnly bool         // for a look beside the daemon: takes no lock, and every write is an error
	Backup   bool         // with ReadOnly: nobody writes to the file, and nothing is left beside it
	Log      *slog.Logger // is told loudly when a damaged file was replaced; nil: nobody is

	KeepSamples time.Duration // how long samples are kept; 0: 30 days
	KeepRollups time.Duration // how long their five-minute rollups are kept; 0: 400 days
	// Whether a file is kept beside it, <path>.ballast, that is given up when the disk is full: see runShort.
	Ballast bool

	KeepAudit time.Duration // how long entries of the audit log are kept; 0: 400 days
}

// Store is the ledger in one file. It is safe for concurrent use.
type Store struct {
	path  string
	log   *slog.Logger
	lock  *os.File // held by the writer for as long as it lives; nil for a reader
	write *sql.DB  // one connection, so writes queue here and not inside SQLite; nil for a reader
	read  *sql.DB

	pruning sync.Mutex
	pruned  time.Time // when old rows were last looked for, in the time of the records

	keepSamples, keepRollups, keepAudit time.Duration

	room room

	arrivals      series.Arrivals
	flushing      sync.Mutex // guards all below, and lets one write samples at a time
	prunedSamples time.Time
}

// Open opens the ledger at path and makes it, with its folder, where there is none. A damaged file is moved aside as
// <path>.corrupt-<time> and a new one begun: what was cooling down starts its cooldown again. A second writer, a file
// of a newer flyball or of another program, and a place that can't be written are errors.
func Open(path string, o Options) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{
		path: path, log: o.Log,
		keepSamples: cmp.Or(o.KeepSamples, keepSamples), keepRollups: cmp.Or(o.KeepRollups, keepRollups),
		keepAudit: cmp.Or(o.KeepAudit, keepAudit),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	switch {
	case o.ReadOnly:
		err = s.openReader(o.Backup)
	case o.Ballast:
		err = s.openWithBallast()
	default:
		err = s.openWriter()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, err), s.Shutdown())
	}
	return s, nil
}

// Shutdown flushes what was kept, ends the store and lets the next writer in.
func (s *Store) Shutdown() error {
	return errors.Join(s.flush(context.Background()), s.disconnect())
}

func (s *Store) disconnect() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write} { // the writer last: it folds the log into the file
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.lock != nil {
		errs = append(errs, release(s.lock))
		s.lock = nil
	}
	return errors.Join(errs...)
}

func (s *Store) openReader(backup bool) error {
	if _, err := os.Stat(s.path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: `flyball run` makes it, or name another with --store", fs.ErrNotExist)
	}
	settings := url.Values{"mode": {"ro"}}
	if (backup || !writable(filepath.Dir(s.path))) && !exists(s.path+"-wal") {
		settings.Set("immutable", "1") // SQLite need not, or can't, keep its index beside the file, and nobody writes there
	}
	var err error
	if s.read, err = connect(s.path, settings); err != nil {
		return err
	}
	_, err = checkVersion(context.Background(), s.read)
	return err
}

func (s *Store) openWriter() error {
	folder := filepath.Dir(s.path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("%w: name a folder that can be written with --store", err)
	}
	if !writable(folder) {
		return fmt.Errorf("folder %s can't be written by user %d: make it writable, or name another with --store",
			folder, os.Geteuid())
	}
	var err error
	if s.lock, err = acquire(s.path + ".lock"); err != nil {
		return err
	}
	if exists(s.path) && !writable(s.path) {
		return fmt.Errorf("the file can't be written by user %d: make it writable, or name another with --store",
			os.Geteuid())
	}
	switch err = s.connectWriter(); {
	case Damaged(err):
		err = s.replace(err)
	case err == nil && exists(s.damaged()):
		err = s.beginAnew(errors.New("whoever noticed it was stopped before that was on record"))
	}
	return err
}

// connectWriter opens the connections on a file that is whole, or not there yet.
func (s *Store) connectWriter() error {
	if info, err := os.Stat(s.path); err == nil && info.Size() == 0 {
		return errEmpty
	}
	made := !exists(s.path)
	ctx := context.Background()
	var err error
	s.write, err = connect(s.path, url.Values{
		"_pragma": {"busy_timeout(5000)", "journal_mode(wal)", "synchronous(full)"},
		"_txlock": {"immediate"},
	})
	if err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if err := prepare(ctx, s.write); err != nil {
		return err
	}
	if made {
		s.hide()
	}
	s.read, err = connect(s.path, url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(5000)"}})
	return err
}

// hide makes a new store its owner's alone, wherever it is: hashes of passwords are in it. Who wants others to read it may say so later.
// Where a file system knows no rights there is nothing to do.
func (s *Store) hide() {
	for _, beside := range []string{"", "-wal", "-shm"} {
		_ = os.Chmod(s.path+beside, 0o600)
	}
}

func connect(path string, settings url.Values) (*sql.DB, error) {
	file := url.URL{Scheme: "file", Path: path, RawQuery: settings.Encode()}
	return sql.Open("sqlite", file.String())
}

const (
	application = 0x666c7962 // "flyb", in the file's header: tells a ledger from other programs' databases
	withSamples = 2          // the first version that has them
	withPauses  = 3
	withAudit   = 4 // and with revisions, the outbox, and who lost his state
	// and with policies by the API, reasons in the audit log, and what of that has been told
	withAccounts = 5
	version      = 5
)

var (
	//go:embed schema.sql
	schema string
	//go:embed samples.sql
	samples string
	//go:embed pauses.sql
	pauses string
	//go:embed audit.sql
	audit string
	//go:embed accounts.sql
	accounts string
)

func everyTable() string { return schema + samples + pauses + audit + accounts }

// prepare checks the file, lays down the tables of a new one, and adds to one of an older flyball what it lacks.
func prepare(ctx context.Context, db *sql.DB) error {
	var tables, pages int
	err := db.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM sqlite_schema), page_count FROM pragma_page_count").Scan(&tables, &pages)
	if err != nil {
		return err
	}
	if tables == 0 && pages > 1 {
		return fmt.Errorf("%w: there are %d pages, and no table", errDamaged, pages)
	}
	if tables == 0 {
		return laydown(ctx, db, everyTable())
	}
	found, err := checkVersion(ctx, db)
	if err != nil {
		return err
	}
	if err := complete(ctx, db, found); err != nil {
		return misread(err)
	}
	return nil
}

// complete makes a file of some version one of this version, where it is whole.
func complete(ctx context.Context, db *sql.DB, found int) error {
	if err := checkWhole(ctx, db, found); err != nil {
		return err
	}
	lacks := ""
	if found < withSamples {
		lacks += samples
	}
	if found < withPauses {
		lacks += pauses
	}
	if found < withAudit {
		lacks += audit
	}
	if found < withAccounts {
		lacks += accounts
	}
	if lacks != "" {
		if err := laydown(ctx, db, lacks); err != nil {
			return err
		}
	}
	return checkShape(ctx, db)
}

// laydown makes the file one of this version, in one transaction.
func laydown(ctx context.Context, db *sql.DB, tables string) error {
	_, err := db.ExecContext(ctx, fmt.Sprintf(
		"BEGIN IMMEDIATE; %s PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT;", tables, application, version))
	return err
}

func checkVersion(ctx context.Context, db queryer) (found int, err error) {
	var program int
	header := db.QueryRowContext(ctx, "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version")
	if err := header.Scan(&program, &found); err != nil {
		return 0, err
	}
	switch {
	case program != application:
		return 0, errors.New("it is the database of another program: name another file")
	case found < 1:
		return 0, fmt.Errorf("%w: it has version %d", errDamaged, found)
	case found > version:
		return 0, fmt.Errorf("a newer flyball wrote it (schema %d, this one reads up to %d): "+
			"run that flyball, or name another file", found, version)
	}
	return found, nil
}
