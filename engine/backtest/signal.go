package backtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/sim"
)

// Settings are what the simulated world is like. The same settings give the same figures.
type Settings struct {
	sim.Settings
	Noise  float64 // standard deviation of what is measured, in percent of it
	Faults []Fault
	Seed   uint64 // of noise
}

// Fault is something that goes wrong for a while.
type Fault struct {
	Kind FaultKind
	From time.Duration // since the beginning
	For  time.Duration
}

// FaultKind says what goes wrong.
type FaultKind string

const (
	NoMetrics FaultKind = "metrics" // nothing is measured
	NoStart   FaultKind = "start"   // orders for more replicas fail
	Crash     FaultKind = "crash"   // at the beginning half of the ready replicas, rounded up, start anew
)

// FaultKinds are all of them.
func FaultKinds() []FaultKind { return []FaultKind{NoMetrics, NoStart, Crash} }

// at says whether a fault of a kind holds at a second.
func (s Settings) at(kind FaultKind, second int) bool {
	now := time.Duration(second) * time.Second
	return slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.Kind == kind && now >= f.From && now < f.From+f.For })
}

// begins says whether a fault of a kind begins at a second.
func (s Settings) begins(kind FaultKind, second int) bool {
	now := time.Duration(second) * time.Second
	return slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.Kind == kind && now == f.From })
}

// signal is one thing that can be measured, once a second.
type signal int

const (
	cpu         signal = iota // percent: the mean utilization of the last minute
	requestRate               // requests a minute
	queueLength               // requests that wait
	waitingTime               // milliseconds
	signals                   // how many there are
)

// meter measures the model: what autoscalers see of it.
type meter struct {
	settings Settings
	chance   *rand.Rand
	values   [signals]float64
	blind    bool // nothing was measured
}

func newMeter(s Settings) *meter {
	return &meter{settings: s, chance: rand.New(rand.NewPCG(s.Seed, 0))}
}

// measure takes what there is after a second.
func (m *meter) measure(of *sim.Model) {
	if m.blind = m.settings.Faults != nil && m.settings.at(NoMetrics, of.Seconds()-1); m.blind {
		return
	}
	m.values[cpu], _ = of.CPU()
	m.values[requestRate], _ = of.RequestRate()
	m.values[queueLength] = of.Backlog()
	m.values[waitingTime] = of.WaitingTime() * 1000
	if m.settings.Noise == 0 {
		return
	}
	for i := range m.values {
		m.values[i] *= max(0, 1+m.settings.Noise/100*m.chance.NormFloat64())
	}
}

// ParseFault reads a fault such as metrics@1h+10m: its kind, when it begins and how long it lasts.
func ParseFault(text string) (Fault, error) {
	var f Fault
	kind, rest, found := strings.Cut(text, "@")
	from, length, lasts := strings.Cut(rest, "+")
	f.Kind = FaultKind(kind)
	var errs [2]error
	f.From, errs[0] = engine.ParseLength(from)
	f.For, errs[1] = engine.ParseLength(length)
	if f.Kind == Crash && !lasts {
		f.From, errs[0] = engine.ParseLength(rest)
		errs[1], lasts, f.For = nil, true, time.Second
	}
	if !found || !lasts || errs[0] != nil || errs[1] != nil || f.From < 0 || f.For <= 0 || !slices.Contains(FaultKinds(), f.Kind) {
		return f, fmt.Errorf("fault is %q; allowed: metrics@1h+10m (nothing is measured from 1h on, for 10m), start@1h+10m (orders for more replicas fail), crash@1h (half of the replicas start anew)", text)
	}
	f.From = f.From.Truncate(time.Second)
	return f, nil
}
