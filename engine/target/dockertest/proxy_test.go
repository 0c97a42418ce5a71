package dockertest

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/client"
)

const testImage = "flyball-test/service"

// through is a client of the engine by way of a new proxy.
func through(t *testing.T, e *Engine) (*Proxy, *client.Client) {
	t.Helper()
	p := e.Proxy(t)
	c, err := client.NewClientWithOpts(client.WithHost(p.Host()), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.NegotiateAPIVersion(t.Context())
	return p, c
}

// service makes a container that is not started, past all proxies.
func service(t *testing.T, e *Engine) string {
	t.Helper()
	made, err := e.client.ContainerCreate(t.Context(), &container.Config{Image: testImage}, nil, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.client.ContainerRemove(context.WithoutCancel(t.Context()), made.ID, container.RemoveOptions{Force: true})
	})
	return made.ID
}

func runs(t *testing.T, e *Engine, id string) bool {
	t.Helper()
	found, err := e.client.ContainerInspect(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return found.State.Running
}

const startPath = "^/containers/[0-9a-f]+/start$"

func TestLiveProxy(t *testing.T) {
	e := Start(t)
	e.Build(t, testImage, Program, Plain)
	before := atWork()
	for _, test := range []struct {
		name string
		run  func(*testing.T, *Engine)
	}{
		{"streams and upgrades pass", testPasses},
		{"refuse", testRefuse},
		{"drop reply", testDropReply},
		{"hang", testHang},
		{"late", testLate},
		{"hang reply", testHangReply},
		{"tell", testTell},
		{"answer", testAnswer},
		{"down and up", testDownAndUp},
		{"ends with its test", testEnds},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, e) })
		for end := time.Now().Add(startDeadline); atWork() > before; <-time.After(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: the proxy left goroutines behind:\n%s", test.name, stacks())
			}
		}
	}
}

// atWork counts the goroutines of proxies.
func atWork() int {
	n := 0
	for one := range strings.SplitSeq(stacks(), "\n\n") {
		for _, part := range []string{"net/http.(*Server)", "net/http.(*conn)", "net/http/httputil.", "dockertest.(*Proxy)"} {
			if strings.Contains(one, part) {
				n++
				break
			}
		}
	}
	return n
}

func stacks() string {
	buffer := make([]byte, 1<<20)
	return string(buffer[:runtime.Stack(buffer, true)])
}

func testPasses(t *testing.T, e *Engine) {
	p, c := through(t, e)
	id := service(t, e)
	watching, stop := context.WithCancel(t.Context())
	defer stop()
	heard, _ := c.Events(watching, events.ListOptions{Since: "1"}) // also what comes before the engine listens to it

	if err := c.ContainerStart(t.Context(), id, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	for e := range heard {
		if e.Action == events.ActionStart && e.Actor.ID == id {
			break
		}
	}
	logs, err := c.ContainerLogs(t.Context(), id, container.LogsOptions{ShowStdout: true, Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close()
	line := make([]byte, len("........serving\n"))
	if _, err := io.ReadFull(logs, line); err != nil || !strings.HasSuffix(string(line), "serving\n") {
		t.Errorf("the log begins %q, %v", line, err)
	}

	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	text := strings.Repeat("sent. ", 100_000)
	w.WriteHeader(&tar.Header{Name: "file", Mode: 0o600, Size: int64(len(text))})
	io.WriteString(w, text)
	w.Close()
	if err := c.CopyToContainer(t.Context(), id, "/", &archive, container.CopyToContainerOptions{}); err != nil {
		t.Fatal(err)
	}
	by := &Engine{client: c}
	if out, err := by.Exec(t.Context(), id, "/service", "read", "/file"); err != nil || out != text {
		t.Errorf("an exec answers %d bytes, %v; want the %d that were sent", len(out), err, len(text))
	}
	// The read half of a connection lives on when the other is closed.
	attached, err := c.ContainerAttach(t.Context(), id, container.AttachOptions{Stream: true, Stdin: true, Stdout: true})
	if err != nil {
		t.Fatal(err)
	}
	defer attached.Close()
	attached.CloseWrite()
	line = make([]byte, len("........asked for the host name\n"))
	read := make(chan error, 1)
	go func() {
		_, err := io.ReadFull(attached.Reader, line)
		read <- err
	}()
	asked, shown := 0, false
	for end := time.Now().Add(startDeadline); !shown && time.Now().Before(end); asked++ { // it may be attached later than is said
		if _, err := by.Exec(t.Context(), id, "/service", "get", "http://127.0.0.1:8080/"); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-read:
			shown = true
			if err != nil || !strings.HasSuffix(string(line), "asked for the host name\n") {
				t.Errorf("attached, %q, %v", line, err)
			}
		default:
		}
	}
	if !shown {
		t.Error("nothing is shown by what was attached")
	}
	if n := p.Seen("POST", "^/exec/.*/start$"); n != 1+asked {
		t.Errorf("%d execs seen, want %d", n, 1+asked)
	}
}

func testRefuse(t *testing.T, e *Engine) {
	p, c := through(t, e)
	id := service(t, e)
	p.Fault(Fault{Method: "POST", Path: startPath, Times: 2, Do: Refuse})
	for range 2 {
		if err := c.ContainerStart(t.Context(), id, container.StartOptions{}); err == nil || runs(t, e, id) {
			t.Errorf("%v; want an error, and nothing started", err)
		}
	}
	if n := p.Seen("POST", startPath); n != 0 {
		t.Errorf("%d starts passed on", n)
	}
	if err := c.ContainerStart(t.Context(), id, container.StartOptions{}); err != nil || p.Seen("POST", startPath) != 1 {
		t.Errorf("the third time %v, %d passed on", err, p.Seen("POST", startPath))
	}
	p.Fault(Fault{Do: Refuse})
	for range 3 {
		if _, err := c.ContainerInspect(t.Context(), id); err == nil {
			t.Error("a fault without end ended")
		}
	}
	p.Wait(t, "", "/json$", 3)
	if n := p.Seen("", "/json$"); n != 0 {
		t.Errorf("%d passed on", n)
	}
}

func testDropReply(t *testing.T, e *Engine) {
	p, c := through(t, e)
	id := service(t, e)
	p.Fault(Fault{Method: "POST", Path: startPath, Times: 1, Do: DropReply})
	if err := c.ContainerStart(t.Context(), id, container.StartOptions{}); err == nil || !runs(t, e, id) {
		t.Errorf("%v; want an error, and the container started", err)
	}
	if n := p.Seen("POST", startPath); n != 1 {
		t.Errorf("%d starts passed on, want 1", n)
	}
}

func testHang(t *testing.T, e *Engine) {
	p, c := through(t, e)
	id, left := service(t, e), service(t, e)
	p.Fault(Fault{Method: "POST", Path: startPath, Do: Hang})
	leaving, leave := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- c.ContainerStart(leaving, left, container.StartOptions{}) }()
	p.Wait(t, "POST", left, 1)
	leave()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	go func() { ended <- c.ContainerStart(t.Context(), id, container.StartOptions{}) }()
	p.Wait(t, "POST", id, 1)
	if _, err := c.ContainerInspect(t.Context(), id); err != nil || runs(t, e, id) {
		t.Errorf("%v; want only the start to hang", err)
	}
	p.Release()
	if err := <-ended; err != nil || !runs(t, e, id) || runs(t, e, left) {
		t.Errorf("%v; want started the one whose sender waited", err)
	}
	if n := p.Seen("POST", startPath); n != 1 {
		t.Errorf("%d starts passed on, want 1", n)
	}
}

func testLate(t *testing.T, e *Engine) {
	p, c := through(t, e)
	id := service(t, e)
	held, late := make(chan struct{}), make(chan struct{})
	p.Fault(Fault{Method: "POST", Path: startPath, Do: Late(late, func() { close(held) })})
	leaving, leave := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.ContainerStart(leaving, id, container.StartOptions{}) }()
	<-held
	leave()
	if err := <-ended; !errors.Is(err, context.Canceled) || runs(t, e, id) {
		t.Errorf("%v; want that its sender has gone, and nothing started", err)
	}
	close(late)
	for end := time.Now().Add(startDeadline); !runs(t, e, id); <-time.After(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the engine never heard of it")
		}
	}
}

// testTell also spares the first requests of a fault.
func testTell(t *testing.T, e *Engine) {
	p, c := through(t, e)
	id := service(t, e)
	var mu sync.Mutex
	var told []string
	p.Tell(func(call Call) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, call.Method+" "+strings.ReplaceAll(call.Path, id, "ID")+" "+call.Query.Get("name")+" "+string(call.Body))
	})
	p.Fault(Fault{Path: "/json$", After: 1, Times: 1, Do: Refuse})
	for _, refused := range []bool{false, true, false} {
		if _, err := c.ContainerInspect(t.Context(), id); (err != nil) != refused {
			t.Errorf("%v; want an error %t", err, refused)
		}
	}
	replied := make(chan struct{})
	p.Fault(Fault{Path: "create$", Times: 1, Do: Replied(func() { close(replied); go p.Release() })})
	made, err := c.ContainerCreate(t.Context(), &container.Config{Image: testImage}, nil, nil, nil, "told-of")
	if err != nil {
		t.Fatal(err)
	}
	<-replied
	if err := c.ContainerRemove(t.Context(), made.ID, container.RemoveOptions{}); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(told) != 5 || told[2] != "GET /containers/ID/json  " || !strings.HasPrefix(told[3], `POST /containers/create told-of {"`) ||
		!strings.Contains(told[3], testImage) || !strings.HasPrefix(told[4], "DELETE /containers/") {
		t.Errorf("told of %q", told)
	}
}

func testHangReply(t *testing.T, e *Engine) {
	p, c := through(t, e)
	id := service(t, e)
	p.Fault(Fault{Method: "POST", Path: startPath, Times: 1, Do: HangReply})
	ended := make(chan error, 1)
	go func() { ended <- c.ContainerStart(t.Context(), id, container.StartOptions{}) }()
	for end := time.Now().Add(startDeadline); !runs(t, e, id); <-time.After(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the engine never heard of it")
		}
	}
	select {
	case err := <-ended:
		t.Errorf("the reply came: %v", err)
	default:
	}
	p.Release()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func testAnswer(t *testing.T, e *Engine) {
	p, c := through(t, e)
	p.Fault(Fault{Method: "POST", Path: "^/containers/create$", Times: 1, Do: Answer(409, "the name is taken")})
	_, err := c.ContainerCreate(t.Context(), &container.Config{Image: testImage}, nil, nil, nil, "")
	if !errdefs.IsConflict(err) || err.Error() != "Error response from daemon: the name is taken" {
		t.Error(err)
	}
	if n := p.Seen("POST", "create"); n != 0 {
		t.Errorf("%d passed on", n)
	}
}

func testDownAndUp(t *testing.T, e *Engine) {
	p, c := through(t, e)
	id := service(t, e)
	if err := c.ContainerStart(t.Context(), id, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	heard, lost := c.Events(t.Context(), events.ListOptions{})
	attached, err := c.ContainerAttach(t.Context(), id, container.AttachOptions{Stream: true, Stdout: true})
	if err != nil {
		t.Fatal(err)
	}
	defer attached.Close()
	p.Wait(t, "GET", "^/events$", 1)
	p.Down()
	p.Down()
	for gone := false; !gone; {
		select {
		case <-heard:
		case <-lost:
			gone = true
		case <-time.After(startDeadline):
			t.Fatal("a stream outlives its engine")
		}
	}
	attached.Conn.SetReadDeadline(time.Now().Add(startDeadline))
	if _, err := io.Copy(io.Discard, attached.Reader); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("an upgraded connection outlives its engine")
	}
	if _, err := c.Ping(t.Context()); !client.IsErrConnectionFailed(err) {
		t.Errorf("down, %v; want that nobody listens", err)
	}
	p.Up()
	p.Up()
	if _, err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// testEnds leaves everything open that can be.
func testEnds(t *testing.T, e *Engine) {
	p, c := through(t, e)
	id := service(t, e)
	p.Fault(Fault{Method: "POST", Path: "start$", Times: 1, Do: HangReply})
	p.Fault(Fault{Method: "POST", Path: "start$", Times: 1, Do: Late(nil, func() {})})
	p.Fault(Fault{Method: "POST", Path: "start$", Do: Hang})
	for range 3 {
		go c.ContainerStart(context.Background(), id, container.StartOptions{})
	}
	c.Events(context.Background(), events.ListOptions{})
	p.Wait(t, "POST", "start$", 3)
	p.Wait(t, "GET", "^/events$", 1)
}
