package dockertest

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Dial connects to an address, host and port in digits, as it is seen from the engine's own network: such as that of a
// container.
func (e *Engine) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	d, own := e.daemon.(*namespaced)
	if !own {
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	type end struct {
		conn net.Conn
		err  error
	}
	ended := make(chan end, 1)
	go func() {
		conn, err := d.dial(ctx, network, address)
		ended <- end{conn, err}
	}()
	got := <-ended
	return got.conn, got.err
}

// dial opens a socket in the network namespace of the shell. It must have its goroutine to itself: where the thread can't
// be brought back, it ends with it. A socket stays in the namespace that it was made in.
func (d *namespaced) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if net.ParseIP(host) == nil { // names are looked up on other threads
		return nil, fmt.Errorf("dial %s: the host must be an address in digits", address)
	}
	here, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return nil, err
	}
	defer here.Close()
	there, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", d.shell.Process.Pid))
	if err != nil {
		return nil, err
	}
	defer there.Close()

	runtime.LockOSThread()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return nil, fmt.Errorf("enter the engine's network: %w", err)
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if unix.Setns(int(here.Fd()), unix.CLONE_NEWNET) == nil {
		runtime.UnlockOSThread()
	}
	return conn, err
}
