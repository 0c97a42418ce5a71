// Command load asks a web service for its page, at a rate that follows a story and begins anew at its end.
//
//	load http://web:8080/ 10s@1 35s@50 75s@1
//
// is 10 s of 1 request a second, then 35 s of 50, then 75 s of 1. Each request opens a connection of its own to one of
// the addresses that the name has at that moment, so that new replicas get their share at once.
package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// crowd is how many requests may be under way; beyond it the load waits as people would.
const crowd = 64

// chapter is a part of the story.
type chapter struct {
	length time.Duration
	rate   float64 // requests a second
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: load URL LENGTH@RATE...   such as: load http://web:8080/ 10s@1 35s@50")
		os.Exit(2)
	}
	story, err := parse(os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	for ctx.Err() == nil {
		for _, c := range story {
			play(ctx, os.Args[1], c)
		}
	}
}

func parse(chapters []string) ([]chapter, error) {
	var story []chapter
	for _, text := range chapters {
		length, rate, _ := strings.Cut(text, "@")
		d, err := time.ParseDuration(length)
		r, err2 := strconv.ParseFloat(rate, 64)
		if err != nil || err2 != nil || d <= 0 || !(r > 0 && r <= 10_000) {
			return nil, fmt.Errorf("%q: expected a length and requests a second up to 10000, such as 10s@1", text)
		}
		story = append(story, chapter{d, r})
	}
	return story, nil
}

// play asks at an even pace and prints what came of it.
func play(ctx context.Context, url string, c chapter) {
	fmt.Printf("%s of %g requests a second\n", c.length, c.rate)
	ctx, cancel := context.WithTimeout(ctx, c.length)
	defer cancel()
	tick := time.NewTicker(time.Duration(float64(time.Second) / c.rate))
	defer tick.Stop()

	client := http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: dialAny},
	}
	places := make(chan struct{}, crowd)
	var answered, refused atomic.Int64
	for {
		select {
		case <-ctx.Done():
			fmt.Printf("%d answered, %d not\n", answered.Load(), refused.Load())
			return
		case <-tick.C:
		}
		places <- struct{}{}
		go func() {
			defer func() { <-places }()
			if ask(ctx, &client, url) {
				answered.Add(1)
			} else {
				refused.Add(1)
			}
		}()
	}
}

func ask(ctx context.Context, client *http.Client, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	answer, err := client.Do(request)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err == nil && answer.StatusCode == http.StatusOK
}

// dialAny resolves the name afresh and takes one of its addresses by lot. Go's own dialer would take the first.
func dialAny(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addresses, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return nil, err
	}
	one := addresses[rand.IntN(len(addresses))]
	return (&net.Dialer{Timeout: time.Second}).DialContext(ctx, network, net.JoinHostPort(one, port))
}
