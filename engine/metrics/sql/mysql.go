package sql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// mySQL is a MySQL or a MariaDB.
type mySQL struct {
	driver.Connector
	place    string
	password string
}

func newMySQL(dsn string) (server, error) {
	config, err := mysql.ParseDSN(dsn)
	if err != nil || odd(config.Addr) || odd(config.DBName) || config.Net != "tcp" && config.Net != "unix" {
		return nil, errors.New("dsn is not the address of a MySQL; allowed: user:password@tcp(host:3306)/database, " +
			"with the password as it is, and without mysql:// before it")
	}
	config.ConnectionAttributes = strings.Trim(config.ConnectionAttributes+",program_name:flyball", ",")
	config.MultiStatements = false
	config.AllowAllFiles = false
	config.Logger = &mysql.NopLogger{} // it would write to stderr
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return newFrugal(c), nil
	}
	c, err := mysql.NewConnector(config)
	if err != nil {
		return nil, errors.New("dsn has settings that do not go together")
	}
	return mySQL{c, "mysql at " + config.Addr, config.Passwd}, nil
}

func (m mySQL) String() string { return m.place }

func (mySQL) dialect() dialect { return mariaDB }

// words add what the driver keeps to itself: it says of every connection that it stopped reading only that it is invalid.
func (m mySQL) words(err error) string {
	if errors.Is(err, mysql.ErrInvalidConn) {
		return fmt.Sprintf("the connection ended, or the answer was longer than %d bytes", largest)
	}
	return redact(err.Error(), m.password)
}

// Connect makes a connection whose transactions are all read-only: also one that a query would begin itself, and the one that
// MySQL begins for itself after a statement that ends ours, such as CREATE.
func (m mySQL) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := m.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := c.(driver.ExecerContext).ExecContext(ctx, "SET SESSION TRANSACTION READ ONLY", nil); err != nil {
		_ = c.Close() // it is of no use
		return nil, err
	}
	return c, nil
}

// limit is one statement for all: MariaDB alone reads what is in /*M! */ (seconds, of all statements), MySQL alone what is
// in /*!50708 */ (milliseconds, of SELECT), for MariaDB leaves the versions from 5.7 to 9 to MySQL. And no SELECT answers
// more than two rows, unless it has a LIMIT.
func (mySQL) limit(d time.Duration) string {
	ms := max(d.Milliseconds(), 1)
	return fmt.Sprintf("SET SESSION sql_select_limit = 2 /*M!100101 , SESSION max_statement_time = %d.%03d */"+
		" /*!50708 , SESSION max_execution_time = %d */", ms/1000, ms%1000, ms)
}

// said goes by the numbers of https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html and
// https://mariadb.com/kb/en/mariadb-error-code-reference/.
func (mySQL) said(err error) verdict {
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		return unheard
	}
	switch {
	case e.Number == 1969, e.Number == 3024: // max_statement_time of MariaDB, max_execution_time of MySQL
		return slow
	case slices.Contains([]uint16{
		1040, 1203, 1226, // too many connections: in all, of the user, or in an hour
		1037, 1041, // out of memory
		1053, 1077, 1079, 1080, // shutting down
		1927, 3169, // the connection was killed
		1158, 1159, 1160, 1161, 4031, // the connection broke, or was idle for too long
	}, e.Number):
		return down
	default:
		return wrong
	}
}
