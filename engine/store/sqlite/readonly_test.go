package sqlite

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/flyball-dev/flyball/engine"
)

const openVariable = "FLYBALL_OPEN_STORE"

// openStore is this test binary run as a user who is not root: it opens the store that the variable names, and prints
// what it is told and what a reader finds.
func openStore() bool {
	path := os.Getenv(openVariable)
	if path == "" {
		return false
	}
	s, err := Open(path, Options{})
	if err == nil {
		err = s.Shutdown()
	}
	fmt.Println("writer:", err)
	reader, err := Open(path, Options{ReadOnly: true})
	if err == nil {
		var records []engine.Record
		records, err = reader.Latest(context.Background())
		fmt.Println("records:", len(records))
	}
	fmt.Println("reader:", err)
	return true
}

func TestWhatCanNotBeWritten(t *testing.T) {
	for _, c := range []struct {
		name           string
		file, folder   os.FileMode
		writer, reader string
	}{
		{"file", 0o444, 0o777, "the file can't be written by user", "reader: <nil>"},
		{"folder", 0o666, 0o555, "can't be written by user", "reader: <nil>"},
		{"nothing wrong", 0o666, 0o777, "writer: <nil>", "reader: <nil>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			top, err := os.MkdirTemp("", "flyball-store-")
			check(t, err)
			t.Cleanup(func() { os.RemoveAll(top) })
			folder := filepath.Join(top, "state")
			path := filepath.Join(folder, "flyball.db")
			s := openAt(t, path)
			check(t, s.Record(t.Context(), web(start), engine.State{}))
			check(t, s.Shutdown())
			check(t, os.Chmod(path+".lock", 0o666))
			check(t, os.Chmod(path, c.file))
			check(t, os.Chmod(folder, c.folder))
			check(t, os.Chmod(top, 0o755))

			out := asNobody(t, top, path)
			for _, say := range []string{c.writer, "records: 1", c.reader} {
				if !strings.Contains(out, say) {
					t.Errorf("it says\n%s\nwant %q", out, say)
				}
			}
			check(t, os.Chmod(folder, 0o700))
		})
	}
}

// asNobody runs openStore as another user where this one is root, whom permissions don't stop.
func asNobody(t *testing.T, top, path string) string {
	t.Helper()
	binary, err := os.Executable()
	check(t, err)
	var as *syscall.SysProcAttr
	if os.Geteuid() == 0 {
		mine := binary
		binary = filepath.Join(top, "test") // go test's own folder is closed to others
		in, err := os.Open(mine)
		check(t, err)
		defer in.Close()
		out, err := os.OpenFile(binary, os.O_CREATE|os.O_WRONLY, 0o755)
		check(t, err)
		_, err = io.Copy(out, in)
		check(t, err)
		check(t, out.Close())
		as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	run := exec.Command(binary)
	run.Env = append(os.Environ(), openVariable+"="+path)
	run.Dir = "/"
	run.SysProcAttr = as
	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

func TestABackupIsReadWithoutATrace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "backup.db")
	check(t, openAt(t, path).Shutdown())
	check(t, os.Remove(path+".lock"))
	s, err := Open(path, Options{ReadOnly: true, Backup: true})
	check(t, err)
	if _, err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	check(t, s.Shutdown())
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("beside it is left %v, %v", left, err)
	}
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flyball.db")
	unlock, err := Lock(path)
	check(t, err)
	if s, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), "has it open for writing") {
		t.Errorf("a locked store is opened: %v, %v", s, err)
	}
	check(t, unlock())
	check(t, openAt(t, path).Shutdown())
}
