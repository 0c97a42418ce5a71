package main

import (
	"sync"
	"syscall"
	"time"
)

// revive starts a daemon where the last one was killed.
func (c *campaign) revive() {
	c.Helper()
	if c.at.daemon.hasEnded() {
		c.begin()
	}
}

// strike waits for a step and ends the daemon there, or what keeps its store.
func (c *campaign) strike(s step) {
	c.Helper()
	c.kills++
	reached := make(chan struct{})
	var once sync.Once
	s.at(c, s, func() { once.Do(func() { close(reached) }) })
	select {
	case <-reached:
	case <-c.at.daemon.done:
		c.Fatal("the daemon has ended by itself")
	case <-time.After(patience):
		c.tell("not reached: it is killed where it is")
		c.missed++
	}
	<-time.After(s.delay)
	if s.store {
		c.lose(s)
	} else {
		c.kill(s)
	}
	c.proxy.Release()
	c.land(s.late)
}

// patience is for a step to come.
const patience = 6 * time.Second

// kill ends the daemon as the step says.
func (c *campaign) kill(s step) {
	c.Helper()
	c.tell("%s", s.signal)
	began := time.Now()
	switch s.signal {
	case syscall.SIGTERM:
		c.at.daemon.end(syscall.SIGTERM)
		early := c.at.daemon.log() == "" // and may not have heard of it
		if took := time.Since(began); took > 10*time.Second+slack || c.at.daemon.cmd.ProcessState.ExitCode() != 0 && !early {
			c.Errorf("%s, %s after SIGTERM; want exit code 0 within 10 s", c.at.daemon.cmd.ProcessState, took)
		}
		return
	case syscall.SIGSTOP: // what it has begun goes on without it
		c.signal(syscall.SIGSTOP)
		c.proxy.Release()
		<-time.After(s.stopped)
		if s.both {
			c.relieve()
			return
		}
		c.signal(syscall.SIGCONT)
		<-time.After(s.stopped / 2)
		c.tell("awake again, and then %s", syscall.SIGKILL)
	}
	c.at.daemon.end(syscall.SIGKILL)
}

// relieve ends the other daemon, which leads by now, and wakes this one: it finds the lease free.
func (c *campaign) relieve() {
	c.Helper()
	asleep := c.at
	c.at = c.seats[0]
	if c.at == asleep {
		c.at = c.seats[1]
	}
	c.tell("the other is %s, and this one is awake again", syscall.SIGTERM)
	c.at.daemon.end(syscall.SIGTERM)
	if err := asleep.daemon.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		c.Fatal(err)
	}
}

// lose kills what keeps the store, and brings it back. The daemon may be killed meanwhile, and started again.
func (c *campaign) lose(s step) {
	c.Helper()
	c.tell("the store is killed")
	c.store.kill()
	c.proxy.Release()
	<-time.After(s.stopped / 2)
	if s.both {
		c.kill(s)
		c.begin()
	}
	<-time.After(s.stopped / 2)
	c.store.revive()
	c.tell("the store is back")
}

func (c *campaign) signal(s syscall.Signal) {
	if err := c.at.daemon.cmd.Process.Signal(s); err != nil {
		c.Fatal(err)
	}
}

// flight is a call that outlives its sender.
type flight struct {
	until  chan struct{} // closed when it may go on
	landed chan struct{} // closed when the engine has replied
}

func (c *campaign) fly(until chan struct{}) (landed chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	landed = make(chan struct{})
	c.flying = append(c.flying, flight{until, landed})
	return landed
}

// land lets the calls that outlive their sender go on, a while from now.
func (c *campaign) land(late time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.flying {
		time.AfterFunc(late, func() {
			close(f.until)
			<-f.landed
			c.tell("the call that was late has been carried out")
			c.flights.Done()
		})
		c.flights.Add(1)
	}
	c.flying = nil
}
