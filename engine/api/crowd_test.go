package api

import (
	"fmt"
	"net"
	"testing"
)

// arrivals is a listener to which callers come from addresses.
type arrivals struct {
	net.Listener
	from []string
}

type arrived struct {
	net.Conn
	from string
	gone bool
}

func (a *arrived) RemoteAddr() net.Addr {
	at, _ := net.ResolveTCPAddr("tcp", a.from)
	return at
}

func (a *arrived) Close() error {
	a.gone = true
	return nil
}

func (a *arrivals) Accept() (net.Conn, error) {
	if len(a.from) == 0 {
		return nil, net.ErrClosed
	}
	c := &arrived{from: a.from[0]}
	a.from = a.from[1:]
	return c, nil
}

// let is how many of those who come get a place.
func let(c *crowd) (in []net.Conn) {
	for {
		conn, err := c.Accept()
		if err != nil {
			return in
		}
		in = append(in, conn)
	}
}

func TestNobodyTakesAllPlaces(t *testing.T) {
	come := &arrivals{}
	c := crowded(come, 10)
	for i := range 100 {
		come.from = append(come.from, fmt.Sprintf("192.0.2.1:%d", 1000+i))
	}
	first := let(c)
	if len(first) != 5 {
		t.Fatalf("one address has %d of 10 places", len(first))
	}
	for i := range 100 { // one network of IPv6 is one address
		come.from = append(come.from, fmt.Sprintf("[2001:db8::%x]:80", i))
	}
	second := let(c)
	if len(second) != 5 {
		t.Fatalf("another has %d", len(second))
	}
	come.from = []string{"192.0.2.3:80"}
	if third := let(c); len(third) != 0 {
		t.Error("an eleventh has a place")
	}
	for range 2 { // a connection may be closed twice
		if err := first[0].Close(); err != nil || !first[0].(*guest).Conn.(*arrived).gone {
			t.Fatal("it is not closed", err)
		}
	}
	come.from = []string{"192.0.2.3:80", "192.0.2.4:80"}
	if third := let(c); len(third) != 1 {
		t.Errorf("%d have the place that is free", len(third))
	}
}

// The store, Docker and the Unix socket need files too.
func TestCallersLeaveFiles(t *testing.T) {
	for files, want := range map[uint64]int{256: 128, 1024: 512, 20_000: mostConnections, 1<<64 - 1: mostConnections} {
		if got := places(files); got != want {
			t.Errorf("of %d files %d are for callers, want %d", files, got, want)
		}
	}
}
