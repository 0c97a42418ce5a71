package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// collected is what Listen tells, in short: status, policy web, entry 4, gap 1-3, lost.
func collected(h Happening) string {
	switch {
	case h.Status != nil:
		return "status"
	case h.Policy != nil:
		return "policy " + h.Policy.Name
	case h.Entry != nil:
		return fmt.Sprint("entry ", h.Entry.Number)
	case h.Gap != nil:
		return fmt.Sprintf("gap %d-%d", h.Gap.From, h.Gap.To)
	}
	return "lost: " + h.Lost.Error()
}

// Whoever listens over the socket or at a URL hears what the server tells, and after a loss what was missed.
func TestListen(t *testing.T) {
	for _, way := range []string{"socket", "url"} {
		t.Run(way, func(t *testing.T) {
			l, hub := &logbook{}, &Hub{}
			l.add(1, 2, 3)
			served := Server{Flyball: l, Hub: hub, Log: slog.New(slog.DiscardHandler), Clock: time.Now}.Handler()
			s := httptest.NewUnstartedServer(served)
			socket := filepath.Join(t.TempDir(), "sock")
			if way == "socket" {
				var err error
				if s.Listener, err = net.Listen("unix", socket); err != nil {
					t.Fatal(err)
				}
			}
			s.Start()
			t.Cleanup(s.Close)
			client, err := Dial(socket)
			if way == "url" {
				client, err = Reach(Remote{URL: s.URL, Token: "x"})
			}
			if err != nil {
				t.Fatal(err)
			}
			defer client.http.CloseIdleConnections()
			ctx, stop := context.WithCancel(t.Context())
			heard, ended := make(chan string, 100), make(chan error, 1)
			go func() { ended <- client.Listen(ctx, 1, func(h Happening) { heard <- collected(h) }) }()
			expect := func(want ...string) {
				t.Helper()
				for _, w := range want {
					if got := <-heard; !strings.HasPrefix(got, w) {
						t.Fatalf("heard %q, want %q", got, w)
					}
				}
			}
			expect("status", "entry 2", "entry 3")
			if err := hub.Policy(PolicyStatus{Name: "web", Service: "web"}); err != nil {
				t.Fatal(err)
			}
			expect("policy web")
			l.add(4)
			hub.Part()
			expect("lost: the daemon has ended the stream", "status", "entry 4")
			stop()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("it ends with %v", err)
			}
		})
	}
}

// streams are what a daemon answers, one after the other; after the last it can't be reached.
type streams []func(*http.Request) (*http.Response, error)

func (s *streams) RoundTrip(r *http.Request) (*http.Response, error) {
	if len(*s) == 0 {
		return nil, errors.New("no way there")
	}
	next := (*s)[0]
	*s = (*s)[1:]
	return next(r)
}

func says(status int, text string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Status: http.StatusText(status), Body: io.NopCloser(strings.NewReader(text))}, nil
	}
}

// silent says a text, and then nothing until whoever asked hangs up.
func silent(text string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		read, write := io.Pipe()
		go func() {
			_, _ = io.WriteString(write, text)
			<-r.Context().Done()
			_ = write.CloseWithError(r.Context().Err())
		}()
		return &http.Response{StatusCode: 200, Body: read}, nil
	}
}

const aStatus = "event: status\ndata: {\"enabled\":true,\"policies\":[]}\n\n"

func TestListenAsksAgain(t *testing.T) {
	refusal := `{"title":"Unauthorized","status":401,"detail":"the token is revoked"}`
	for name, c := range map[string]struct {
		streams streams
		took    time.Duration
		heard   []string // at which time after the beginning, and what
		err     string
	}{
		"a refusal is final": {
			streams: streams{says(401, refusal)}, err: "the token is revoked",
		},
		"the waits grow, and begin anew once something was heard": {
			streams: streams{
				says(502, "bad gateway"),
				says(503, `{"title":"x","status":503,"detail":"as many listen to events as can"}`),
				says(200, aStatus),
				says(401, refusal),
			},
			heard: []string{
				"0s lost: the daemon answered Bad Gateway, and not as flyball does: is there another program at http://flyball?",
				"500ms lost: as many listen to events as can", "1.5s status", "1.5s lost: the daemon has ended the stream",
			},
			took: 2 * time.Second, err: "the token is revoked",
		},
		"a stream that is dead is noticed": {
			streams: streams{silent(aStatus), says(401, refusal)},
			heard:   []string{"0s status", "45s lost: nothing was heard of the daemon for 45s"},
			took:    45*time.Second + 500*time.Millisecond, err: "the token is revoked",
		},
		"what can't be read": {
			streams: streams{says(200, "event: entry\ndata: {\n\n"), says(401, refusal)},
			heard:   []string{"0s lost: read what the daemon tells: event entry: unexpected end of JSON input"},
			took:    500 * time.Millisecond, err: "the token is revoked",
		},
		"what a newer daemon tells beside is left out": {
			streams: streams{says(200, "event: dream\ndata: {}\n\nevent: gap\ndata: {\"from\":1,\"to\":3}\n\n"), says(401, refusal)},
			heard:   []string{"0s gap 1-3", "0s lost: the daemon has ended the stream"},
			took:    500 * time.Millisecond, err: "the token is revoked",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := &Client{http: &http.Client{Timeout: time.Second, Transport: &c.streams}, at: "http://flyball"}
				began := time.Now()
				var heard []string
				err := client.Listen(t.Context(), -1, func(h Happening) { heard = append(heard, fmt.Sprint(time.Since(began), " ", collected(h))) })
				if err == nil || err.Error() != c.err {
					t.Errorf("it ends with %v, want %s", err, c.err)
				}
				if !slices.Equal(heard, c.heard) {
					t.Errorf("heard %q,\nwant %q", heard, c.heard)
				}
				if took := time.Since(began); took != c.took {
					t.Errorf("it took %s, want %s", took, c.took)
				}
			})
		})
	}
}

// Each time it is asked for what comes after the last entry that was told.
func TestListenGoesOnBehindTheLastEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		note := func(answer func(*http.Request) (*http.Response, error)) func(*http.Request) (*http.Response, error) {
			return func(r *http.Request) (*http.Response, error) {
				asked = append(asked, r.URL.RawQuery)
				return answer(r)
			}
		}
		all := streams{
			note(says(200, aStatus)), note(says(200, aStatus+"event: entry\nid: 9\ndata: {\"number\":9}\n\nevent: entry\nid: 10\ndata: {\"num")),
			note(says(403, `{"status":403,"detail":"no"}`)),
		}
		client := &Client{http: &http.Client{Transport: &all}, at: "http://flyball"}
		_ = client.Listen(t.Context(), -1, func(Happening) {})
		if want := []string{"", "", "after=9"}; !slices.Equal(asked, want) {
			t.Errorf("asked for %q, want %q", asked, want)
		}
	})
}

func FuzzSent(f *testing.F) {
	for _, seed := range []string{
		aStatus, ":\n\n", "event: entry\nid: 1\ndata: {}\n\n", "data: a\ndata: b\n\n", "data\n\n", "event: x\n\ndata: y\n\n", "event: entry\r\ndata: 1\r\n\r\n", "data: cut", "\n\n\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		stream := readSent(strings.NewReader(text), func() {})
		for {
			one, err := stream.next()
			if err != nil {
				return
			}
			if !strings.Contains(text, "data") || strings.ContainsAny(one.event, "\n") {
				t.Fatalf("%q is read as %+v", text, one)
			}
			if h, err := happening(one); err != nil && h != (Happening{}) {
				t.Fatalf("%q tells %+v, and %v", text, h, err)
			}
		}
	})
}

func TestSent(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []sent
	}{
		"one":                      {"event: entry\nid: 7\ndata: {}\n\n", []sent{{"entry", []byte("{}")}}},
		"several lines of data":    {"data: a\ndata: b\n\n", []sent{{"", []byte("a\nb")}}},
		"without a blank":          {"event:x\ndata:y\n\n", []sent{{"x", []byte("y")}}},
		"by CRLF":                  {"event: x\r\ndata: y\r\n\r\n", []sent{{"x", []byte("y")}}},
		"comments":                 {":\n\n: hello\ndata: y\n:\n\n", []sent{{"", []byte("y")}}},
		"a name without data":      {"event: x\n\ndata: y\n\n", []sent{{"", []byte("y")}}},
		"one that is cut":          {"data: y\n\ndata: z\n", []sent{{"", []byte("y")}}},
		"what is not known":        {"retry: 3\nfoo\ndata: y\n\n", []sent{{"", []byte("y")}}},
		"more than one blank line": {"\n\ndata: y\n\n\n\ndata: z\n\n", []sent{{"", []byte("y")}, {"", []byte("z")}}},
	} {
		t.Run(name, func(t *testing.T) {
			stream := readSent(strings.NewReader(c.text), func() {})
			var got []sent
			one, err := stream.next()
			for ; err == nil; one, err = stream.next() {
				got = append(got, one)
			}
			if !errors.Is(err, io.EOF) || !slices.EqualFunc(got, c.want, func(a, b sent) bool { return a.event == b.event && string(a.data) == string(b.data) }) {
				t.Errorf("got %+v and %v, want %+v", got, err, c.want)
			}
		})
	}
}
