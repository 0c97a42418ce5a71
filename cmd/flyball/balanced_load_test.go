package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// visitors are clients of a service behind a balancer. Each keeps its connection, and no request is sent a second time: an
// answer that is not 200, is cut off or does not come counts as failed.
type visitors struct {
	dial func(context.Context) (net.Conn, error)
	all  sync.WaitGroup

	mu       sync.Mutex
	answered map[string]int // by what was asked
	failed   []string
	replicas map[string]int // answers to what asks for the replica's name
}

// ask has n visitors send one request after the other until ctx ends, with a pause between them. A request that has begun is
// waited for.
func (v *visitors) ask(ctx context.Context, n int, method, path string, pause time.Duration) {
	for range n {
		v.all.Go(func() {
			c := &visit{v: v}
			for ctx.Err() == nil {
				name, err := c.ask(method, path)
				v.count(method+" "+path, name, err)
				select {
				case <-ctx.Done():
				case <-time.After(pause):
				}
			}
			c.leave()
		})
	}
}

func (v *visitors) count(asked, name string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err != nil {
		v.failed = append(v.failed, fmt.Sprintf("%s %s: %v", time.Now().Format("15:04:05.000"), asked, err))
		return
	}
	v.answered[asked]++
	if name != "" {
		v.replicas[name]++
	}
}

// seen are the replicas that have answered, by name.
func (v *visitors) seen() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Sorted(maps.Keys(v.replicas))
}

func (v *visitors) String() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	total := len(v.failed)
	for _, n := range v.answered {
		total += n
	}
	return fmt.Sprintf("%d requests, %d failed; answered: %v by %d replicas", total, len(v.failed), v.answered, len(v.replicas))
}

// visit is one visitor's connection; none before the first request, and where the last answer said that it closes.
type visit struct {
	v    *visitors
	conn net.Conn
	from *bufio.Reader
}

func (c *visit) ask(method, path string) (name string, err error) {
	const longest = 90 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	if c.conn == nil {
		if c.conn, err = c.v.dial(ctx); err != nil {
			c.conn = nil
			return "", err
		}
		c.from = bufio.NewReader(c.conn)
	}
	defer func() {
		if err != nil {
			c.leave()
		}
	}()
	c.conn.SetDeadline(time.Now().Add(longest))
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader("paid=1")
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://shop.example"+path, body)
	if err != nil {
		return "", err
	}
	if err := request.Write(c.conn); err != nil {
		return "", err
	}
	answer, err := http.ReadResponse(c.from, request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", answer.Status, text)
	}
	if answer.Close {
		c.leave()
	}
	return strings.TrimSpace(string(text)), nil
}

func (c *visit) leave() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}
