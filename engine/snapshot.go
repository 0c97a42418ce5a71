package engine

import (
	"math"
	"time"
)

// Status says whether a metric can be trusted at an instant.
type Status string

const (
	OK      Status = "ok"
	Stale   Status = "stale"   // the newest sample is older than staleAfter
	Missing Status = "missing" // no samples, or too few of them
	Invalid Status = "invalid" // the source answered with something that is not a finite number
)

// Replica is one running, starting or restarting instance of a service.
type Replica struct {
	ID        string
	Name      string
	Number    int
	Ready     bool
	Started   time.Time
	Addresses []string // on its networks, without a port; some may be out of reach from here
	Ports     []int    // TCP ports that it says it listens at
}

// Service is what a target knows of one service at one instant.
type Service struct {
	Name     string
	Driver   string // of the target it runs on
	Project  string
	Replicas []Replica // those that count as current
	Rollout  string    // why the target asks to be left alone for now; empty: it does not
	NoRoom   string    // why more replicas would find no place now; empty: they may
	Version  string    // of the service's definition, which an order is bound to; empty: the target knows none
	Memory   int64     // bytes that one more replica may take; 0: not known
	Free     int64     // bytes that new replicas may take where the service runs; 0: what the engine's host has
	Touched  time.Time // when it was last changed, by whomever, as far as that was seen
}

// Ready counts the replicas that are ready.
func (s Service) Ready() int {
	n := 0
	for _, r := range s.Replicas {
		if r.Ready {
			n++
		}
	}
	return n
}

// Snapshot is what the world looks like to one policy at one instant. With the policy it is the Rego input.
type Snapshot struct {
	At      time.Time          `json:"at"`
	Policy  string             `json:"policy"`
	Service ServiceView        `json:"service"`
	Metrics map[string]Reading `json:"metrics"`
	History History            `json:"history"`
	// Schedule is what the policy's schedule says now; absent: it has none.
	Schedule *Scheduled `json:"schedule,omitempty"`
}

// ServiceView is a service as a snapshot shows it.
type ServiceView struct {
	Name     string    `json:"name"`
	Replicas Replicas  `json:"replicas"`
	Real     int       `json:"real,omitempty"`    // how many there are really, where a shadow sees its own count
	Rollout  string    `json:"rollout,omitempty"` // why the target asks to be left alone for now
	NoRoom   string    `json:"no_room,omitempty"` // why more replicas would find no place now
	Version  string    `json:"version,omitempty"` // of the service's definition, which an order is bound to
	Touched  time.Time `json:"touched,omitzero"`  // when it was last changed, by whomever, as far as that was seen
}

// Replicas counts the replicas of a service.
type Replicas struct {
	Current  int `json:"current"` // running, starting or restarting
	Ready    int `json:"ready"`
	Starting int `json:"starting"` // current, and not ready yet
}

// Reading is a metric over its window. One that is not ok has no value: missing is never zero.
type Reading struct {
	Status         Status   `json:"status"`
	Value          *float64 `json:"value,omitempty"`
	Previous       *float64 `json:"previous,omitempty"` // the same over the window before
	Samples        int      `json:"samples"`
	AgeSeconds     float64  `json:"age_seconds"`                // of the newest sample
	SlopePerMinute *float64 `json:"slope_per_minute,omitempty"` // least squares over the window
	Forecast       *float64 `json:"forecast,omitempty"`         // that line, one evaluation interval ahead
	Expected       *float64 `json:"expected,omitempty"`         // the highest of the seasonal forecast, from now to the policy's horizon
	Reporting      int      `json:"reporting"`                  // live replicas with a sample in the window
	Detail         string   `json:"detail,omitempty"`           // why it is not ok
}

// Reads makes an ok reading of a value. A value that is not finite makes an invalid one.
func Reads(value float64) Reading {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return Reading{Status: Invalid, Detail: "not a finite number"}
	}
	return Reading{Status: OK, Value: &value}
}

// History is the summary of a policy's past that rules may see.
type History struct {
	LastAction        Action   `json:"last_action"`
	SecondsSinceScale *float64 `json:"seconds_since_scale,omitempty"` // absent: never scaled
	SuccessRate       float64  `json:"success_rate"`                  // 0..1 over the last 10 events of 7 days; none: 1
	Events            []Past   `json:"events"`                        // newest last
}

// Past is an ended event, as history and the confidence see it.
type Past struct {
	At     time.Time `json:"at"`
	Action Action    `json:"action"`
	From   int       `json:"from"`
	To     int       `json:"to"`
	Result Result    `json:"result"`
}
