package redis

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"
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

// dial never fails. The client library writes a failed dial to stderr, and goes on dialling by itself for ever after some;
// a connection whose every use says why there is none it takes as one that broke: it tells the caller, and drops it.
func (d *dialer) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	c, err := d.connect(ctx)
	if err != nil {
		return unreached{err}, nil
	}
	return c, nil
}

func (d *dialer) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	wire, err := (&net.Dialer{}).DialContext(ctx, "tcp", d.address)
	if err != nil {
		return nil, err
	}
	if err := d.keep(wire); err != nil {
		return nil, err
	}
	c, err := d.begin(ctx, wire)
	if err != nil {
		d.drop(wire)
		wire.Close()
	}
	return c, err
}

// begin does what a connection begins with. The server must answer each command with OK.
func (d *dialer) begin(ctx context.Context, wire net.Conn) (net.Conn, error) {
	if err := wire.SetDeadline(time.Now().Add(openingDeadline)); err != nil {
		return nil, err
	}
	c := connection{Conn: wire, wire: wire, of: d}
	if d.tls != nil {
		secure := tls.Client(wire, d.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		c.Conn = secure
	}
	lines := bufio.NewReader(c.Conn)
	for _, words := range d.opening {
		if _, err := io.WriteString(c.Conn, written(words)); err != nil {
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
	if err := wire.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	if system, ok := c.Conn.(syscall.Conn); ok {
		return checked{c, system}, nil
	}
	return c, nil
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

// written is a command as the protocol has it, see https://redis.io/docs/latest/develop/reference/protocol-spec/.
func written(words []string) string {
	text := fmt.Sprintf("*%d\r\n", len(words))
	for _, word := range words {
		text += fmt.Sprintf("$%d\r\n%s\r\n", len(word), word)
	}
	return text
}

// connection closes itself once it fails.
type connection struct {
	net.Conn          // what is read and written: the wire, or TLS over it
	wire     net.Conn // what the dialer knows it by
	of       *dialer
}

func (c connection) Read(b []byte) (int, error) { return c.closeAfter(c.Conn.Read(b)) }

func (c connection) Write(b []byte) (int, error) { return c.closeAfter(c.Conn.Write(b)) }

// Close ends it, if that is not done.
func (c connection) Close() error {
	if !c.of.drop(c.wire) {
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

// checked is a connection that the client library can look at between two uses. One with TLS it can't.
type checked struct {
	connection
	syscall.Conn
}

// unreached stands for a connection that could not be made.
type unreached struct{ err error }

func (u unreached) Read([]byte) (int, error)         { return 0, u.err }
func (u unreached) Write([]byte) (int, error)        { return 0, u.err }
func (u unreached) Close() error                     { return nil }
func (u unreached) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (u unreached) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (u unreached) SetDeadline(time.Time) error      { return nil }
func (u unreached) SetReadDeadline(time.Time) error  { return nil }
func (u unreached) SetWriteDeadline(time.Time) error { return nil }

// SyscallConn has the client drop one that nobody waited for any more, rather than keep it for the next.
func (u unreached) SyscallConn() (syscall.RawConn, error) { return nil, u.err }
