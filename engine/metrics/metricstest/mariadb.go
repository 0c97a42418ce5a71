package metricstest

import (
	"net"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// MariaDB starts a MariaDB with an empty database, and answers its DSN.
func MariaDB(tb testing.TB, arguments ...string) string {
	tb.Helper()
	return MariaDBServer(tb, arguments...).DSN
}

// MariaDBServer starts a MariaDB with an empty database, and arguments such as "--max-connections=10".
func MariaDBServer(tb testing.TB, arguments ...string) *Database {
	tb.Helper()
	program := Program(tb, "mariadbd", "mariadb-server")
	install := Program(tb, "mariadb-install-db", "mariadb-server")
	owner := newAccount(tb, "mysql")
	folder := owner.folder(tb)
	data := filepath.Join(folder, "data")
	temporary := "--tmpdir=" + folder // one that starts clears it, also of the files of others
	prepare(tb, owner.command(folder, install, "--no-defaults", "--datadir="+data, temporary,
		"--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"))

	port := Port(tb)
	begin := owner.file(tb, folder, "begin.sql", `
CREATE DATABASE IF NOT EXISTS flyball;
CREATE USER IF NOT EXISTS admin@'127.0.0.1' IDENTIFIED BY '`+DatabasePassword+`';
GRANT ALL ON *.* TO admin@'127.0.0.1' WITH GRANT OPTION;
`)
	settings := []string{"--no-defaults", "--datadir=" + data, "--bind-address=127.0.0.1", "--port=" + strconv.Itoa(port),
		"--socket=" + filepath.Join(folder, "socket"), "--pid-file=" + filepath.Join(folder, "pid"), "--init-file=" + begin,
		temporary, "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M"}
	d := &Database{DSN: "admin:" + DatabasePassword + "@tcp(" + Address(port) + ")/flyball", kill: syscall.SIGKILL}
	d.start = func() *Server {
		return Run(tb, owner.command(folder, program, append(settings, arguments...)...), func() error { return greets(Address(port)) })
	}
	d.Start()
	tb.Cleanup(d.Kill)
	return d
}

// greets says whether a server speaks first, as those of MySQL's kind do once they are ready.
func greets(address string) error {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Second)) // or the next line fails
	_, err = c.Read(make([]byte, 1))
	return err
}
