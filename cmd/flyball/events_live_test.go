package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

const longestSilence = 2 * time.Minute

// heard is one server-sent event. A comment has the name ":".
type heard struct{ name, id, data string }

// stream is events as they come.
type stream struct {
	testing.TB
	proto   string     // by which it comes
	events  chan heard // closed when it has ended
	entries []string   // the numbers of all entries of the audit log so far
	hangUp  context.CancelFunc
}

// follow listens to what is at a URL, after the entry with an id.
func follow(tb testing.TB, c *http.Client, url, token, last string) *stream {
	tb.Helper()
	ctx, hangUp := context.WithCancel(context.Background())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/autoscaling/events", nil)
	if err != nil {
		tb.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if last != "" {
		request.Header.Set("Last-Event-ID", last)
	}
	late := time.AfterFunc(longestSilence, hangUp) // also of what is said first
	answer, err := cmp.Or(c, http.DefaultClient).Do(request)
	late.Stop()
	if err != nil {
		tb.Fatal(err)
	}
	if kind := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || kind != "text/event-stream" {
		tb.Fatalf("the stream of events is %s, %q", answer.Status, kind)
	}
	s := &stream{TB: tb, proto: answer.Proto, events: make(chan heard, 1000), hangUp: hangUp}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(s.events)
		defer answer.Body.Close()
		s.read(bufio.NewScanner(answer.Body))
	}()
	tb.Cleanup(func() { hangUp(); <-done })
	return s
}

func (s *stream) read(lines *bufio.Scanner) {
	lines.Buffer(nil, 1<<20)
	var one heard
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			one.name = value
		case "id":
			one.id = value
		case "data":
			one.data = value
		default: // a comment, or the empty line at the end
			if lines.Text() != "" {
				one.name = ":"
				continue
			}
			s.events <- one
			one = heard{}
		}
	}
}

// until reads on to the event that is wanted.
func (s *stream) until(what string, wanted func(heard) bool) heard {
	s.Helper()
	for late := time.After(longestSilence); ; {
		select {
		case one, more := <-s.events:
			if !more {
				s.Fatalf("the stream has ended before %s", what)
			}
			if one.name == "entry" {
				s.entries = append(s.entries, one.id)
			}
			if wanted(one) {
				return one
			}
		case <-late:
			s.Fatalf("waited in vain for %s; so far there were the entries %v", what, s.entries)
		}
	}
}

// entry reads on to the entry of a kind whose message has a text.
func (s *stream) entry(kind store.EntryKind, text string) (e store.Entry) {
	s.Helper()
	s.until(string(kind)+" "+text, func(one heard) bool {
		if one.name != "entry" {
			return false
		}
		e = store.Entry{}
		if err := json.Unmarshal([]byte(one.data), &e); err != nil {
			s.Fatal(err)
		}
		return e.Kind == kind && strings.Contains(e.Message, text)
	})
	return e
}

// last is the id of the last entry that came.
func (s *stream) last() string {
	if len(s.entries) == 0 {
		return ""
	}
	return s.entries[len(s.entries)-1]
}

// ended reads on to the end.
func (s *stream) ended() {
	s.Helper()
	for late := time.After(longestSilence); ; {
		select {
		case one, more := <-s.events:
			if !more {
				return
			}
			if one.name == "entry" {
				s.entries = append(s.entries, one.id)
			}
		case <-late:
			s.Fatal("the stream does not end")
		}
	}
}
