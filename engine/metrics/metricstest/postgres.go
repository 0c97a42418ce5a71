package metricstest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// DatabasePassword is the password in the DSN of every database server: a test may look for it where it must not be.
const DatabasePassword = "pa55-canary-7d1f"

// Database is a database server that a test can end, and start again with what it kept.
type Database struct {
	DSN    string // of a user that may do anything
	server *Server
	start  func() *Server
	kill   syscall.Signal
}

// Postgres starts a PostgreSQL with an empty database, and answers its DSN.
func Postgres(tb testing.TB, settings ...string) string {
	tb.Helper()
	return PostgresServer(tb, settings...).DSN
}

// PostgresServer starts a PostgreSQL with an empty database, and settings such as "max_connections=10".
func PostgresServer(tb testing.TB, settings ...string) *Database {
	tb.Helper()
	program, err := filepath.EvalSymlinks(Program(tb, "postgres", "postgresql", "/usr/lib/postgresql/*/bin/postgres"))
	if err != nil {
		tb.Fatal(err)
	}
	beside := func(name string) string { return filepath.Join(filepath.Dir(program), name) }
	owner := newAccount(tb, "postgres")
	folder := owner.folder(tb)
	data := filepath.Join(folder, "data")
	prepare(tb, owner.command(folder, beside("initdb"), "--pgdata="+data, "--username=admin", "--auth=scram-sha-256",
		"--pwfile="+owner.file(tb, folder, "password", DatabasePassword), "--encoding=UTF8", "--locale=C", "--no-sync"))

	port := strconv.Itoa(Port(tb))
	arguments := []string{"-D", data, "-h", "127.0.0.1", "-p", port, "-k", folder, "-F"}
	for _, s := range settings {
		arguments = append(arguments, "-c", s)
	}
	d := &Database{
		DSN:  "postgres://admin:" + DatabasePassword + "@127.0.0.1:" + port + "/postgres?sslmode=disable",
		kill: syscall.SIGQUIT, // it ends its processes, but saves nothing
	}
	d.start = func() *Server {
		return Run(tb, owner.command(folder, program, arguments...), func() error {
			return exec.Command(beside("pg_isready"), "--host=127.0.0.1", "--port="+port).Run()
		})
	}
	d.Start()
	tb.Cleanup(d.Kill)
	return d
}

// Start starts it again.
func (d *Database) Start() { d.server = d.start() }

// Kill ends it at once, with its processes, as a crash does.
func (d *Database) Kill() {
	_ = d.server.cmd.Process.Signal(d.kill) // it may have ended
	<-d.server.done
}

// prepare runs what a server needs before it starts.
func prepare(tb testing.TB, cmd *exec.Cmd) {
	tb.Helper()
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	if text, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("%s: %v\n%s", cmd.Path, err, text)
	}
}
