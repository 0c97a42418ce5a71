package redis

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine/wire"
)

// openingDeadline is how long a server may take to let us in. A connection to one that hangs is given up then, so that
// soon after it comes back there is a new one.
const openingDeadline = 5 * time.Second

// dialer connects to one address. It does what a connection begins with, and knows those that are open: go-redis 9.22
// forgets each connection whose beginning fails without closing it.
type dialer struct {
	address string
	tls     *tls.Config // nil: without
	opening [][]string  // the commands that a connection begins with

	mu    sync.Mutex
	open  map[net.Conn]struct{}
	ended bool
}

// dial never fails: see wire.Unreached.
func (d *dialer) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	c, err := d.connect(ctx)
	if err != nil {
		return wire.Unreached(err), nil
	}
	return c, nil
}

func (d *dialer) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", d.address)
	if err != nil {
		return nil, err
	}
	if err := d.keep(raw); err != nil {
		return nil, err
	}
	c, err := d.begin(ctx, raw)
	if err != nil {
		d.drop(raw)
		raw.Close()
	}
	return c, err
}

// begin does what a connection begins with. The server must answer each command with OK.
func (d *dialer) begin(ctx context.Context, raw net.Conn) (net.Conn, error) {
	if err := raw.SetDeadline(time.Now().Add(openingDeadline)); err != nil {
		return nil, err
	}
	c := connection{Conn: raw, raw: raw, of: d}
	if d.tls != nil {
		secure := tls.Client(raw, d.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		c.Conn = secure
	}
	lines := bufio.NewReader(c.Conn)
	for _, words := range d.opening {
		if _, err := io.WriteString(c.Conn, wire.Command(words...)); err != nil {
			return nil, err
		}
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		if text := strings.TrimSpace(string(line)); text != "+OK" {
			return nil, refused(strings.TrimPrefix(text, "-"))
		}
	}
	if err := raw.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	return wire.Checked(c, c.Conn), nil
}

// keep notes a connection that is open.
func (d *dialer) keep(c net.Conn) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended {
		c.Close()
		return net.ErrClosed
	}
	if d.open == nil {
		d.open = map[net.Conn]struct{}{}
	}
	d.open[c] = struct{}{}
	return nil
}

// drop forgets a connection, and says whether it was open.
func (d *dialer) drop(c net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, open := d.open[c]
	delete(d.open, c)
	return open
}

// end closes what is open, and what is being opened.
func (d *dialer) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended = true
	for c := range d.open {
		c.Close()
	}
	clear(d.open)
}

// connection closes itself once it fails.
type connection struct {
	net.Conn          // what is read and written: the raw one, or TLS over it
	raw      net.Conn // what the dialer knows it by
	of       *dialer
}

func (c connection) Read(b []byte) (int, error) { return c.closeAfter(c.Conn.Read(b)) }

func (c connection) Write(b []byte) (int, error) { return c.closeAfter(c.Conn.Write(b)) }

// Close ends it, if that is not done.
func (c connection) Close() error {
	if !c.of.drop(c.raw) {
		return nil
	}
	return c.Conn.Close()
}

func (c connection) closeAfter(n int, err error) (int, error) {
	if err != nil {
		c.Close()
	}
	return n, err
}
