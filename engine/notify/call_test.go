package notify

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// calling is a caller of a real server.
func calling(t *testing.T, address string, timeout time.Duration, allow ...string) *caller {
	t.Helper()
	a, err := ParseAllow(allow)
	if err != nil {
		t.Fatal(err)
	}
	c := newCaller(Receiver{Name: "a", URL: func() (string, error) { return address, nil }, Timeout: timeout}, a, time.Now)
	t.Cleanup(c.close)
	return c
}

func hello() Content {
	return Content{Notification: &Notification{Kind: Started, At: at, Service: "web", Text: "web 1 → 2"}}
}

// Fault 36: a receiver that drips, or answers a huge body.
func TestAnswersThatDoNotEnd(t *testing.T) {
	wrote := make(chan int64, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		flush := http.NewResponseController(w).Flush
		_, _ = io.Copy(io.Discard, r.Body) // else it is not noticed that the caller goes
		switch r.URL.Path {
		case "/drips":
			for r.Context().Err() == nil {
				fmt.Fprint(w, "x")
				_ = flush()
				select {
				case <-r.Context().Done():
				case <-time.After(10 * time.Millisecond):
				}
			}
		case "/huge":
			n, _ := io.Copy(w, io.LimitReader(zeros{}, 1<<30))
			wrote <- n
		case "/headers":
			w.Header().Set("X-Huge", strings.Repeat("x", 1<<20))
		case "/silent":
			<-r.Context().Done()
		}
	}))
	defer s.Close()
	tests := []struct {
		path    string
		timeout time.Duration
		problem string
	}{
		{"/drips", 2 * time.Second, ""}, // it was taken: the status has said so
		{"/huge", 2 * time.Second, ""},
		{"/headers", 300 * time.Millisecond, "no answer within 300ms"}, // that is none, and is tried again
		{"/silent", 300 * time.Millisecond, "no answer within 300ms"},
	}
	for _, tt := range tests {
		t.Run(tt.path[1:], func(t *testing.T) {
			began := time.Now()
			a := calling(t, s.URL+tt.path, tt.timeout, "127.0.0.1").post(t.Context(), "1", hello())
			if tt.problem == "" && a.Problem() != "" || !strings.Contains(a.Problem(), tt.problem) || len(a.Body) > longestAnswer {
				t.Errorf("%q, %d bytes of answer; want %q", a.Problem(), len(a.Body), tt.problem)
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
	if n := <-wrote; n > 100<<20 {
		t.Errorf("%d MB were read", n>>20)
	}
}

// zeros has no end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// Fault 37: what leads to this machine, by its address, by a name, or by a redirect.
func TestWhatIsNotCalled(t *testing.T) {
	called := map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if called[r.URL.Path]++; r.URL.Path == "/away" {
			http.Redirect(w, r, "/inner", http.StatusTemporaryRedirect)
		}
	}))
	defer s.Close()
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HTTP_PROXY", s.URL+"/proxy")
	tests := []struct {
		name, address string
		allow         []string
		problem       string
	}{
		{"by its address", s.URL, nil, `127.0.0.1 is loopback, and is not called unless you say so; write config: notify: allow: ["127.0.0.1/32"]`},
		{"by a name", "http://localhost:" + port, nil, "is loopback"},
		{"as mapped", "http://[::ffff:127.0.0.1]:" + port, nil, "is loopback"},
		{"as one number", "http://2130706433:" + port, nil, "no such host"},
		{"by a redirect", s.URL + "/away", []string{"127.0.0.1"}, "answered 307: redirects are not followed"},
		{"by an allowed name", "http://localhost:" + port + "/named", []string{"localhost"}, ""},
		{"no scheme", "localhost:" + port, []string{"localhost"}, "does not begin with http"},
		{"another scheme", "file:///etc/passwd", []string{"localhost"}, "does not begin with http"},
		{"not an address", "http://a b\x7f/hunter2", nil, "does not begin with http"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := calling(t, tt.address, 5*time.Second, tt.allow...).post(t.Context(), "1", hello())
			if got := a.Problem(); tt.problem == "" && got != "" || !strings.Contains(got, tt.problem) || strings.Contains(got, "hunter2") {
				if !(tt.name == "as one number" && strings.Contains(got, "is loopback")) { // some resolvers take it for an address
					t.Errorf("%q, want %q", got, tt.problem)
				}
			}
		})
	}
	if len(called) != 2 || called["/away"] != 1 || called["/named"] != 1 {
		t.Errorf("called: %v", called)
	}
}

// Fault 47: an address is a secret.
func TestAddressStaysSecret(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }))
	s.Close() // nobody is there
	for _, address := range []string{s.URL + "/hunter2?token=hunter2", "http://me:hunter2@127.0.0.1:1/", "http://hunter2.invalid:99999/hunter2", "https://127.0.0.1:1/hunter2"} {
		a := calling(t, address, time.Second, "127.0.0.1").post(t.Context(), "1", hello())
		if a.Problem() == "" || strings.Contains(strings.ReplaceAll(a.Problem(), "hunter2.invalid", ""), "hunter2") {
			t.Errorf("%s: %q", address, a.Problem())
		}
		if strings.Contains(strings.ReplaceAll(Shown(address), "hunter2.invalid", ""), "hunter2") {
			t.Errorf("shown as %s", Shown(address))
		}
	}
}

func TestWhatIsSent(t *testing.T) {
	var got *http.Request
	var body []byte
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer s.Close()
	c := calling(t, s.URL+"/hook?a=b", 0, "127.0.0.1")
	c.to.Secret = func() (string, error) { return "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", nil }
	c.now = func() time.Time { return time.Unix(1614265330, 0) }
	if a := c.post(t.Context(), "a-1-x", hello()); a.Problem() != "" || a.Status != http.StatusNoContent {
		t.Fatalf("%+v", a)
	}
	secret, err := ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]string{
		"Webhook-Id": "a-1-x", "Webhook-Timestamp": "1614265330", "Content-Type": "application/json", "User-Agent": "flyball",
		"Webhook-Signature": secret.Sign("a-1-x", time.Unix(1614265330, 0), body),
	} {
		if got.Header.Get(header) != want {
			t.Errorf("%s: %q, want %q", header, got.Header.Get(header), want)
		}
	}
	if got.URL.String() != "/hook?a=b" || got.Method != http.MethodPost {
		t.Errorf("%s %s", got.Method, got.URL)
	}
	c.to.Secret = func() (string, error) { return "hunter2", nil }
	if a := c.post(t.Context(), "a-1-x", hello()); a.Status != 0 || !strings.Contains(a.Problem(), "whsec_") || strings.Contains(a.Problem(), "hunter2") {
		t.Errorf("with a secret that is none: %+v", a)
	}
}

func TestQuickTries(t *testing.T) {
	tries := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if tries++; tries < 3 || len(body) == 0 {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	defer s.Close()
	if a := calling(t, s.URL, 0, "127.0.0.1").post(t.Context(), "1", hello()); a.Problem() != "" || tries != 3 {
		t.Errorf("%q after %d tries", a.Problem(), tries)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if a := calling(t, s.URL, 0, "127.0.0.1").post(ctx, "1", hello()); a.Problem() == "" || tries != 3 {
		t.Errorf("told to stop: %q after %d tries", a.Problem(), tries)
	}
}

func TestAlertmanagerByItsAddressAlone(t *testing.T) {
	for address, want := range map[string]string{
		"http://am:9093": "http://am:9093/api/v2/alerts", "http://am:9093/": "http://am:9093/api/v2/alerts",
		"http://am:9093/prefix/api/v2/alerts": "http://am:9093/prefix/api/v2/alerts",
	} {
		if got := endpoint(address, Alertmanager); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}
