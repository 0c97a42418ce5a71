package sql

import (
	"context"
	"database/sql/driver"
	"errors"
	"net/url"
	"strings"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// liteSQL is a file of SQLite's.
type liteSQL struct {
	driver.Connector
	place string
}

// newSQLite opens read-only, without making the file; what a writer locks is waited for a second.
func newSQLite(dsn string) (server, error) {
	path := strings.TrimPrefix(dsn, "file:")
	if path == "" || strings.ContainsAny(path, "?#\x00") || strings.HasPrefix(path, ":") {
		return nil, errors.New("dsn is not the path of a file; allowed: one such as /data/app.db, without settings after a ?")
	}
	settings := url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(1000)", "query_only(1)"}}
	c, err := sqlite.NewConnector("file:" + (&url.URL{Path: path}).EscapedPath() + "?" + settings.Encode())
	if err != nil {
		return nil, errors.New("dsn is not the path of a file; allowed: one such as /data/app.db")
	}
	return liteSQL{c, "sqlite file " + path}, nil
}

func (l liteSQL) String() string { return l.place }

func (liteSQL) dialect() dialect { return sqLite }

func (liteSQL) words(err error) string { return err.Error() }

func (liteSQL) limit(time.Duration) string { return "" }

// said goes by the codes of https://sqlite.org/rescode.html.
func (liteSQL) said(err error) verdict {
	var e *sqlite.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return unheard
	case !errors.As(err, &e), e.Code() == lib.SQLITE_READONLY:
		return wrong
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_INTERRUPT:
		return slow
	case lib.SQLITE_PERM, lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_NOMEM, lib.SQLITE_IOERR, lib.SQLITE_CORRUPT,
		lib.SQLITE_CANTOPEN, lib.SQLITE_PROTOCOL, lib.SQLITE_NOTADB,
		lib.SQLITE_READONLY: // with more in its code: the journal needs mending, which takes a writer
		return down
	default:
		return wrong
	}
}
