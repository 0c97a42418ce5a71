package redis

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

// However often the beginning of a connection fails, few are open, and none when the source is closed.
func TestFailedConnectionsAreClosed(t *testing.T) {
	web := httptest.NewTLSServer(nil) // it has a certificate
	defer web.Close()
	known := x509.NewCertPool()
	known.AddCert(web.Certificate())
	silent := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	for name, c := range map[string]struct {
		serve func(net.Conn)
		tls   *tls.Config
	}{
		"silent":           {serve: silent},
		"refused":          {serve: begins("AUTH", "-WRONGPASS no\r\n")},
		"no such database": {serve: begins("SELECT", "-ERR DB index is out of range\r\n")},
		"ends at once":     {serve: func(net.Conn) {}},
		"ends in between":  {serve: begins("HELLO", "")},
		"silent after it":  {serve: begins("HELLO", "+")},
		"no TLS":           {serve: func(c net.Conn) { fmt.Fprint(c, "-ERR no\r\n"); silent(c) }, tls: &tls.Config{ServerName: "x"}},
		"silent, with TLS": {serve: silent, tls: &tls.Config{ServerName: "x"}},
		"TLS of another":   {serve: func(c net.Conn) { silent(tls.Server(c, web.TLS)) }, tls: &tls.Config{ServerName: "x"}},
		"refused, with TLS": {serve: func(c net.Conn) { begins("AUTH", "-WRONGPASS no\r\n")(tls.Server(c, web.TLS)) },
			tls: &tls.Config{RootCAs: known, ServerName: "127.0.0.1"}},
	} {
		t.Run(name, func(t *testing.T) {
			var served atomic.Int64 // connections whose end the server has not seen
			address := listen(t, func(conn net.Conn) {
				served.Add(1)
				defer served.Add(-1)
				c.serve(conn)
			})
			o := Options{URL: "redis://" + address, Password: canary}
			s := open(o, &dialer{address: address, tls: c.tls, opening: opening(o, 3)})
			for range 30 {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
				_, err := s.Ask(ctx, "LLEN a")
				isError(t, err, true, "")
				cancel()
			}
			few := func(most int64) {
				t.Helper()
				metricstest.Until(t, func() error {
					if n := served.Load(); n > most {
						return fmt.Errorf("%d connections are open; want %d at most", n, most)
					}
					return nil
				})
			}
			few(connections)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			few(0)
		})
	}
}

// A connection that comes about when the source is closed already is closed.
func TestDialAfterClose(t *testing.T) {
	s := source(t, Options{URL: "redis://" + replies(t, ":7\r\n")})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := s.dialer.dial(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("it reads %v; want that it is closed", err)
	}
}

// begins is a server that lets everybody in, but for its answer to one command; empty: it hangs up.
func begins(command, reply string) func(net.Conn) {
	return func(c net.Conn) {
		r := bufio.NewReader(c)
		for {
			got, err := read(r)
			if err != nil || got == command && reply == "" {
				return
			}
			answer := "+OK\r\n"
			if got == command {
				answer = reply
			}
			fmt.Fprint(c, answer)
		}
	}
}
