package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

const sourcesPolicy = `package shop

config: sources: {
	cache: {type: "redis", url: "redis://$REDIS", password: env: "CACHE_PASSWORD"}
	database: {type: "sql", driver: "postgres", dsn: file: "dsn"}
	maria: {type: "sql", driver: "mysql", dsn: env: "MARIA_DSN"}
	prometheus: {type: "prometheus", url: "$PROMETHEUS"}
	broker: {type: "http", url: "$BROKER", token: env: "BROKER_TOKEN"}
}
policies: web: {
	service: "web"
	target: driver: "sim"
	enabled:     true
	minReplicas: 1
	maxReplicas: 3
	metrics: [
		{name: "waiting", type: "queue_length", source: "cache", query: "LLEN jobs", window: "5s"},
		{name: "orders", type: "queue_length", source: "database", query: "SELECT count(*) FROM orders", window: "5s"},
		{name: "answer", type: "custom", source: "maria", query: "SELECT 42", window: "5s"},
		{name: "temperature", type: "custom", source: "prometheus", query: "room_temperature", window: "5s"},
		{name: "depth", type: "queue_length", source: "broker", query: "$.queues[?(@.name == 'mail')].depth", window: "5s"},
		{name: "each", type: "custom", source: "custom", expr: "waiting / replicas.ready"},
	]
	thresholds: [{metric: "waiting", scaleUp: 10, scaleDown: 2}]
	evaluationInterval: "1s"
	cooldownPeriod: "0s"
}
`

// The built daemon with every source of its policy on a real server: it scales up by one of them, holds while that one is
// gone, and scales down once it is back and says that there is nothing to do. No secret is ever shown.
func TestLiveSources(t *testing.T) {
	t.Parallel()
	const password = "canary-redis-password"
	port := metricstest.Port(t)
	queue := metricstest.RedisAt(t, port, "--requirepass", password)
	postgres, maria := metricstest.Postgres(t), metricstest.MariaDB(t)
	fill(t, postgres)
	room := prometheus.NewGauge(prometheus.GaugeOpts{Name: "room_temperature"})
	room.Set(21.5)
	registry := prometheus.NewRegistry()
	registry.MustRegister(room)
	page := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	t.Cleanup(page.Close)
	broker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer canary-broker-token" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `{"queues": [{"name": "mail", "depth": 7}, {"name": "sms", "depth": 0}]}`)
	}))
	t.Cleanup(broker.Close)

	prometheus := metricstest.Prometheus(t, strings.TrimPrefix(page.URL, "http://"))
	policy := strings.NewReplacer("$REDIS", metricstest.Address(port), "$PROMETHEUS", prometheus, "$BROKER", broker.URL).Replace(sourcesPolicy)
	s := simulated(t, policy)
	s.env = append(s.env, "CACHE_PASSWORD="+password, "MARIA_DSN="+maria, "BROKER_TOKEN=canary-broker-token")
	s.write("dsn", postgres+"\n")

	client := redis.NewClient(&redis.Options{Addr: metricstest.Address(port), Password: password})
	t.Cleanup(func() { client.Close() })
	if err := client.LPush(t.Context(), "jobs", slices.Repeat([]any{"job"}, 40)...).Err(); err != nil {
		t.Fatal(err)
	}
	d := s.run()
	shown := bytes.Buffer{}
	for name, want := range map[string]float64{"waiting": 40, "orders": 3, "answer": 42, "temperature": 21.5, "depth": 7} {
		s.reads(&shown, name, func(r engine.Reading) bool { return r.Status == engine.OK && *r.Value == want })
	}
	s.until("it scaled up by the queue", func() bool {
		return strings.Contains(d.log(), "action=scale_up from=1 to=2 reason=ScaleUpCrossed message=\"waiting is 40, above scaleUp 10\"")
	})
	s.until("it is at its maximum", func() bool { return strings.Contains(d.log(), "action=scale_up result=succeeded from=2 to=3") })
	s.reads(&shown, "each", func(r engine.Reading) bool { return r.Status == engine.OK && *r.Value == 40./3 })

	queue.Kill()
	s.reads(&shown, "waiting", func(r engine.Reading) bool {
		return r.Status == engine.Missing && strings.Contains(r.Detail, "connection refused")
	})
	if d.said("level=WARN", "metrics can't be read", `metric waiting, query \"LLEN jobs\": `) != 1 {
		t.Error("that the queue is gone was not said once, with its metric and query")
	}
	s.until("it holds without the queue", func() bool { return strings.Contains(d.log(), "reason=MetricMissing") })
	metricstest.RedisAt(t, port, "--requirepass", password) // which is empty
	s.reads(&shown, "waiting", func(r engine.Reading) bool { return r.Status == engine.OK && *r.Value == 0 })
	s.until("it scaled down by the queue", func() bool {
		return strings.Contains(d.log(), "reason=ScaleDownCrossed message=\"waiting is 0, below scaleDown 2\"")
	})
	if at := strings.Index(d.log(), "action=scale_down"); at < strings.Index(d.log(), "reason=MetricMissing") {
		t.Error("it scaled down before the queue was back")
	}

	for _, args := range [][]string{{"metrics", "web", "waiting", "-o", "csv"}, {"doctor"}, {"status", "-o", "json"}, {"history", "-o", "json"}, {"validate", "policies.cue"}} {
		out, err := s.command(args...).CombinedOutput()
		if err != nil {
			t.Errorf("flyball %v: %v\n%s", args, err, out)
		}
		shown.Write(out)
		if args[0] == "metrics" && strings.Count(string(out), ",40\n") < 3 {
			t.Errorf("the history of the queue is\n%s", out)
		}
	}
	d.end(syscall.SIGTERM)
	shown.WriteString(d.log())
	files, _ := filepath.Glob(filepath.Join(s.dir, ".flyball", "*"))
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err == nil {
			shown.Write(text)
		}
	}
	for _, secret := range []string{password, metricstest.DatabasePassword, "canary-broker-token"} {
		if bytes.Contains(shown.Bytes(), []byte(secret)) {
			t.Errorf("%q is shown", secret)
		}
	}
}

// fill makes a table of three orders.
func fill(t *testing.T, dsn string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE orders AS SELECT generate_series(1, 3) AS id"); err != nil {
		t.Fatal(err)
	}
}

// reads waits until the daemon reads a metric so.
func (s *site) reads(shown *bytes.Buffer, metric string, wanted func(engine.Reading) bool) {
	s.Helper()
	newest := "no daemon answers"
	for deadline := time.Now().Add(longest); time.Now().Before(deadline); <-time.After(100 * time.Millisecond) {
		client, err := api.Dial(filepath.Join(s.dir, ".flyball", "flyball.sock"))
		if err != nil {
			continue
		}
		all, err := client.Metrics(s.Context(), "web")
		newest = fmt.Sprintf("%+v, %v", all, err)
		for _, m := range all {
			if m.Metric == metric && wanted(m.Reading) {
				shown.WriteString(newest)
				return
			}
		}
	}
	s.Fatalf("%s does not read as wanted in time: %s", metric, newest)
}
