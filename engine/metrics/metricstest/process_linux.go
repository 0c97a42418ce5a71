package metricstest

import (
	"os/exec"
	"path/filepath"
	"syscall"
)

// dieWithTest has the kernel end the process when the test ends, however it ends.
func dieWithTest(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
}

func find(name string, patterns []string) (string, error) {
	path, err := exec.LookPath(name)
	for _, pattern := range append(patterns, "/usr/sbin/"+name) {
		if found, _ := filepath.Glob(pattern); err != nil && len(found) > 0 {
			return found[len(found)-1], nil
		}
	}
	return path, err
}
