//go:build !linux

package app

import "time"

func uptime() (time.Duration, bool) { return 0, false }
