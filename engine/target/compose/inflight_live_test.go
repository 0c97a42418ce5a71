package compose

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
)

func TestLive20InFlightRequestsSurviveADrain(t *testing.T) {
	cases := map[string]struct {
		program string
		drain   engine.Drain
		retries bool
		lost    bool
	}{
		"drained by a request": {
			drain:   engine.Drain{HTTP: &engine.Call{Method: http.MethodPost, Port: 8080, Path: "/drain"}, Timeout: 30 * time.Second},
			retries: true,
		},
		"drained by a command": {
			drain:   engine.Drain{Exec: []string{"/service", "drain"}, Timeout: 30 * time.Second},
			retries: true,
		},
		"no drain, no retry, a program that exits at once": {program: "environment: {EXIT_ON_TERM: 1}", lost: true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := up(t, plainFile+"    "+c.program+"\n", "--scale", "web=4")
			s.target.Dial = s.engine.Dial
			s.rollout.Drain = c.drain
			b := s.balance(c.retries)
			l := b.load(24)
			l.reach(t, 100)
			s.scale(4, 1, engine.Succeeded, 1)
			l.reach(t, l.done.Load()+100)
			total, failed := l.end()
			t.Logf("%d of %d requests were lost from 4 replicas to 1; %d connections could not be made", len(failed), total, b.unmade.Load())
			if c.lost == (len(failed) == 0) {
				t.Errorf("lost, want some: %t; the first: %v", c.lost, slices.Concat(failed, []string{"none"})[0])
			}
		})
	}
}

// balancer is a proxy in front of the replicas that the engine lists.
type balancer struct {
	stack   *stack
	server  *httptest.Server
	retries bool         // of connections that could not be made; what was sent once is not sent again
	unmade  atomic.Int64 // connections

	mu        sync.Mutex
	addresses []string
	next      int
}

func (s *stack) balance(retries bool) *balancer {
	b := &balancer{stack: s, retries: retries}
	b.refresh(context.Background())
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		each := time.NewTicker(100 * time.Millisecond)
		defer each.Stop()
		for ctx.Err() == nil {
			b.refresh(ctx)
			<-each.C
		}
	}()
	nowhere := &url.URL{Scheme: "http", Host: "web"}
	b.server = httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(nowhere) },
		Transport: &http.Transport{DialContext: b.dial, DisableKeepAlives: true},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusBadGateway)
		},
	})
	s.Cleanup(func() { b.server.Close(); stop(); <-done })
	return b
}

// refresh asks the engine which replicas run.
func (b *balancer) refresh(ctx context.Context) {
	found, err := b.stack.target.list(ctx, projectLabel+"="+b.stack.project)
	if err != nil {
		return
	}
	var addresses []string
	for _, c := range found {
		for _, n := range c.NetworkSettings.Networks {
			if c.State == container.StateRunning {
				addresses = append(addresses, net.JoinHostPort(n.IPAddress, "8080"))
			}
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.addresses = addresses
}

// turn are the replicas in the order in which a request is to try them.
func (b *balancer) turn() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	i := b.next % len(b.addresses)
	return slices.Concat(b.addresses[i:], b.addresses[:i])
}

func (b *balancer) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	var err error
	for range 10 {
		for _, address := range b.turn() {
			// Of an address that is gone nobody says so.
			within, cancel := context.WithTimeout(ctx, 2*time.Second)
			var conn net.Conn
			conn, err = b.stack.engine.Dial(within, network, address)
			cancel()
			if err == nil {
				return conn, nil
			}
			if b.unmade.Add(1); !b.retries {
				return nil, err
			}
		}
	}
	return nil, err
}

// load is clients that each send one request after another, of 200 to 500 ms.
type load struct {
	clients sync.WaitGroup
	ending  atomic.Bool
	done    atomic.Int64

	mu     sync.Mutex
	failed []string
}

func (b *balancer) load(clients int) *load {
	l := &load{}
	b.stack.Cleanup(func() { l.ending.Store(true) })
	for range clients {
		l.clients.Go(func() {
			for !l.ending.Load() {
				if err := ask(fmt.Sprintf("%s/wait?ms=%d", b.server.URL, 200+rand.IntN(300))); err != nil {
					l.mu.Lock()
					l.failed = append(l.failed, err.Error())
					l.mu.Unlock()
				}
				l.done.Add(1)
			}
		})
	}
	return l
}

func ask(url string) error {
	answer, err := (&http.Client{Timeout: time.Minute}).Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return nil
}

// reach waits until this many requests have ended.
func (l *load) reach(t *testing.T, n int64) {
	t.Helper()
	for end := time.Now().Add(time.Minute); l.done.Load() < n; <-time.After(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d of %d requests have ended in a minute", l.done.Load(), n)
		}
	}
}

func (l *load) end() (total int64, failed []string) {
	l.ending.Store(true)
	l.clients.Wait()
	return l.done.Load(), l.failed
}
