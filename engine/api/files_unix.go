//go:build unix

package api

import "syscall"

// openFiles is how many files this process may have open at once, connections among them.
func openFiles() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 256 // the least that there is
	}
	return uint64(limit.Cur)
}
