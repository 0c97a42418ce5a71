package app

import (
	"time"

	"golang.org/x/sys/unix"
)

// uptime is the time since the machine booted, sleep included.
func uptime() (time.Duration, bool) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0, false
	}
	return time.Duration(ts.Nano()), true
}
