package sql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgres is a PostgreSQL.
type postgres struct {
	driver.Connector
	place    string
	password string
}

func newPostgres(dsn string) (server, error) {
	config, err := pgx.ParseConfig(dsn)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("a file that dsn names is not there; look at its sslrootcert, sslcert, sslkey and service")
	case err != nil || strings.Contains(dsn, "://") && strings.Count(dsn, "@") > 1 || slices.ContainsFunc(names(config), odd):
		return nil, errors.New("dsn is not the address of a PostgreSQL; allowed: postgres://user:password@host:5432/database, " +
			"where special characters of the password are percent-encoded, or host=… user=… password='…' dbname=…")
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "flyball"
	}
	// One statement a message: this protocol has no room for a second. Nothing is prepared ahead, as poolers in between
	// may give each transaction to another connection.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	config.MaxProtocolMessageBodyLen = largest
	return postgres{
		Connector: stdlib.GetConnector(*config),
		place:     "postgres at " + net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))),
		password:  config.Password,
	}, nil
}

// names are what errors may show of an address.
func names(config *pgx.ConnConfig) []string {
	all := append(slices.Collect(maps.Keys(config.RuntimeParams)), config.Host, config.Database)
	for _, f := range config.Fallbacks {
		all = append(all, f.Host)
	}
	return all
}

// odd says that a name has what no name has: a piece of a password with special characters, most likely.
func odd(name string) bool { return strings.ContainsAny(name, "@?#= \t\r\n") }

func (p postgres) String() string { return p.place }

func (postgres) dialect() dialect { return postgreSQL }

func (p postgres) words(err error) string { return redact(err.Error(), p.password) }

// limit holds until the transaction's end.
func (postgres) limit(d time.Duration) string {
	return fmt.Sprintf("SET LOCAL statement_timeout = %d", max(d.Milliseconds(), 1))
}

// said goes by the codes of https://www.postgresql.org/docs/current/errcodes-appendix.html.
func (postgres) said(err error) verdict {
	var long *pgproto3.ExceededMaxBodyLenErr
	var e *pgconn.PgError
	switch {
	case errors.As(err, &long):
		return wrong
	case !errors.As(err, &e):
		return unheard
	}
	switch class := e.Code[:min(len(e.Code), 2)]; {
	case e.Code == "57014": // query_canceled
		return slow
	case e.Code == "53400", e.Code == "08P01": // configuration_limit_exceeded, such as temp_file_limit; a query with $1 in it
		return wrong
	case class == "08", class == "28", class == "53", class == "57", class == "58", e.Code == "3D000":
		return down
	default:
		return wrong
	}
}

// redact takes a secret out of a text.
func redact(text, secret string) string {
	if secret == "" {
		return text
	}
	return strings.ReplaceAll(text, secret, "…")
}

// Connect makes a connection. Its error is without the names that the library's begins with.
func (p postgres) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := p.Connector.Connect(ctx)
	var said *pgconn.PgError
	var failed *pgconn.ConnectError
	switch {
	case errors.As(err, &said):
		return nil, said
	case errors.As(err, &failed):
		return nil, failed.Unwrap()
	default:
		return c, err
	}
}
