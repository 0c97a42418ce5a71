package app

import (
	"fmt"
	"math"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// self is this program, also when its file has been replaced since it started.
func self() (string, error) { return "/proc/self/exe", nil }

// confine lets the kernel end this process when it takes too much. What it has already counts for nothing: the race
// detector takes terabytes of addresses.
func confine(cpu time.Duration) error {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return err
	}
	var pages [6]uint64
	if _, err := fmt.Sscan(string(text), &pages[0], &pages[1], &pages[2], &pages[3], &pages[4], &pages[5]); err != nil {
		return fmt.Errorf("read /proc/self/statm: %w", err)
	}
	data := pages[5]*uint64(os.Getpagesize()) + mostMemory
	// Not RLIMIT_AS: Go reserves far more addresses than it uses.
	if err := unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: data, Max: data}); err != nil {
		return err
	}
	seconds := uint64(math.Ceil(cpu.Seconds()))
	return unix.Setrlimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: seconds, Max: seconds})
}
