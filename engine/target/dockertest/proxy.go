package dockertest

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/target/docker"
)

// Proxy stands between a client and the engine, and does harm where a test asks for it. All else passes untouched, streams
// and upgraded connections too. Every request has a connection of its own: over one that was used before, HTTP clients
// ask again by themselves when it breaks, and a test would see two requests where its subject made one.
type Proxy struct {
	tb      testing.TB
	socket  string
	engine  *http.Transport
	version *regexp.Regexp

	mu       sync.Mutex
	faults   []*fault
	released chan struct{} // closed when what hangs may go on
	news     chan struct{} // closed when a request arrives
	arrived  []request
	passed   []request
	told     func(Call)      // nil: nobody is
	server   *http.Server    // nil: down
	up       context.Context // ends when it goes down
	hangUp   context.CancelFunc
	requests sync.WaitGroup
}

type request struct{ method, path string }

// Call is a request as it arrived.
type Call struct {
	At           time.Time
	Method, Path string // the path without its version
	Query        url.Values
	Body         []byte // of a POST, where it is JSON
}

// Fault is what becomes of some requests.
type Fault struct {
	Method string // empty: any
	Path   string // a regular expression, found in the path without its version: "/containers/[0-9a-f]+/start$"
	After  int    // requests that it spares, the first ones
	Times  int    // requests that it befalls then; 0: all
	Tries  bool   // it befalls, too, those that a target makes only to see whether such a call is allowed
	Do     Effect
}

type fault struct {
	Fault
	path        *regexp.Regexp
	spare, left int
}

// Proxy makes one that ends with the test. It listens at once, and has no faults.
func (e *Engine) Proxy(tb testing.TB) *Proxy {
	tb.Helper()
	dir, err := tempDir()
	if err != nil {
		tb.Fatal(err)
	}
	dial := e.client.Dialer()
	p := &Proxy{
		tb:     tb,
		socket: filepath.Join(dir, "sock"),
		engine: &http.Transport{
			DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
			DisableKeepAlives:  true,
			DisableCompression: true,
		},
		version:  regexp.MustCompile(`^/v[0-9.]+/`),
		released: make(chan struct{}),
		news:     make(chan struct{}),
	}
	tb.Cleanup(func() {
		p.Down()
		os.RemoveAll(dir)
	})
	p.Up()
	return p
}

// Host is the proxy's address, as DOCKER_HOST takes it.
func (p *Proxy) Host() string { return "unix://" + p.socket }

// Up listens again after Down.
func (p *Proxy) Up() {
	p.tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server != nil {
		return
	}
	os.Remove(p.socket)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: p.socket, Net: "unix"})
	if err != nil {
		p.tb.Fatal(err)
	}
	listener.SetUnlinkOnClose(false) // connections are refused where a socket has no listener
	ctx, hangUp := context.WithCancel(context.Background())
	server := &http.Server{
		Handler:     p,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    log.New(io.Discard, "", 0),
	}
	server.SetKeepAlivesEnabled(false)
	p.server, p.up, p.hangUp = server, ctx, hangUp
	go server.Serve(listener)
}

// Down ends every connection; new ones are refused. It returns once no request is under way.
func (p *Proxy) Down() {
	p.mu.Lock()
	server, hangUp := p.server, p.hangUp
	p.server = nil
	p.mu.Unlock()
	if server == nil {
		return
	}
	hangUp()
	server.Close()
	p.requests.Wait()
}

// Fault sets a fault, which lasts until it has befallen its number of requests, or Release. Of several that match a request
// the one set first befalls it.
func (p *Proxy) Fault(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, &fault{Fault: f, path: regexp.MustCompile(f.Path), spare: f.After, left: f.Times})
}

// Tell has f called with every request before it is passed on or befallen by anything.
func (p *Proxy) Tell(f func(Call)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = f
}

// Release ends all faults. What hangs goes on.
func (p *Proxy) Release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
	close(p.released)
	p.released = make(chan struct{})
}

// Seen counts the requests that were passed on to the engine. An empty method is any, and the path a regular expression,
// as in a Fault.
func (p *Proxy) Seen(method, path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return count(p.passed, method, path)
}

// Wait returns once so many such requests have arrived, passed on or not.
func (p *Proxy) Wait(tb testing.TB, method, path string, n int) {
	tb.Helper()
	for end := time.After(startDeadline); ; {
		p.mu.Lock()
		got, news := count(p.arrived, method, path), p.news
		p.mu.Unlock()
		if got >= n {
			return
		}
		select {
		case <-news:
		case <-end:
			tb.Fatalf("%d requests %s %s arrived within %s, want %d", got, method, path, startDeadline, n)
		}
	}
}

func count(requests []request, method, path string) int {
	n, pattern := 0, regexp.MustCompile(path)
	for _, r := range requests {
		if (method == "" || r.method == method) && pattern.MatchString(r.path) {
			n++
		}
	}
	return n
}

// ServeHTTP passes a request on, or does what a fault says.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &Exchange{proxy: p, w: w, r: r, of: request{r.Method, p.version.ReplaceAllString(r.URL.Path, "/")}}
	do, told, err := p.arrive(x)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer p.requests.Done()
	if told != nil {
		told(x.call())
	}
	do(x)
}

// arrive notes a request and says what becomes of it, and who is told of it first.
func (p *Proxy) arrive(x *Exchange) (Effect, func(Call), error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server == nil {
		return nil, nil, errors.New("down")
	}
	p.requests.Add(1)
	tries := strings.Contains(x.of.path, docker.Nothing)
	i := slices.IndexFunc(p.faults, func(f *fault) bool {
		return (f.Method == "" || f.Method == x.of.method) && f.path.MatchString(x.of.path) && (f.Tries || !tries)
	})
	if tries && i < 0 {
		x.of = request{} // it is none that anybody counts
		return Pass, nil, nil
	}
	p.arrived = append(p.arrived, x.of)
	close(p.news)
	p.news = make(chan struct{})
	x.released, x.up = p.released, p.up
	if i < 0 {
		return Pass, p.told, nil
	}
	f := p.faults[i]
	if f.spare > 0 {
		f.spare--
		return Pass, p.told, nil
	}
	if f.left--; f.left == 0 {
		p.faults = slices.Delete(p.faults, i, i+1)
	}
	return f.Do, p.told, nil
}
