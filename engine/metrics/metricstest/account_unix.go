//go:build unix

package metricstest

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// account is who a server runs as: one that refuses root has a user of its own.
type account struct{ credential *syscall.Credential } // nil: who runs the test

func newAccount(tb testing.TB, name string) account {
	tb.Helper()
	if os.Geteuid() != 0 {
		return account{}
	}
	u, err := user.Lookup(name)
	if err != nil {
		tb.Fatal(err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		tb.Fatal(err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		tb.Fatal(err)
	}
	return account{&syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// folder is one that the account owns, removed at the test's end. tb.TempDir's are out of its reach.
func (a account) folder(tb testing.TB) string {
	tb.Helper()
	path, err := os.MkdirTemp("", "flyball-")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(path); err != nil {
			tb.Error(err)
		}
	})
	a.own(tb, path)
	return path
}

func (a account) file(tb testing.TB, folder, name, text string) string {
	tb.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	a.own(tb, path)
	return path
}

func (a account) own(tb testing.TB, path string) {
	tb.Helper()
	if a.credential == nil {
		return
	}
	if err := os.Chown(path, int(a.credential.Uid), int(a.credential.Gid)); err != nil {
		tb.Fatal(err)
	}
}

// command runs a program in a folder of the account's.
func (a account) command(folder, program string, arguments ...string) *exec.Cmd {
	cmd := exec.Command(program, arguments...)
	cmd.Dir = folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: a.credential}
	return cmd
}
