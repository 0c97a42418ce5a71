package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/net/netutil"
)

// Serve listens on a Unix socket that only its owner may use, until ctx ends. A socket that a dead daemon left is
// replaced; one that answers, and a file that is no socket, are errors.
func Serve(ctx context.Context, socket string, h http.Handler) error {
	if err := os.MkdirAll(filepath.Dir(socket), 0o700); err != nil {
		return fmt.Errorf("make the folder of the socket: %w", err)
	}
	listener, err := listen(socket)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", socket, err)
	}
	if err := os.Chmod(socket, 0o600); err != nil {
		return errors.Join(err, listener.Close())
	}
	return run(ctx, listener, nil, h)
}

// mostConnections is how many callers may be connected at once: those who listen to events, and as many more.
const mostConnections = 2 * mostListeners

// Door is a TCP address at which the API answers.
type Door struct {
	listener net.Listener
	secure   *tls.Config // nil: without TLS
}

// Open begins to listen at an address, such as 127.0.0.1:5001; with the certificate of two files, where they are named, by TLS.
func Open(address, cert, key string) (*Door, error) {
	d := &Door{}
	var err error
	if cert != "" {
		if d.secure, err = encrypted(cert, key); err != nil {
			return nil, err
		}
	}
	if d.listener, err = net.Listen("tcp", address); err != nil {
		return nil, err
	}
	return d, nil
}

// URL is where it is.
func (d *Door) URL() string {
	scheme := "http"
	if d.secure != nil {
		scheme = "https"
	}
	return scheme + "://" + d.listener.Addr().String()
}

// Address is where it is.
func (d *Door) Address() net.Addr { return d.listener.Addr() }

// Secure says that it is by TLS.
func (d *Door) Secure() bool { return d.secure != nil }

// Close ends it.
func (d *Door) Close() error { return d.listener.Close() }

// Serve answers until ctx ends.
func (d *Door) Serve(ctx context.Context, h http.Handler) error {
	return run(ctx, netutil.LimitListener(d.listener, mostConnections), d.secure, h)
}

func listen(socket string) (net.Listener, error) {
	l, err := net.Listen("unix", socket)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	info, err := os.Lstat(socket)
	if err != nil {
		return nil, err
	}
	if info.Mode().Type() != os.ModeSocket {
		return nil, errors.New("there is a file that is not a socket; move it, or give another --socket")
	}
	c, err := net.DialTimeout("unix", socket, time.Second)
	if err == nil {
		_ = c.Close()
		return nil, errors.New("a daemon already answers there; stop it, or give another --socket")
	}
	if !errors.Is(err, syscall.ECONNREFUSED) { // somebody may listen who can't be asked
		return nil, fmt.Errorf("is a daemon there? %w; stop it, or give another --socket", err)
	}
	if err := os.Remove(socket); err != nil {
		return nil, err
	}
	return net.Listen("unix", socket)
}

// lastAnswers is how long the answers that are under way may take when a daemon stops. Streams end at once.
const lastAnswers = time.Second

// run answers on a listener until ctx ends. Whoever is slow, or says nothing, is let go.
func run(ctx context.Context, l net.Listener, secure *tls.Config, h http.Handler) error {
	server := &http.Server{
		Handler: h, MaxHeaderBytes: 16 << 10, TLSConfig: secure,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    log.New(io.Discard, "", 0), // what goes wrong on the way to a caller is the caller's to know
	}
	stopped := make(chan struct{})
	going := context.AfterFunc(ctx, func() {
		defer close(stopped)
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastAnswers)
		defer cancel()
		if server.Shutdown(limit) != nil {
			_ = server.Close()
		}
	})
	var err error
	if secure == nil {
		err = server.Serve(l)
	} else {
		err = server.ServeTLS(l, "", "")
	}
	if !going() {
		<-stopped // the store is there until the last one is answered
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
