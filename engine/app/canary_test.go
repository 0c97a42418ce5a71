package app

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

// canaries are all kinds of secrets that a daemon may be given, each where the config has it and how it is asked for. $HTTP is a
// server that answers with whatever it was sent, $TCP one that does so by the Redis protocol, and $NOBODY none at all; $ENV and $FILE
// are where a canary is. Another kind of secret is another line here.
var canaries = []struct{ name, config, metric string }{
	{"token of prometheus", `config: sources: a: {type: "prometheus", url: "$HTTP", token: env: "$ENV"}`, `source: "a", query: "up"`},
	{"password of prometheus", `config: sources: b: {type: "prometheus", url: "$HTTP", username: "u", password: file: "$FILE"}`, `source: "b", query: "up"`},
	{"token of scrape", `config: sources: c: {type: "scrape", token: env: "$ENV"}`, `source: "c", query: "up"`},
	{"token of http", `config: sources: d: {type: "http", url: "$HTTP", token: file: "$FILE"}`, `source: "d", query: "$.x"`},
	{"password of http", `config: sources: e: {type: "http", url: "$HTTP", username: "u", password: env: "$ENV"}`, `source: "e", query: "$.x"`},
	{"password of redis", `config: sources: f: {type: "redis", url: "redis://$TCP/0", username: "u", password: env: "$ENV"}`, `source: "f", query: "LLEN jobs"`},
	{"dsn of postgres", `config: sources: g: {type: "sql", driver: "postgres", dsn: env: "$DSN:postgres://u:%s@$TCP/db?sslmode=disable"}`, `source: "g", query: "SELECT 1"`},
	{"dsn of mysql", `config: sources: h: {type: "sql", driver: "mysql", timeout: "1s", dsn: env: "$DSN:u:%s@tcp($TCP)/db"}`, `source: "h", query: "SELECT 1"`},
	{"dsn that is none", `config: sources: i: {type: "sql", driver: "postgres", dsn: env: "$DSN:postgres://u:%s@[nowhere/db"}`, `source: "i", query: "SELECT 1"`},
	{"dsn that is none, of mysql", `config: sources: j: {type: "sql", driver: "mysql", dsn: env: "$DSN:u:%s@nowhere)/db"}`, `source: "j", query: "SELECT 1"`},
	{"password of a store", `config: store: {url: "redis://$TCP/0", username: "u", password: file: "$FILE"}`, ""},
	{"password of a store that is away", `config: store: {url: "redis://$NOBODY/0", username: "u", password: env: "$ENV"}`, ""},
}

// Nothing that is secret gets into the log, the metrics, the status, or what is said of the daemon's health.
func TestSecretsStaySecret(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, "who are you? %v %s %s", r.Header, user, password)
	}))
	t.Cleanup(echo.Close)
	tcp, nobody := parrot(t), fmt.Sprint("127.0.0.1:", metricstest.Port(t))
	for _, format := range Formats {
		for _, c := range canaries {
			t.Run(format+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				o, _ := place(t)
				log := new(record)
				f := new(Format)
				if err := f.Set(format); err != nil {
					t.Fatal(err)
				}
				o.Log = NewLog(log, slog.LevelDebug, f)
				env := map[string]string{"CANARY": canary}
				o.Env = func(name string) string { return env[name] }
				file := filepath.Join(filepath.Dir(o.Policies), "secret")
				if err := os.WriteFile(file, []byte(canary+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				config := strings.NewReplacer("$HTTP", echo.URL, "$TCP", tcp, "$NOBODY", nobody, "$ENV", "CANARY", "$FILE", file).Replace(c.config)
				if dsn := regexp.MustCompile(`\$DSN:[^"]*`).FindString(config); dsn != "" {
					env["DSN"] = fmt.Sprintf(strings.TrimPrefix(dsn, "$DSN:"), canary)
					config = strings.Replace(config, dsn, "DSN", 1)
				}
				if c.metric != "" {
					config += "\n" + strings.Replace(web, `metrics: [`, `evaluationInterval: "1s", metrics: [{name: "secret", type: "custom", window: "10s", scope: "total", `+c.metric+"}, ", 1)
				} else {
					config += "\n" + web
					o.Store = ""
				}
				say(t, o, config)
				a, err := New(t.Context(), o)
				if err != nil {
					if c.metric != "" || strings.Contains(err.Error(), canary) {
						t.Errorf("it does not begin: %v", err)
					}
					return
				}
				speaks(t, a, log, c.metric != "")
				if err := a.Close(); err != nil && strings.Contains(err.Error(), canary) {
					t.Errorf("it ends with %v", err)
				}
			})
		}
	}
}

// speaks has a daemon run until it has asked for what it can't have, and looks at all that it says.
func speaks(t *testing.T, a *App, log *record, asks bool) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { a.loop.Run(ctx, a.sets); close(ended) }()
	defer func() { stop(); <-ended }()
	a.send(ctx)
	front := a.front(nil)
	said := "metrics can't be read"
	if !asks {
		said = "can't be reached"
	}
	deadline := time.Now().Add(30 * time.Second)
	for !strings.Contains(log.String(), said) {
		if time.Now().After(deadline) {
			t.Fatalf("it never said %q:\n%s", said, log.String())
		}
		<-time.After(20 * time.Millisecond)
	}
	for _, path := range []string{"/metrics", "/healthz", "/readyz", "/api/autoscaling/status", "/api/autoscaling/metrics", "/api/autoscaling/audit", "/api/autoscaling/history"} {
		w := httptest.NewRecorder()
		front.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
		if strings.Contains(w.Body.String(), canary) {
			t.Errorf("%s has it:\n%s", path, lines(w.Body.String()))
		}
	}
	if strings.Contains(log.String(), canary) {
		t.Errorf("the log has it:\n%s", lines(log.String()))
	}
}

// lines are those that have the canary.
func lines(text string) string {
	var found []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, canary) {
			found = append(found, line)
		}
	}
	return strings.Join(found, "")
}

// parrot answers whatever it hears with an error that repeats it.
func parrot(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				heard := make([]byte, 4096)
				for {
					n, err := c.Read(heard)
					if err != nil {
						return
					}
					fmt.Fprintf(c, "-ERR who says %q?\r\n", heard[:n])
				}
			}()
		}
	}()
	return l.Addr().String()
}

// record is a log that is read while it is written.
type record struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all.String()
}
