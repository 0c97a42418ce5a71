package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/report"
	"github.com/flyball-dev/flyball/engine/store"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// paper is a Flyball that remembers what it was told.
type paper struct {
	samples   Asked
	trends    TrendsAsk
	pushed    []Pushed
	question  Question
	explained string // service, where it is not the one that is asked about

	from, to time.Time // of a report

	on    bool
	actor string
	fail  error
	limit int
	asked []Ask

	paused  PauseAsk
	resumed string

	filter  store.Filter
	restore RestoreAsk
	token   TokenAsk
	user    UserAsk
	put     putAsk
	trial   Trial

	tested NotifyTest
	replay NotifyReplay
}

func (p *paper) Audit(_ context.Context, f store.Filter) ([]store.Entry, error) {
	if p.filter = f; f.Actor == "nobody" {
		return nil, nil
	}
	return []store.Entry{{Number: 7, Actor: "ana", Kind: store.OfPause, Service: f.Service, Message: "a sale"}}, p.fail
}

func (p *paper) Restore(_ context.Context, ask RestoreAsk) (Restored, error) {
	p.restore = ask
	return Restored{Store: "db", File: ask.File, After: []store.CountOf{{What: "events", Count: 3}}}, p.fail
}

func (p *paper) Pause(_ context.Context, ask PauseAsk) (Paused, error) {
	p.paused = ask
	return Paused{Pause: Pause{Service: ask.Service, Actor: ask.Actor, Reason: ask.Reason, Seconds: ask.Seconds}}, p.fail
}

func (p *paper) Resume(_ context.Context, service, actor string) (Resumed, error) {
	p.resumed, p.actor = service, actor
	return Resumed{Ended: &Pause{Service: service}, Still: []Pause{{Actor: "ben"}}}, p.fail
}

func (p *paper) Scale(_ context.Context, service string, ask Ask) (Begun, error) {
	p.asked = append(p.asked, ask)
	return Begun{Decision: engine.Decision{From: 1, To: ask.Replicas}, Event: &engine.Event{ID: "1", Service: service}}, p.fail
}

func (p *paper) Rollback(ctx context.Context, service string, ask Ask) (Begun, error) {
	ask.Replicas = 2
	return p.Scale(ctx, service, ask)
}

func (p *paper) Status(context.Context) (Status, error) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	web := PolicyStatus{Name: "web", Service: "web", CurrentReplicas: 3, LastEvaluation: &at}
	web.State = StateOf(web, p.on, false, nil)
	web.LastEvent = InShort(engine.Event{ID: "web-1", Action: engine.ScaleUp, From: 2, To: 3, Reached: 3, Started: at, Ended: at.Add(3 * time.Second),
		Result: engine.Succeeded, Actor: "policy web", Reasons: []engine.Reason{{Message: "cpu is 85"}}})
	return Status{Enabled: p.on, Policies: []PolicyStatus{web}, Fleet: Fleet{Replicas: 3, MaxTotalReplicas: 20, MinAvailableMemoryMB: 512}}, p.fail
}

func (p *paper) History(_ context.Context, service string, limit int) ([]engine.Event, error) {
	p.limit = limit
	if service == "idle" {
		return nil, nil
	}
	return []engine.Event{{ID: "1", Service: service, From: 1, To: 2}}, p.fail
}

func (p *paper) Enable(_ context.Context, on bool, actor string) error {
	p.on, p.actor = on, actor
	return p.fail
}

func (p *paper) Metrics(_ context.Context, service string) ([]MetricStatus, error) {
	return []MetricStatus{{Service: service, Metric: "cpu", Reading: engine.Reads(70)}}, p.fail
}

func (p *paper) Samples(_ context.Context, asked Asked) (Kept, error) {
	p.samples = asked
	return Kept{From: asked.From, To: asked.To, Series: []engine.Series{{Metric: asked.Metric, Points: []engine.Point{{At: asked.To, Value: 1}}}}}, p.fail
}

func (p *paper) Report(_ context.Context, service string, from, to time.Time) (report.Report, error) {
	p.from, p.to = from, to
	return report.Report{From: from, To: to, Services: []report.Service{{Service: service}}}, p.fail
}

func (p *paper) Push(_ context.Context, _ string, samples []Pushed) error {
	p.pushed = samples
	return p.fail
}

func (p *paper) Explain(_ context.Context, q Question) (Explanation, error) {
	p.question = q
	return Explanation{Decision: 7, Record: engine.Record{Service: cmp.Or(p.explained, q.Of)}}, p.fail
}

func serve(t *testing.T, f Flyball) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "flyball") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s", "sock")
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- Serve(ctx, socket, Server{Flyball: f, Log: slog.New(slog.DiscardHandler), Clock: time.Now}.Handler())
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		_ = os.RemoveAll(dir)
	})
	for deadline := time.Now().Add(5 * time.Second); ; {
		if c, err := net.Dial("unix", socket); err == nil {
			_ = c.Close()
			return socket
		}
		if time.Now().After(deadline) {
			t.Fatal("the socket does not answer")
		}
	}
}

func TestOverTheSocket(t *testing.T) {
	p := &paper{}
	socket := serve(t, p)
	c, err := Dial(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.http.CloseIdleConnections()
	if err := c.Enable(t.Context(), true, "ana"); err != nil || !p.on || p.actor != "ana" {
		t.Errorf("enable: %v, on %v by %q", err, p.on, p.actor)
	}
	if s, err := c.Status(t.Context()); err != nil || !s.Enabled || s.Policies[0].CurrentReplicas != 3 {
		t.Errorf("status: %+v, %v", s, err)
	}
	if h, err := c.History(t.Context(), "shop.web", 7); err != nil || len(h) != 1 || h[0].Service != "shop.web" || p.limit != 7 {
		t.Errorf("history: %+v, limit %d, %v", h, p.limit, err)
	}
	if h, err := c.History(t.Context(), "shop/../web", 7); err == nil || !strings.Contains(err.Error(), `service: expected string to be a name of letters, digits, dots, dashes and underscores; found "shop/../web"`) {
		t.Errorf("history of a path: %+v, %v", h, err)
	}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if r, err := c.Report(t.Context(), "web", from, from.Add(time.Hour)); err != nil || r.Services[0].Service != "web" || !p.from.Equal(from) || !r.To.Equal(from.Add(time.Hour)) {
		t.Errorf("report: %+v, %v", r, err)
	}
	if b, err := c.Scale(t.Context(), "web", Ask{Replicas: 4, Force: true, Actor: "ana"}); err != nil || b.Decision.To != 4 || b.Event.Service != "web" {
		t.Errorf("scale: %+v, %v", b, err)
	}
	if b, err := c.Rollback(t.Context(), "web", Ask{Actor: "ana"}); err != nil || b.Decision.To != 2 {
		t.Errorf("rollback: %+v, %v", b, err)
	}
	if want := []Ask{{4, true, "ana"}, {2, false, "ana"}}; !slices.Equal(p.asked, want) {
		t.Errorf("asked %+v, want %+v", p.asked, want)
	}
	until := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	ask := PauseAsk{Service: "web", Until: until, Reason: "a sale", Actor: "ana"}
	if got, err := c.Pause(t.Context(), ask); err != nil || p.paused != ask || got.Pause.Actor != "ana" {
		t.Errorf("pause: %+v, asked %+v, %v", got, p.paused, err)
	}
	if got, err := c.Resume(t.Context(), "web", "ana"); err != nil || p.resumed != "web" || p.actor != "ana" || got.Ended.Service != "web" || got.Still[0].Actor != "ben" {
		t.Errorf("resume: %+v of %q by %q, %v", got, p.resumed, p.actor, err)
	}
	asked := Question{Of: "web_1", Event: "web-1", Decision: 7, At: time.Date(2026, 1, 1, 0, 0, 0, 5, time.UTC)}
	if e, err := c.Explain(t.Context(), asked); err != nil || e.Decision != 7 || e.Record.Service != "web_1" || p.question != asked {
		t.Errorf("explain: %+v, %v, asked %+v", e, err, p.question)
	}
	if _, err := c.Explain(t.Context(), Question{}); err != nil || p.question != (Question{}) {
		t.Errorf("explain the newest: %v, asked %+v", err, p.question)
	}
	filter := store.Filter{After: 6, Since: from, Until: from.Add(1), Kind: store.OfPause, Actor: "ana", Service: "web", Policy: "front", Limit: 3}
	if e, err := c.Audit(t.Context(), filter); err != nil || len(e) != 1 || e[0].Service != "web" || p.filter != filter {
		t.Errorf("audit: %+v, %v, asked %+v", e, err, p.filter)
	}
	if _, err := c.Audit(t.Context(), store.Filter{After: -1}); err != nil || p.filter != (store.Filter{After: -1, Limit: defaultLimit}) {
		t.Errorf("audit from the first on: asked %+v, %v", p.filter, err)
	}
	back := RestoreAsk{File: "/backup", Try: true, Actor: "ana"}
	if r, err := c.Restore(t.Context(), back); err != nil || p.restore != back || r.File != "/backup" || r.After[0].Count != 3 {
		t.Errorf("restore: %+v, %v, asked %+v", r, err, p.restore)
	}
	p.fail = Refusal{Status: 409, Detail: "a change is under way"}
	if _, err := c.Scale(t.Context(), "web", Ask{Replicas: 4}); err == nil || err.Error() != "a change is under way" {
		t.Errorf("a refusal reads %v", err)
	}
	p.fail = errors.New("the disk with the secret path is full")
	if _, err := c.Status(t.Context()); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("an internal error reads %v", err)
	}
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket is %v, %v", info.Mode(), err)
	}
	if err := Serve(t.Context(), socket, nil); err == nil || !strings.Contains(err.Error(), "a daemon already answers there") {
		t.Errorf("a second daemon on the socket: %v", err)
	}
}

func TestLeftOverSocketIsReplaced(t *testing.T) {
	dir, err := os.MkdirTemp("", "flyball")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	socket := filepath.Join(dir, "sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = l.Close()
	if _, err := Dial(socket); err == nil {
		t.Fatal("somebody answers on a dead socket")
	}
	again, err := listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
}

// What is no socket may be anybody's: it stays.
func TestAFileInThePlaceOfTheSocketStays(t *testing.T) {
	dir, err := os.MkdirTemp("", "flyball")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file, link := filepath.Join(dir, "notes"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(file, []byte("mine"), 0o600), os.Symlink(file, link)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, link} {
		if err := Serve(t.Context(), path, nil); err == nil || !strings.Contains(err.Error(), "a file that is not a socket") {
			t.Errorf("%s: %v", path, err)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != "mine" {
			t.Errorf("%s is %q, %v", path, text, err)
		}
	}
}

func TestRequests(t *testing.T) {
	tests := []struct {
		name, method, path, body string
		status                   int
		holds                    string
	}{
		{"the brief's status", "GET", "status", "", 200, `"success":true,"status":{"enabled":false,"policies":[{"name":"web","service":"web"`},
		{"the brief's enable", "POST", "enable", `{"enabled": true}`, 200, `{"success":true,"enabled":true}`},
		{"history of a service", "GET", "history/web?limit=3", "", 200, `"history":[{"id":"1"`},
		{"no history", "GET", "history/idle", "", 200, `"history":[]`},
		{"limit of 0", "GET", "history/web?limit=0", "", 400, `limit is \"0\"; allowed is 1 to 1000`},
		{"limit that is no number", "GET", "history/web?limit=ten", "", 400, `limit is \"ten\"`},
		{"a report", "GET", "report/web?since=7d", "", 200, `"success":true,"service":"web","from":`},
		{"a report of all", "GET", "report", "", 200, `"services":[{"service":""`},
		{"a report since when", "GET", "report/web?since=tuesday", "", 400, `since is \"tuesday\"; allowed is a length of time such as 90m, 24h or 7d`},
		{"a decision explained", "GET", "explain/web?decision=7", "", 200, `"explanation":{"at":`},
		{"a decision that is no number", "GET", "explain?decision=last", "", 400, `decision is \"last\"; allowed is a whole number from 1`},
		{"an instant that is none", "GET", "explain/web?at=today", "", 400, `at is \"today\"; allowed is a time in RFC 3339`},
		{"enable what", "POST", "enable", `{}`, 400, `{"location":"body","message":"expected required property enabled to be present"}`},
		{"enable misspelt", "POST", "enable", `{"enbaled": true}`, 400, `enbaled`},
		{"enable with a text", "POST", "enable", `{"enabled": "yes"}`, 400, `{"location":"body.enabled","message":"expected boolean; found \"yes\""}`},
		{"half a body", "POST", "enable", `{"enab`, 400, `body: it is no JSON: it ends in the middle`},
		{"a huge body", "POST", "enable", `{"actor":"` + strings.Repeat("x", maxBody) + `"}`, 413, `the body is larger than 64 kB`},
		{"pause all", "POST", "pause", `{"seconds": 60, "reason": "a sale"}`, 200, `{"success":true,"pause":{"since":"0001-01-01T00:00:00Z","seconds":60,"actor":"local","reason":"a sale"}}`},
		{"pause misspelt", "POST", "pause", `{"servcie": "web"}`, 400, `servcie`},
		{"pause until a word", "POST", "pause", `{"until": "tomorrow"}`, 400, `body.until: expected string to be RFC 3339 date-time; found \"tomorrow\"`},
		{"resume all", "POST", "resume", "", 200, `{"success":true,"ended":`},
		{"resume misspelt", "POST", "resume", `{"servcie": "web"}`, 400, `servcie`},
		{"the audit log", "GET", "audit?kind=pause&service=web", "", 200, `{"success":true,"entries":[{"number":7,"at":"0001-01-01T00:00:00Z","actor":"ana","kind":"pause","service":"web","message":"a sale"}]}`},
		{"no entries", "GET", "audit?actor=nobody", "", 200, `"entries":[]`},
		{"entries of a kind that there is not", "GET", "audit?kind=pauses", "", 400, `kind is \"pauses\"; allowed is switch, pause, resume, decision, event, policy, daemon, store, access, notify, trouble or recovery`},
		{"entries after a word", "GET", "audit?after=all", "", 400, `after is \"all\"; allowed is the number of an entry`},
		{"too many entries", "GET", "audit?limit=1001", "", 400, `limit is \"1001\"; allowed is 1 to 1000`},
		{"restore misspelt", "POST", "store/restore", `{"flie": "x"}`, 400, `flie`},
		{"the wrong method", "GET", "enable", "", 405, ""},
		{"no such path", "GET", "nothing", "", 404, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "/api/autoscaling/"+tt.path, strings.NewReader(tt.body))
			w := httptest.NewRecorder()
			Server{Flyball: &paper{}, Log: slog.New(slog.DiscardHandler), Clock: time.Now}.Handler().ServeHTTP(w, r)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.holds) {
				t.Errorf("%d %s, want %d with %s", w.Code, w.Body, tt.status, tt.holds)
			}
			if w.Code == http.StatusBadRequest {
				var p Problem
				if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != 400 || w.Header().Get("Content-Type") != "application/problem+json" {
					t.Errorf("not a problem of RFC 9457: %s", w.Body)
				}
			}
		})
	}
}

// A store that is away is nothing to hide from who asks, and nothing to log for each of them.
func TestTheStoreIsAway(t *testing.T) {
	var log bytes.Buffer
	away := fmt.Errorf("read history: redis at redis:6379: connection refused: %w", store.ErrUnavailable)
	w := httptest.NewRecorder()
	Server{Flyball: &paper{fail: away}, Log: slog.New(slog.NewTextHandler(&log, nil)), Clock: time.Now}.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/api/autoscaling/history/web", nil))
	if w.Code != 503 || !strings.Contains(w.Body.String(), "redis at redis:6379: connection refused") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if log.Len() > 0 {
		t.Errorf("logged: %s", &log)
	}
}

func (p *paper) CreateToken(_ context.Context, ask TokenAsk) (CreatedToken, error) {
	p.token = ask
	return CreatedToken{Secret: "secret", Token: Token{ID: "1", Name: ask.Name, Role: ask.Role, Scopes: ask.Scopes}}, p.fail
}

func (p *paper) Tokens(context.Context) ([]Token, error) {
	return []Token{{ID: "1", Name: "ci"}}, p.fail
}

func (p *paper) RevokeToken(_ context.Context, token, actor string) (Token, error) {
	p.actor = actor
	return Token{ID: token}, p.fail
}

func (p *paper) PutUser(_ context.Context, ask UserAsk) (User, error) {
	p.user = ask
	return User{Email: ask.Email, Role: ask.Role}, p.fail
}

func (p *paper) Users(context.Context) ([]User, error) {
	return []User{{Email: "ana@example.org", Role: "admin"}}, p.fail
}

func (p *paper) RemoveUser(_ context.Context, email, actor string) (User, error) {
	p.actor = actor
	return User{Email: email}, p.fail
}

// A daemon that stops gives the answers that are under way, and takes no longer than they do.
func TestStoppingEndsWithTheLastAnswer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, l, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			stop()
			<-r.Context().Done()
			_, _ = io.WriteString(w, "to the end")
		}))
	}()
	res, err := http.Get("http://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || string(text) != "to the end" {
		t.Errorf("it answers %q, %v", text, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Whoever does not end is let go.
func TestStoppingWaitsForNobodyForLong(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stuck, release := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, l, nil, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(stuck); <-release }))
	}()
	asked := make(chan error, 1)
	go func() {
		_, err := http.Get("http://" + l.Addr().String())
		asked <- err
	}()
	<-stuck
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := <-asked; err == nil {
		t.Error("it was answered")
	}
	close(release)
}
