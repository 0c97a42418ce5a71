//go:build unix

package app

import (
	"io/fs"
	"syscall"
)

// groupOf is the id of the group that a file belongs to.
func groupOf(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Gid)
	}
	return 0
}
