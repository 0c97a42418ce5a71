// Package wire is what the source and the store that speak to a Redis share: connections as the client library is to have them.
package wire

import (
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"
)

// Command is one as the protocol has it, see https://redis.io/docs/latest/develop/reference/protocol-spec/.
func Command(words ...string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&text, "$%d\r\n%s\r\n", len(word), word)
	}
	return text.String()
}

// Checked is a connection that the client library can look at between two uses, where what it is made of can be. With TLS it
// can't.
func Checked(c, of net.Conn) net.Conn {
	if system, ok := of.(syscall.Conn); ok {
		return checked{c, system}
	}
	return c
}

type checked struct {
	net.Conn
	system syscall.Conn
}

func (c checked) SyscallConn() (syscall.RawConn, error) { return c.system.SyscallConn() }

// Unreached stands for a connection that could not be made, and why. The client library writes a failed dial to stderr, and goes
// on dialling by itself for ever after some; a connection whose every use says why there is none it takes as one that broke: it
// tells the caller, and drops it.
func Unreached(err error) net.Conn { return unreached{err} }

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
