// Service is the program that live tests scale. It serves HTTP on :8080:
//
//	/          the host name, and a line in the log
//	/healthz   200 once ready, else 503
//	/fail      makes /healthz answer 503 from now on
//	/recover   makes /healthz answer 200 from now on, whatever READY_AFTER says
//	/exit      makes it exit with code 3, as EXIT_AFTER does
//	/burn      burns one core for ?ms= milliseconds, or until /rest is asked for
//	/wait      answers after ?ms= milliseconds
//	/drain     refuses new connections from now on, and answers once no other request is in flight
//
// The environment makes it misbehave:
//
//	READY_AFTER   how long /healthz answers 503 ("3s"), or "never"
//	EXIT_AFTER    how long until it exits with code 3
//	ALLOCATE_MB   memory to fill
//	IGNORE_TERM   any value: SIGTERM is ignored; otherwise requests in flight are finished
//	EXIT_ON_TERM  any value: SIGTERM ends it at once, and requests in flight with it
//	SETTINGS      a file of NAME=value lines that win over the environment, where it exists at the start: what a volume
//	              holds can make a new replica behave otherwise than the one it was cloned from
//
// An image made FROM scratch has no shell, so it is its own tool box: `health` for HEALTHCHECK, `drain`, `get URL`,
// `lookup NAME`, `read FILE`, `write FILE TEXT`, and `idle`, which serves nothing until it is told to stop.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 0:
		return serve()
	case len(args) == 1 && args[0] == "health":
		return get("http://127.0.0.1:8080/healthz")
	case len(args) == 1 && args[0] == "drain":
		return get("http://127.0.0.1:8080/drain")
	case len(args) == 1 && args[0] == "idle":
		idle, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		<-idle.Done()
		return nil
	case len(args) == 2 && args[0] == "get":
		return get(args[1])
	case len(args) == 2 && args[0] == "lookup":
		return lookup(args[1])
	case len(args) == 2 && args[0] == "read":
		text, err := os.ReadFile(args[1])
		fmt.Print(string(text))
		return err
	case len(args) == 3 && args[0] == "write":
		return os.WriteFile(args[1], []byte(args[2]), 0o600)
	}
	return fmt.Errorf("unknown command %q", args)
}

func get(url string) error {
	answer, err := (&http.Client{Timeout: 30 * time.Second}).Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	fmt.Println(strings.TrimSpace(string(body)))
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return nil
}

func lookup(name string) error {
	addresses, err := net.DefaultResolver.LookupHost(context.Background(), name)
	if err != nil {
		return err
	}
	slices.Sort(addresses)
	fmt.Println(strings.Join(addresses, "\n"))
	return nil
}

func serve() error {
	started := time.Now()
	if err := override(os.Getenv("SETTINGS")); err != nil {
		return err
	}
	readyAfter, neverReady, err := readiness()
	if err != nil {
		return err
	}
	if text := os.Getenv("EXIT_AFTER"); text != "" {
		wait, err := time.ParseDuration(text)
		if err != nil {
			return err
		}
		time.AfterFunc(wait, func() {
			fmt.Println("exiting, as EXIT_AFTER asks")
			os.Exit(3)
		})
	}
	memory, err := allocate()
	if err != nil {
		return err
	}

	var broken, well atomic.Bool
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		name, _ := os.Hostname()
		fmt.Println("asked for the host name")
		fmt.Fprintln(w, name)
	})
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		if broken.Load() || !well.Load() && (neverReady || time.Since(started) < readyAfter) {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, "ready, holding %d bytes\n", len(memory))
	})
	mux.HandleFunc("/fail", func(http.ResponseWriter, *http.Request) { broken.Store(true) })
	mux.HandleFunc("/recover", func(http.ResponseWriter, *http.Request) {
		well.Store(true)
		broken.Store(false)
	})
	mux.HandleFunc("/exit", func(http.ResponseWriter, *http.Request) { os.Exit(3) })
	var rests atomic.Int64
	mux.HandleFunc("/burn", func(_ http.ResponseWriter, r *http.Request) {
		begun := rests.Load()
		for end := time.Now().Add(milliseconds(r)); rests.Load() == begun && time.Now().Before(end); {
		}
	})
	mux.HandleFunc("/rest", func(http.ResponseWriter, *http.Request) { rests.Add(1) })
	mux.HandleFunc("/wait", func(_ http.ResponseWriter, r *http.Request) { time.Sleep(milliseconds(r)) })

	listener, err := net.Listen("tcp", ":8080")
	if err != nil {
		return err
	}
	d := &door{Listener: listener}
	server := &http.Server{Handler: mux, ConnState: d.state}
	mux.HandleFunc("/drain", d.drain(server))
	stopped := make(chan struct{})
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		defer close(stopped)
		for range signals {
			fmt.Println("asked to stop")
			if os.Getenv("EXIT_ON_TERM") != "" {
				os.Exit(0)
			}
			if os.Getenv("IGNORE_TERM") == "" {
				server.Shutdown(context.Background())
				return
			}
		}
	}()
	fmt.Println("serving")
	err = server.Serve(d)
	if !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) { // closed: it is drained, not stopped
		return err
	}
	<-stopped
	return nil
}

// override puts the settings of a file into the environment.
func override(file string) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found {
			os.Setenv(name, value)
		}
	}
	return err
}

func readiness() (after time.Duration, never bool, err error) {
	switch text := os.Getenv("READY_AFTER"); text {
	case "":
	case "never":
		never = true
	default:
		after, err = time.ParseDuration(text)
	}
	return after, never, err
}

// allocate fills memory page by page, so that all of it is really taken.
func allocate() ([]byte, error) {
	text := os.Getenv("ALLOCATE_MB")
	if text == "" {
		return nil, nil
	}
	mb, err := strconv.Atoi(text)
	if err != nil {
		return nil, err
	}
	memory := make([]byte, mb<<20)
	for i := 0; i < len(memory); i += 4096 {
		memory[i] = 1
	}
	return memory, nil
}

func milliseconds(r *http.Request) time.Duration {
	ms, _ := strconv.Atoi(r.FormValue("ms"))
	return time.Duration(ms) * time.Millisecond
}
