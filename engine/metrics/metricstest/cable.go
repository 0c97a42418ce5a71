package metricstest

import (
	"net"
	"sync"
	"testing"
)

// Cable is a way to a server that a test may cut: what was sent is on its way for ever, and nobody hears that it is.
type Cable struct {
	Address string // where to connect to

	to  string
	mu  sync.Mutex
	cut chan struct{} // closed while it is whole
	all sync.WaitGroup
}

// Wire lays a cable to the server at an address, for as long as the test lasts.
func Wire(tb testing.TB, to string) *Cable {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	c := &Cable{Address: l.Addr().String(), to: to, cut: make(chan struct{})}
	close(c.cut)
	ended := make(chan struct{})
	tb.Cleanup(func() {
		close(ended)
		l.Close()
		c.all.Wait()
	})
	go func() {
		for {
			one, err := l.Accept()
			if err != nil {
				return
			}
			c.all.Go(func() { c.join(one, ended) })
		}
	}()
	return c
}

// Cut holds up all that is sent from now on, in both directions.
func (c *Cable) Cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = make(chan struct{})
}

// Mend lets everything go on, and what was held up too.
func (c *Cable) Mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.cut)
}

func (c *Cable) whole() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cut
}

func (c *Cable) join(near net.Conn, ended <-chan struct{}) {
	defer near.Close()
	far, err := net.Dial("tcp", c.to)
	if err != nil {
		return
	}
	defer far.Close()
	done := make(chan struct{}, 2)
	pass := func(from, to net.Conn) {
		defer func() { done <- struct{}{} }()
		b := make([]byte, 32<<10)
		for {
			n, err := from.Read(b)
			select {
			case <-c.whole():
			case <-ended:
				return
			}
			if n > 0 {
				if _, err := to.Write(b[:n]); err != nil {
					return
				}
			}
			if err != nil {
				return
			}
		}
	}
	go pass(near, far)
	go pass(far, near)
	select {
	case <-done:
	case <-ended:
	}
}
