package app

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
)

// clock reads the time for the loop. The boot is read with it, so that deadlines survive a restart and a clock that is
// set.
func clock() func() control.Moment {
	id := bootID()
	return func() control.Moment {
		at := time.Now()
		up, known := uptime()
		boot := engine.Boot{ID: id, Started: at.Add(-up)}
		if !known {
			boot.Started = time.Time{}
		}
		return control.Moment{At: at.Round(0).UTC(), Boot: boot}
	}
}

// bootID names this run of the machine. Where the system does not tell, each start of the daemon counts as another boot,
// which is the careful side: cooldowns wait their whole length again.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return fmt.Sprintf("process-%d-%d", os.Getpid(), time.Now().UnixNano())
	}
	return strings.TrimSpace(string(id))
}
