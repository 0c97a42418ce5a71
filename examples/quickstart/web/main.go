// Command web is the service of the quickstart: every request costs it 10 ms of CPU time.
//
//	web          serve on :8080
//	web health   ask the server of this container whether it is well; the image's HEALTHCHECK
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

const (
	address = ":8080"
	work    = 10 * time.Millisecond // CPU time of a request
	crowd   = 8                     // requests at once; more are turned away, so that waiting stays short
)

func main() {
	run := serve
	if len(os.Args) > 1 && os.Args[1] == "health" {
		run = health
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "web:", err)
		os.Exit(1)
	}
}

func serve() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()

	places := make(chan struct{}, crowd)
	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
		default:
			http.Error(w, "busy", http.StatusServiceUnavailable)
			return
		}
		if err := burn(r.Context(), work); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		host, _ := os.Hostname()
		fmt.Fprintln(w, "hello from", host)
	})
	http.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})

	server := &http.Server{Addr: address, ReadHeaderTimeout: 5 * time.Second}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		stopped <- server.Shutdown(last)
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// burn keeps one thread busy until it has used so much CPU time. Counting CPU time and not iterations gives a replica
// the same capacity on every machine: its CPU limit divided by the work of a request.
func burn(ctx context.Context, work time.Duration) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began, err := threadTime()
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		for i := 0; i < 100_000; i++ {
		}
		used, err := threadTime()
		if err != nil || used-began >= work {
			return err
		}
	}
	return ctx.Err()
}

// threadTime is the CPU time that the calling thread has used.
func threadTime() (time.Duration, error) {
	const thread = 1 // RUSAGE_THREAD
	var usage syscall.Rusage
	if err := syscall.Getrusage(thread, &usage); err != nil {
		return 0, fmt.Errorf("getrusage: %w", err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}

func health() error {
	client := http.Client{Timeout: 4 * time.Second}
	answer, err := client.Get("http://127.0.0.1" + address + "/health")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("health: %s", answer.Status)
	}
	return nil
}
