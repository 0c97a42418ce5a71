package engine

import (
	"fmt"
	"time"
)

// Window is a stretch of local time in which other bounds hold, or nothing is changed.
type Window struct {
	Name        string         `json:"name,omitempty"`
	Days        []time.Weekday `json:"days,omitempty"`  // on which it begins; none: every day
	Dates       []string       `json:"dates,omitempty"` // 2006-01-02, on which it begins, instead of days
	From        time.Duration  `json:"from"`            // since midnight
	To          time.Duration  `json:"to"`              // since midnight; at or before From: on the next day
	Zone        Zone           `json:"zone"`
	MinReplicas int            `json:"minReplicas,omitempty"` // 0: the policy's
	MaxReplicas int            `json:"maxReplicas,omitempty"` // 0: the policy's
	Pause       string         `json:"pause,omitempty"`       // why nothing is to be changed; empty: it may be
	Prewarm     time.Duration  `json:"prewarm,omitempty"`     // MinReplicas holds from this long before
}

// Zone is a time zone that is written by its name.
type Zone struct{ at *time.Location }

// ParseZone finds a zone by its name in the IANA database, such as Europe/Prague.
func ParseZone(name string) (Zone, error) {
	if name == "" || name == "Local" { // which is another one on another machine
		return Zone{}, fmt.Errorf("no time zone %q", name)
	}
	at, err := time.LoadLocation(name)
	if err != nil {
		return Zone{}, fmt.Errorf("no time zone %q", name)
	}
	return Zone{at}, nil
}

// MarshalText writes the name.
func (z Zone) MarshalText() ([]byte, error) { return []byte(z.In().String()), nil }

// UnmarshalText reads a name.
func (z *Zone) UnmarshalText(text []byte) (err error) {
	*z, err = ParseZone(string(text))
	return err
}

// In is the zone; the zero one is UTC.
func (z Zone) In() *time.Location {
	if z.at == nil {
		return time.UTC
	}
	return z.at
}

// Scheduled is what a policy's schedule says at one instant.
type Scheduled struct {
	Windows     []string `json:"windows,omitempty"` // those that hold now, or are warmed up for, by name
	MinReplicas int      `json:"min_replicas"`      // 0: no window has one
	Window      string   `json:"window,omitempty"`  // whose MinReplicas it is
	MaxReplicas int      `json:"max_replicas"`      // 0: no window has one
	Prewarming  bool     `json:"prewarming"`        // MinReplicas is of a window that is yet to begin
	Pause       string   `json:"pause,omitempty"`
}
