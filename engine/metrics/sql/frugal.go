package sql

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
)

// frugal is a connection that reads so much of an answer, and no more. What we write asks for the next answer.
type frugal struct {
	net.Conn
	left atomic.Int64
}

func newFrugal(c net.Conn) *frugal {
	f := &frugal{Conn: c}
	f.left.Store(largest)
	return f
}

func (f *frugal) Write(p []byte) (int, error) {
	f.left.Store(largest)
	return f.Conn.Write(p)
}

func (f *frugal) Read(p []byte) (int, error) {
	left := f.left.Load()
	if left <= 0 {
		return 0, fmt.Errorf("the answer is longer than %d bytes", largest)
	}
	n, err := f.Conn.Read(p[:min(int64(len(p)), left)])
	f.left.Add(-int64(n))
	return n, err
}

// SyscallConn lets the driver see whether the other side hung up while nobody asked.
func (f *frugal) SyscallConn() (syscall.RawConn, error) {
	if c, ok := f.Conn.(syscall.Conn); ok {
		return c.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}
