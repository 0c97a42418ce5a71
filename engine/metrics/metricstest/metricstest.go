// Package metricstest gives live tests real servers to measure: Debian's, each with a folder and a free loopback port of its
// own, ended with the test. Where a server is not installed the test is skipped, naming what is missing; with CI=true it
// fails.
package metricstest

import (
	"bytes"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"
)

const startDeadline = 2 * time.Minute

// Program finds a program, also where Debian hides servers from everyday use. pattern are further places, with *.
func Program(tb testing.TB, name, debianPackage string, pattern ...string) string {
	tb.Helper()
	path, err := find(name, pattern)
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		tb.Fatalf("%s is not installed: apt-get install %s", name, debianPackage)
	default:
		tb.Skipf("%s is not installed: apt-get install %s", name, debianPackage)
	}
	return path
}

// Until tries again until it succeeds, for as long as a busy machine may take.
func Until(tb testing.TB, try func() error) {
	tb.Helper()
	deadline := time.After(startDeadline)
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-deadline:
			tb.Fatal(err)
		}
	}
}

// Port is a port of the loopback interface that was free a moment ago. It is below those that Linux gives to connections, so
// that none of them takes it before a server does, or while that is away.
func Port(tb testing.TB) int {
	tb.Helper()
	const first, last, tries = 10000, 32000, 100
	var err error
	for range tries {
		port := first + rand.IntN(last-first)
		var l net.Listener
		if l, err = net.Listen("tcp", Address(port)); err == nil {
			l.Close()
			return port
		}
	}
	tb.Fatal(err)
	return 0
}

// Address is a loopback address with a port.
func Address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// Server is a process that a test started.
type Server struct {
	cmd  *exec.Cmd
	done chan struct{}
	out  *output
}

// Run starts a server and waits until ready answers nil. It is killed at the test's end, or when the test dies.
func Run(tb testing.TB, cmd *exec.Cmd, ready func() error) *Server {
	tb.Helper()
	s := &Server{cmd: cmd, done: make(chan struct{}), out: &output{}}
	cmd.Stdout, cmd.Stderr = s.out, s.out
	cmd.WaitDelay = time.Second
	dieWithTest(cmd)
	if err := cmd.Start(); err != nil {
		tb.Fatalf("start %s: %v", cmd.Path, err)
	}
	go func() {
		defer close(s.done)
		_ = cmd.Wait() // it is killed: how it ends says nothing
	}()
	tb.Cleanup(s.Kill)
	var err error
	for begun := time.Now(); time.Since(begun) < startDeadline; time.Sleep(20 * time.Millisecond) {
		if err = ready(); err == nil {
			return s
		}
		select {
		case <-s.done:
			tb.Fatalf("%s ended: %s", cmd.Path, s.out)
		default:
		}
	}
	tb.Fatalf("%s is not ready after %s: %v\n%s", cmd.Path, startDeadline, err, s.out)
	return nil
}

// Kill ends the server at once, as a crash does.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill() // it may have ended
	<-s.done
}

// Signal sends it a signal, as to stop it for a while.
func (s *Server) Signal(signal os.Signal) error { return s.cmd.Process.Signal(signal) }

// Listens says whether somebody accepts connections at an address.
func Listens(address string) error {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return err
	}
	return c.Close()
}

// output keeps the end of what a process prints.
type output struct {
	mu   sync.Mutex
	text []byte
}

func (o *output) Write(p []byte) (int, error) {
	const kept = 8 << 10
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p...)
	o.text = o.text[max(0, len(o.text)-kept):]
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(bytes.TrimSpace(o.text))
}
