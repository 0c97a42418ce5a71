package redis

import (
	"context"
	"crypto/tls"
	"net"
	"syscall"
	"time"
)

// dialer connects to one address.
type dialer struct {
	address string
	tls     *tls.Config // nil: without
}

// dial never fails. The client library writes a failed dial to stderr, and goes on dialling by itself for ever after some;
// a connection whose every use says why there is none it takes as one that broke: it tells the caller, and drops it.
func (d dialer) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	c, err := d.connect(ctx)
	if err != nil {
		return unreached{err}, nil
	}
	return c, nil
}

func (d dialer) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	if d.tls == nil {
		return (&net.Dialer{}).DialContext(ctx, "tcp", d.address)
	}
	return (&tls.Dialer{Config: d.tls}).DialContext(ctx, "tcp", d.address)
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
