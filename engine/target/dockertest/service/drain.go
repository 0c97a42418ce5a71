package main

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// settling is how long handshakes that have begun may take to become connections.
const settling = 500 * time.Millisecond

// door lets connections in, and counts those that are open.
type door struct {
	net.Listener
	closing sync.Once

	mu      sync.Mutex
	open    int
	leaving int // requests that wait for the others to end
}

// state is told what becomes of each connection.
func (d *door) state(_ net.Conn, s http.ConnState) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch s {
	case http.StateNew:
		d.open++
	case http.StateClosed, http.StateHijacked:
		d.open--
	}
}

func (d *door) empty() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open <= d.leaving
}

// drain answers once no other request is in flight. From its beginning new connections are refused, and kept ones end.
func (d *door) drain(server *http.Server) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		d.leaving++
		d.mu.Unlock()
		defer func() {
			d.mu.Lock()
			d.leaving--
			d.mu.Unlock()
		}()
		server.SetKeepAlivesEnabled(false)
		d.closing.Do(func() {
			if err := ignoreNew(d.Listener); err != nil {
				fmt.Println("new connections may be cut off:", err)
			}
			<-time.After(settling)
			d.Close()
		})
		for !d.empty() {
			select {
			case <-r.Context().Done():
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
		fmt.Fprintln(w, "nothing is in flight")
	}
}
