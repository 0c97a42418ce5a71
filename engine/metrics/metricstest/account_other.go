//go:build !unix

package metricstest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

type account struct{}

func newAccount(testing.TB, string) account { return account{} }

func (account) folder(tb testing.TB) string { return tb.TempDir() }

func (account) file(tb testing.TB, folder, name, text string) string {
	tb.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func (account) command(folder, program string, arguments ...string) *exec.Cmd {
	cmd := exec.Command(program, arguments...)
	cmd.Dir = folder
	return cmd
}
