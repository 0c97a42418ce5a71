package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// step is where and how the daemon is ended.
type step struct {
	name    string
	passes  int           // so often the step goes by before
	delay   time.Duration // from the step on
	signal  syscall.Signal
	stopped time.Duration // until SIGCONT, after SIGSTOP
	late    time.Duration // after the end of its sender, a call that is held gets to the engine
	store   bool          // it is the store that is ended,
	both    bool          // and the daemon too, while it is gone; of one that is stopped the other
	at      trap
}

// trap arms a step: reached is called when it is there.
type trap func(c *campaign, s step, reached func())

func (s step) String() string {
	text := fmt.Sprintf("%s, %s", s.name, s.signal)
	if s.passes > 0 {
		text += fmt.Sprintf(", after %d of them", s.passes)
	}
	if s.store {
		text = strings.Replace(text, s.signal.String(), fmt.Sprintf("the store killed, the daemon too: %t", s.both), 1)
	}
	if s.delay > 0 {
		text += fmt.Sprintf(", %s later", s.delay)
	}
	return text
}

// draw draws a step that comes when the service is driven one way.
func draw(dice *rand.Rand, way engine.Action, of crashStore) step {
	s := step{signal: drawSignal(dice), stopped: time.Duration(300+dice.IntN(2000)) * time.Millisecond}
	if of.daemons > 1 && s.signal == syscall.SIGSTOP {
		s.stopped += crashLease    // another leads when it wakes,
		s.both = dice.IntN(2) == 0 // or has led
	}
	if of.kill != nil && dice.IntN(3) == 0 {
		s.signal, s.store, s.both = syscall.SIGKILL, true, dice.IntN(2) == 0
	}
	calls := []call{{"GET", listCall, "look"}, {"GET", inspectCall, "inspect"}}
	if way == engine.ScaleUp {
		calls = append(calls, call{"POST", createCall, "create"}, call{"POST", startCall, "start"})
	} else {
		calls = append(calls, call{"POST", stopCall, "stop"}, call{"DELETE", removeCall, "remove"})
	}
	switch n := dice.IntN(10); {
	case n < 5:
		return drawCall(dice, s, calls[dice.IntN(len(calls))])
	case n == 5:
		s.name, s.at, s.delay = "as the intent is on record", says("msg=decision", "action=scale_"), upTo(dice, 20*time.Millisecond)
	case n == 6:
		s.name, s.at, s.delay = "as the end is being recorded", says("msg=event"), upTo(dice, 20*time.Millisecond)
	case n == 7 && of.wrote != nil:
		s.name, s.at, s.passes = "as the ledger is written to", writes, dice.IntN(5)
	case n == 8:
		s.name, s.at, s.passes, s.delay = "on from a look", arriving(calls[0], dockertest.Pass), dice.IntN(8), upTo(dice, 50*time.Millisecond)
	default:
		s.name, s.at, s.delay = "at any time", anytime, upTo(dice, 3*time.Second)
	}
	return s
}

// again draws a step of a daemon that has just been started.
func again(dice *rand.Rand, of crashStore) step {
	s := step{signal: drawSignal(dice), stopped: time.Duration(300+dice.IntN(1000)) * time.Millisecond}
	switch n := dice.IntN(3); {
	case n == 0:
		return drawCall(dice, s, call{"GET", listCall, "look"})
	case n == 1 && of.wrote != nil:
		s.name, s.at, s.passes = "as the ledger is written to", writes, dice.IntN(3)
	default:
		s.name, s.at, s.delay = "at any time", anytime, upTo(dice, 2*time.Second)
	}
	return s
}

func drawSignal(dice *rand.Rand) syscall.Signal {
	switch dice.IntN(8) {
	case 0:
		return syscall.SIGTERM
	case 1:
		return syscall.SIGSTOP
	}
	return syscall.SIGKILL
}

func upTo(dice *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(dice.Int64N(int64(most)))
}

const inspectCall = "^/containers/[^/]+/json$"

// call is a kind of calls to the engine.
type call struct{ method, path, name string }

func drawCall(dice *rand.Rand, s step, of call) step {
	changes := of.method != "GET"
	s.passes = dice.IntN(8)
	if changes {
		s.passes = dice.IntN(2)
	}
	switch n := dice.IntN(3); {
	case n == 0:
		s.name, s.at = "before a "+of.name, arriving(of, dockertest.Hang)
	case n == 1 && changes:
		s.name, s.at, s.late = "before a "+of.name+" that comes late", late(of), upTo(dice, 2*time.Second)
	default:
		s.name, s.at = "after a "+of.name, after(of)
	}
	return s
}

// arriving is when a call arrives.
func arriving(of call, do dockertest.Effect) trap {
	return func(c *campaign, s step, reached func()) {
		c.befall(of, s, func(x *dockertest.Exchange) {
			reached()
			do(x)
		})
	}
}

// after is when a call has been carried out, and its reply is on the way.
func after(of call) trap {
	return func(c *campaign, s step, reached func()) { c.befall(of, s, dockertest.Replied(reached)) }
}

// late is when a call arrives that outlives its sender.
func late(of call) trap {
	return func(c *campaign, s step, reached func()) {
		c.befall(of, s, func(x *dockertest.Exchange) {
			until := make(chan struct{})
			landed := c.fly(until)
			defer close(landed)
			dockertest.Late(until, reached)(x)
		})
	}
}

func (c *campaign) befall(of call, s step, do dockertest.Effect) {
	c.proxy.Fault(dockertest.Fault{Method: of.method, Path: of.path, After: s.passes, Times: 1, Do: do})
}

// anytime is now.
func anytime(_ *campaign, _ step, reached func()) { reached() }

// says is when the daemon logs a line with all parts.
func says(parts ...string) trap {
	return func(c *campaign, _ step, reached func()) {
		c.at.daemon.listen(func(text []byte) {
			for line := range strings.Lines(string(text)) {
				if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) }) {
					reached()
				}
			}
		})
	}
}

// writes is when the ledger is written to, a number of times from now on.
func writes(c *campaign, s step, reached func()) {
	wrote, daemon := c.store.wrote, c.at.daemon
	last, left := wrote(), s.passes
	go func() {
		for ; ; <-time.After(100 * time.Microsecond) {
			if at := wrote(); !at.Equal(last) {
				last = at
				if left--; left < 0 {
					reached()
					return
				}
			}
			if daemon.hasEnded() {
				return
			}
		}
	}()
}
