//go:build unix

package compose

import (
	"os/exec"
	"syscall"
)

// ownGroup has a command killed together with what it started: docker runs its compose plugin as a process of its own.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
