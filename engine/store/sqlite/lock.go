package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Lock keeps writers away from the store at path until it is unlocked. Where one has it open that is an error.
func Lock(path string) (unlock func() error, err error) {
	lock, err := acquire(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("lock store %s: %w", path, err)
	}
	return func() error { return release(lock) }, nil
}

// acquire takes the writer's lock. It is a file of its own, because SQLite keeps locks on the database that closing
// another handle of it in the same process would drop. The kernel lets go of it when the process dies.
func acquire(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("%w: the folder must be writable, or name another with --store", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("%s has it open for writing: stop it first, or name another file with --store", holder(f))
	}
	if err == nil {
		err = sign(f, strconv.Itoa(os.Getpid()))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// release leaves the file in place: to remove it would let a third process lock a new file beside a waiting second.
func release(f *os.File) error {
	return errors.Join(sign(f, ""), f.Close())
}

func sign(f *os.File, pid string) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(pid), 0)
	return err
}

// holder names the process that signed the lock.
func holder(f *os.File) string {
	text, err := io.ReadAll(io.LimitReader(f, 20))
	if pid := strings.TrimSpace(string(text)); err == nil && pid != "" {
		return "process " + pid
	}
	return "another process"
}

// writable asks the kernel instead of opening the file: see acquire for why a second handle does harm.
func writable(path string) bool {
	const write = 2
	return syscall.Access(path, write) == nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
