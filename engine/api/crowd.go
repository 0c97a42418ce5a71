package api

import (
	"net"
	"sync"

	"github.com/flyball-dev/flyball/engine/api/auth"
)

// crowd lets so many in at once, and of one address half as many, so that nobody takes all the places alone. Whoever is too many is
// sent away at once: to wait would cost them and us more.
type crowd struct {
	net.Listener
	most int

	mu   sync.Mutex
	all  int
	from map[auth.From]int
}

func crowded(l net.Listener, most int) *crowd {
	return &crowd{Listener: l, most: most, from: map[auth.From]int{}}
}

// Accept waits for the next who finds a place.
func (c *crowd) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := auth.FromAddress(conn.RemoteAddr().String())
		if !c.enter(from) {
			_ = conn.Close()
			continue
		}
		return &guest{Conn: conn, leave: sync.OnceFunc(func() { c.leave(from) })}, nil
	}
}

func (c *crowd) enter(from auth.From) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all >= c.most || c.from[from] >= c.most/2 {
		return false
	}
	c.all++
	c.from[from]++
	return true
}

func (c *crowd) leave(from auth.From) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all--
	if c.from[from]--; c.from[from] == 0 {
		delete(c.from, from)
	}
}

// guest is a connection that has a place.
type guest struct {
	net.Conn
	leave func()
}

// Close gives it back.
func (g *guest) Close() error {
	defer g.leave()
	return g.Conn.Close()
}

// CloseWrite says that the answer is over while what is asked still comes: without it a body that is too large may cost its sender
// the answer.
func (g *guest) CloseWrite() error {
	if c, is := g.Conn.(interface{ CloseWrite() error }); is {
		return c.CloseWrite()
	}
	return nil
}
