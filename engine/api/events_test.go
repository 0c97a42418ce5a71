package api

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// logbook is a Flyball with an audit log.
type logbook struct {
	paper
	mu      sync.Mutex
	entries []store.Entry
}

func (l *logbook) Audit(_ context.Context, f store.Filter) ([]store.Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []store.Entry
	for _, e := range l.entries {
		if f.Has(e) {
			found = append(found, e)
		}
	}
	if f.After == 0 && len(found) > f.Limit {
		return found[len(found)-f.Limit:], nil
	}
	return found[:min(len(found), f.Limit)], nil
}

func (l *logbook) add(numbers ...int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range numbers {
		l.entries = append(l.entries, store.Entry{Number: n, Kind: store.OfEvent, Service: []string{"web", "api"}[n%2], Message: fmt.Sprint("entry ", n)})
	}
}

// heard is a stream that is read.
type heard struct {
	*bufio.Scanner
	close func()
}

func listenTo(t *testing.T, url, last string) heard {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, "GET", url, nil)
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s: %s %s", url, res.Status, res.Header.Get("Content-Type"))
	}
	h := heard{bufio.NewScanner(res.Body), func() { stop(); _ = res.Body.Close() }}
	t.Cleanup(h.close)
	return h
}

// next is the next message: its event, id and data.
func (h heard) next(t *testing.T) (event, id, data string) {
	t.Helper()
	for h.Scan() {
		field, value, _ := strings.Cut(h.Text(), ": ")
		switch field {
		case "event":
			event = value
		case "id":
			id = value
		case "data":
			data = value
		case "":
			if event != "" {
				return event, id, data
			}
		}
	}
	t.Fatalf("the stream has ended: %v", h.Err())
	return event, id, data
}

func events(t *testing.T, l Flyball, hub *Hub) string {
	t.Helper()
	s := httptest.NewServer(Server{Flyball: l, Hub: hub, Log: slog.New(slog.DiscardHandler), Clock: time.Now}.Handler())
	t.Cleanup(s.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return s.URL + "/api/autoscaling/events"
}

func TestEvents(t *testing.T) {
	l, hub := &logbook{}, &Hub{}
	l.add(1, 2, 3)
	url := events(t, l, hub)
	live := listenTo(t, url, "")
	if event, id, data := live.next(t); event != "status" || id != "3" || !strings.Contains(data, `"currentReplicas":3`) {
		t.Errorf("first comes %s %s %s", event, id, data)
	}
	one := listenTo(t, url+"?service=web", "")
	one.next(t)
	back := listenTo(t, url, "1")
	if event, id, _ := back.next(t); event != "status" || id != "" { // they are yet to hear of 2 and 3
		t.Errorf("for who was away first comes %s %s", event, id)
	}
	for _, want := range []string{"2", "3"} { // what was missed
		if event, id, data := back.next(t); event != "entry" || id != want || !strings.Contains(data, `"message":"entry `+want) {
			t.Errorf("after 1 comes %s %s %s, want %s", event, id, data, want)
		}
	}
	if err := hub.Policy(PolicyStatus{Name: "web", Service: "web"}); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int64{4, 5, 6} {
		l.add(n)
		if err := hub.Entry(l.entries[n-1]); err != nil {
			t.Fatal(err)
		}
	}
	for name, of := range map[string]struct {
		heard
		want string
	}{"live": {live, "policy , entry 4, entry 5, entry 6"}, "of a service": {one, "policy , entry 4, entry 6"}, "who was away": {back, "policy , entry 4, entry 5, entry 6"}} {
		var got []string
		for range strings.Count(of.want, ",") + 1 {
			event, id, _ := of.next(t)
			got = append(got, event+" "+id)
		}
		if strings.Join(got, ", ") != of.want {
			t.Errorf("%s: %v, want %s", name, got, of.want)
		}
	}
}

// An entry that the hub did not pass on is read from the log; one that is gone is said to be.
// What happens while the status is read is told after it.
func TestEventsMissNothingAfterTheStatus(t *testing.T) {
	hub := &Hub{}
	l := &meanwhile{happens: func() {
		if err := hub.Entry(store.Entry{Number: 1, Kind: store.OfEvent, Message: "meanwhile"}); err != nil {
			t.Error(err)
		}
	}}
	live := listenTo(t, events(t, l, hub), "")
	if event, _, _ := live.next(t); event != "status" {
		t.Fatalf("the first is %s", event)
	}
	if event, id, _ := live.next(t); event != "entry" || id != "1" {
		t.Errorf("then comes %s %s", event, id)
	}
}

// meanwhile is a Flyball in which something happens while its status is read.
type meanwhile struct {
	logbook
	happens func()
}

func (m *meanwhile) Status(ctx context.Context) (Status, error) {
	defer m.happens()
	return m.logbook.Status(ctx)
}

// How long somebody listens is not how long the answer took.
func TestEventsAreObservedAsTheyBegin(t *testing.T) {
	var mu sync.Mutex
	now := time.Unix(0, 0)
	pass := func(d time.Duration) time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(d)
		return now
	}
	took := make(chan time.Duration, 1)
	s := httptest.NewServer(Server{
		Flyball: &logbook{}, Hub: &Hub{}, Log: slog.New(slog.DiscardHandler),
		Clock:   func() time.Time { return pass(time.Millisecond) },
		Observe: func(_ string, _ int, d time.Duration) { took <- d },
	}.Handler())
	t.Cleanup(s.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	live := listenTo(t, s.URL+"/api/autoscaling/events", "0")
	live.next(t)
	pass(time.Hour)
	live.close()
	if d := <-took; d > time.Second {
		t.Errorf("it took %s", d)
	}
}

// A stream of which only the head is asked for ends.
func TestHeadOfEvents(t *testing.T) {
	hub := &Hub{}
	url := events(t, &logbook{}, hub)
	for range 2 { // the second over the same connection
		res, err := http.Head(url)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
			t.Errorf("%s %s", res.Status, res.Header.Get("Content-Type"))
		}
	}
	if n := hub.Listeners(); n != 0 {
		t.Errorf("%d still listen", n)
	}
}

func TestEventsWithAGap(t *testing.T) {
	l, hub := &logbook{}, &Hub{}
	l.add(5, 6, 7, 8)
	url := events(t, l, hub)
	h := listenTo(t, url+"?after=2", "")
	h.next(t)
	if event, _, data := h.next(t); event != "gap" || data != `{"from":3,"to":4}` {
		t.Errorf("%s %s", event, data)
	}
	for range 4 {
		h.next(t)
	}
	l.add(9, 10)
	if err := hub.Entry(l.entries[5]); err != nil { // 10, and nobody told of 9
		t.Fatal(err)
	}
	for _, want := range []string{"9", "10"} {
		if _, id, _ := h.next(t); id != want {
			t.Errorf("%s, want %s", id, want)
		}
	}
	ahead := listenTo(t, url, "99") // of a store that was begun anew
	ahead.next(t)
	if event, _, data := ahead.next(t); event != "gap" || data != `{"from":1,"to":4}` {
		t.Errorf("%s %s", event, data)
	}
}

// Who is about access is for those who may read the audit log.
func TestEventsKeepAccessToThemselves(t *testing.T) {
	l, hub := &logbook{}, &Hub{}
	l.entries = []store.Entry{{Number: 1, Kind: store.OfAccess, Actor: "ana@example.com"}, {Number: 2, Kind: store.OfEvent}}
	h := listenTo(t, events(t, l, hub), "0")
	h.next(t)
	if _, id, data := h.next(t); id != "2" || strings.Contains(data, "ana") {
		t.Errorf("%s %s", id, data)
	}
}

func TestEventsRefuse(t *testing.T) {
	url := events(t, &logbook{}, &Hub{})
	for query, want := range map[string]string{"?after=x": "expected string to be the number of an entry", "?from=1": "unexpected"} {
		res, err := http.Get(url + query)
		if err != nil {
			t.Fatal(err)
		}
		body := make([]byte, 1000)
		n, _ := res.Body.Read(body)
		_ = res.Body.Close()
		if res.StatusCode != 400 || !strings.Contains(string(body[:n]), want) && query != "?from=1" {
			t.Errorf("%s: %d %s", query, res.StatusCode, body[:n])
		}
	}
}

// Fault 45: of a thousand that read nothing, each is let go once it is too far behind. What is told is in memory once.
func TestFault45SlowListeners(t *testing.T) {
	const many, size = 1000, 32 << 10
	l, hub := &logbook{}, &Hub{}
	url := events(t, l, hub)
	var idle []net.Conn
	defer func() {
		for _, c := range idle {
			_ = c.Close()
		}
	}()
	address := strings.TrimPrefix(url[:strings.Index(url, "/api")], "http://")
	for range many {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		idle = append(idle, c)
		if _, err := fmt.Fprintf(c, "GET /api/autoscaling/events HTTP/1.1\r\nHost: %s\r\n\r\n", address); err != nil {
			t.Fatal(err)
		}
	}
	reader := listenTo(t, url, "") // one who reads gets all of it
	reader.next(t)
	for hub.Listeners() <= many {
		runtime.Gosched()
	}
	before := heap()
	most := uint64(0)
	for n := int64(1); hub.Listeners() > 1; n++ {
		e := store.Entry{Number: n, Kind: store.OfEvent, Message: strings.Repeat("x", size)}
		if err := hub.Entry(e); err != nil {
			t.Fatal(err)
		}
		if event, id, _ := reader.next(t); event != "entry" || id != fmt.Sprint(n) {
			t.Fatalf("the one who reads got %s %s, want %d", event, id, n)
		}
		if n%100 == 0 {
			most = max(most, heap())
		}
		if n > 100_000 {
			t.Fatalf("%d still listen", hub.Listeners())
		}
	}
	grown := int64(most) - int64(before)
	t.Logf("%d kB more at most, for %d who read nothing", grown>>10, many)
	if grown > 64<<20 {
		t.Errorf("%d MB more", grown>>20)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
