package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

// inbox is posted notifications.
type inbox struct {
	testing.TB
	server *httptest.Server

	mu       sync.Mutex
	attempts []attempt
	status   int           // that it answers
	slow     chan struct{} // is closed once it has one that it does not answer before the sender is gone; nil: it is quick
}

// attempt is one request.
type attempt struct {
	path, id, body string
	at             string // its Webhook-Timestamp
	signature      string
	taken          bool
}

// newInbox takes what is posted to a port, and answers with a status.
func newInbox(tb testing.TB, port, status int) *inbox {
	tb.Helper()
	in := &inbox{TB: tb, status: status}
	listener, err := net.Listen("tcp", metricstest.Address(port))
	if err != nil {
		tb.Fatal(err)
	}
	in.server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: in}}
	in.server.Start()
	tb.Cleanup(in.close)
	return in
}

// close has nobody listen there any more.
func (in *inbox) close() {
	in.server.CloseClientConnections()
	in.server.Close()
}

func (in *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender is gone
	}
	in.mu.Lock()
	a := attempt{
		r.URL.Path, r.Header.Get("Webhook-Id"), string(body), r.Header.Get("Webhook-Timestamp"), r.Header.Get("Webhook-Signature"), false,
	}
	slow := in.slow
	a.taken = in.status < 300 && slow == nil
	in.attempts, in.slow = append(in.attempts, a), nil
	status := in.status
	in.mu.Unlock()
	if slow != nil {
		close(slow)
		<-r.Context().Done()
	}
	w.WriteHeader(status)
}

// stall has the next one wait for as long as its sender lives; the channel is closed once it is there.
func (in *inbox) stall() <-chan struct{} {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.slow = make(chan struct{})
	return in.slow
}

func (in *inbox) all() []attempt {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.attempts)
}

// genuine says whether an attempt is signed with a key, for an instant close to now.
func (a attempt) genuine(key []byte) bool {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(a.id + "." + a.at + "." + a.body))
	seconds, err := strconv.ParseInt(a.at, 10, 64)
	return err == nil && time.Since(time.Unix(seconds, 0)).Abs() < 5*time.Minute && a.signature == "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
