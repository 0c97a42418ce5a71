package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/store"
)

// scraped is what a scrape answers.
type scraped model.Vector

func scrapeOf(t testing.TB, a *App) scraped {
	t.Helper()
	w := httptest.NewRecorder()
	a.front(nil).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	decoder := expfmt.SampleDecoder{Dec: expfmt.NewDecoder(w.Body, expfmt.ResponseFormat(w.Header())), Opts: &expfmt.DecodeOptions{}}
	var all scraped
	for {
		var some model.Vector
		err := decoder.Decode(&some)
		if all = append(all, some...); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// sum adds up the series of a metric that have the labels, given as name=value, and says how many those are.
func (s scraped) sum(name string, labels ...string) (sum float64, series int) {
	for _, one := range s {
		has := string(one.Metric[model.MetricNameLabel]) == "flyball_"+name
		for _, l := range labels {
			label, value, _ := strings.Cut(l, "=")
			has = has && string(one.Metric[model.LabelName(label)]) == value
		}
		if has {
			series++
			sum += float64(one.Value)
		}
	}
	return sum, series
}

// is holds the sum of some series to a value.
func (s scraped) is(t *testing.T, want float64, name string, labels ...string) {
	t.Helper()
	if got, series := s.sum(name, labels...); got != want || series == 0 {
		t.Errorf("flyball_%s %v is %v in %d series, want %v", name, labels, got, series, want)
	}
}

// loops runs the loop of a daemon for as long as the bubble lasts.
func loops(t *testing.T, a *App) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { a.loop.Run(ctx, a.sets); close(ended) }()
	t.Cleanup(func() { stop(); <-ended })
	a.send(ctx)
}

// What a daemon tells Prometheus while it scales up is what it tells those who ask for its status and its history.
func TestMetricsAgreeWithTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, log := place(t)
		o.Enabled = true
		say(t, o, strings.Replace(web, "maxReplicas: 4", `maxReplicas: 4, evaluationInterval: "10s", cooldownPeriod: "30s"`, 1))
		a := begin(t, o)
		a.loop.Now = func() control.Moment { return control.Moment{At: time.Now().UTC()} } // the machine's uptime is not the bubble's
		a.loop.Cycle.Boot = nil
		loops(t, a)
		own := []string{"policy=web", "service=web", "mode=live"}
		var s scraped
		var p api.PolicyStatus
		for range 125 { // after which it has gone to 3, back to 2, and to 3 again
			time.Sleep(time.Second)
			synctest.Wait()
			status, err := a.Status(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			s, p = scrapeOf(t, a), status.Policies[0]
			s.is(t, float64(p.CurrentReplicas), "replicas", own...)
			s.is(t, float64(p.ReadyReplicas), "replicas_ready", own...)
		}
		if p.CurrentReplicas != 3 {
			t.Fatalf("it has %d replicas: nothing to compare\n%s", p.CurrentReplicas, log)
		}
		s.is(t, float64(p.MinReplicas), "replicas_min", own...)
		s.is(t, float64(p.MaxReplicas), "replicas_max", own...)
		s.is(t, float64(p.CurrentReplicas), "budget_replicas")
		s.is(t, 20, "budget_replicas_limit")
		s.is(t, 10, "evaluation_interval_seconds", own...)
		s.is(t, 1, "autoscaling_enabled")
		s.is(t, 0, "change_under_way", own...)
		s.is(t, 1, "policies", "enabled=true", "mode=live")
		metrics, err := a.Metrics(t.Context(), "web")
		if err != nil || len(metrics) != 1 {
			t.Fatal(metrics, err)
		}
		s.is(t, 1, "metric_status", append(own, "metric=cpu_usage")...) // one status of all
		s.is(t, 1, "metric_status", append(own, "metric=cpu_usage", "status="+string(metrics[0].Reading.Status))...)
		s.is(t, metrics[0].Reading.AgeSeconds, "metric_age_seconds", append(own, "metric=cpu_usage")...)
		if evaluated, _ := s.sum("last_evaluation_timestamp_seconds", own...); time.Duration(evaluated*float64(time.Second))-time.Duration(p.LastEvaluation.UnixNano()) > time.Second {
			t.Errorf("evaluated at %v, status says %s", evaluated, p.LastEvaluation)
		}

		rows, err := a.Rows(t.Context(), time.Time{}, a.loop.Now().At.Add(time.Second), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		decided, all := map[string]int{}, 0
		for _, r := range rows {
			decided["action="+string(r.Record.Decision.Action)+" reason="+r.Record.Decision.Reason] += r.Count
			all += r.Count
		}
		for labels, n := range decided {
			s.is(t, float64(n), "decisions_total", append(own, strings.Fields(labels)...)...)
		}
		s.is(t, float64(all), "decisions_total")
		s.is(t, float64(all), "evaluation_duration_seconds_count")
		s.is(t, 0, "evaluation_errors_total", own...)

		events, err := a.History(t.Context(), "web", 1000)
		if err != nil {
			t.Fatal(err)
		}
		ended := map[string]int{}
		for _, e := range events {
			ended[fmt.Sprintf("action=%s result=%s", e.Action, e.Result)]++
		}
		if len(ended) < 2 {
			t.Errorf("history has only %v", ended)
		}
		for labels, n := range ended {
			s.is(t, float64(n), "events_total", append(own, strings.Fields(labels)...)...)
			s.is(t, float64(n), "scale_duration_seconds_count", append(strings.Fields(labels), "driver=sim")...)
		}
		s.is(t, float64(len(events)), "events_total")
	})
}

// hung is a store that answers nothing, whatever the deadline, while it is stuck.
type hung struct {
	store.Store
	stuck chan struct{}
	looks atomic.Int64
}

func (h *hung) Switch(ctx context.Context) (store.Switch, bool, error) {
	h.looks.Add(1)
	<-h.stuck
	return h.Store.Switch(ctx)
}

// A store that hangs keeps nobody waiting who asks how the daemon is, is asked once, and is told of.
func TestAStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, _ := place(t)
		o.Enabled = true
		a := begin(t, o)
		h := &hung{Store: a.store, stuck: make(chan struct{})}
		a.store = h
		a.loop.Cycle.Ledger = ledger{h, true, false, a.storeFailed, &a.states} // which reads the switch at each decision
		loops(t, a)
		time.Sleep(10 * time.Second)
		looked := h.looks.Load()
		for range 20 {
			began := time.Now()
			s := scrapeOf(t, a)
			if took := time.Since(began); took > lookWait {
				t.Fatalf("a scrape took %s", took)
			}
			s.is(t, 0, "store_up")
		}
		if n := h.looks.Load() - looked; n != 1 {
			t.Errorf("it was asked %d times", n)
		}
		began := time.Now()
		ready := a.Ready(t.Context())
		if took := time.Since(began); ready.OK || took > lookWait || !strings.Contains(fmt.Sprint(ready), "the store has not answered for ") {
			t.Errorf("after %s: %+v", took, ready)
		}
		time.Sleep(time.Hour)
		if health := a.Health(t.Context()); health.OK || !strings.Contains(health.Checks[0].Detail, "no evaluation of web for 1h") {
			t.Errorf("%+v", health)
		}
		close(h.stuck)
		synctest.Wait()
		time.Sleep(fresh + time.Second)
		scrapeOf(t, a).is(t, 1, "store_up")
		if ready, health := a.Ready(t.Context()), a.Health(t.Context()); !ready.OK || !health.OK {
			t.Errorf("%+v %+v", ready, health)
		}
		time.Sleep(time.Second)
	})
}

// failing is a store that can't be reached.
type failing struct{ store.Store }

func (failing) Switch(context.Context) (store.Switch, bool, error) {
	return store.Switch{}, false, store.ErrUnavailable
}

func TestAStoreThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, _ := place(t)
		a := begin(t, o)
		f := failing{a.store}
		a.store, a.loop.Cycle.Ledger = f, ledger{f, true, false, a.storeFailed, &a.states}
		loops(t, a)
		time.Sleep(time.Hour)
		if ready, health := a.Ready(t.Context()), a.Health(t.Context()); ready.OK || !health.OK {
			t.Errorf("it turns, and is not ready; got %+v %+v", health, ready)
		}
		a.storeFailed("record", fmt.Errorf("record: %w", store.ErrFenced)) // another daemon leads
		a.storeFailed("record", context.Canceled)                          // nobody waits for it any more
		s := scrapeOf(t, a)
		s.is(t, 0, "store_errors_total", "operation=record")
		s.is(t, 1, "store_errors_total", "operation=look")
		for _, name := range []string{"store_errors_total", "evaluation_errors_total"} {
			if n, _ := s.sum(name); n < 30 {
				t.Errorf("%s is %v", name, n)
			}
		}
	})
}

// Policies that a reload takes away take their series along.
func TestAReloadChangesWhatIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, _ := place(t)
		a := begin(t, o)
		loops(t, a)
		time.Sleep(2 * time.Minute)
		scrapeOf(t, a).is(t, 1, "replicas", "policy=web")
		say(t, o, "policies: web: {service")
		a.reload(t.Context())
		s := scrapeOf(t, a)
		s.is(t, 0, "last_reload_successful")
		s.is(t, 1, "replicas", "policy=web")
		say(t, o, strings.NewReplacer("web:", "api:", `"web"`, `"api"`).Replace(web))
		a.reload(t.Context())
		time.Sleep(2 * time.Minute)
		s = scrapeOf(t, a)
		s.is(t, 1, "last_reload_successful")
		s.is(t, 1, "reloads_total", "result=failure")
		s.is(t, 1, "reloads_total", "result=success")
		s.is(t, 1, "replicas", "policy=api")
		for _, one := range s {
			if one.Metric["policy"] == "web" || one.Metric["service"] == "web" {
				t.Errorf("%s is still told", one.Metric)
			}
		}
		if n := len(a.allTurns()); n != 1 {
			t.Errorf("%d policies have turns", n)
		}
	})
}

// BenchmarkScrape is one scrape of 300 policies with three metrics each.
func BenchmarkScrape(b *testing.B) {
	o, _ := place(b)
	var text strings.Builder
	for n := range 300 {
		fmt.Fprintf(&text, `policies: p%d: {
	service: "s%d", enabled: true, target: driver: "sim", minReplicas: 1, maxReplicas: 4
	metrics: [{name: "cpu", type: "cpu", source: "system"}, {name: "mem", type: "memory", source: "system"}, {name: "net", type: "custom", source: "custom", scope: "perReplica", expr: "cpu + mem"}]
	thresholds: [{metric: "cpu", scaleUp: 70, scaleDown: 25}]
}
`, n, n)
	}
	say(b, o, text.String())
	a, err := New(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = a.Close() })
	var subjects []string
	reading := engine.Reads(42)
	reading.Samples = 3
	for _, p := range a.everything() {
		subjects = append(subjects, p.Subject())
		a.decided(p, engine.Record{
			At: time.Now(), Policy: p.Name, Service: p.Service, Decision: engine.Decision{Action: engine.Hold, Reason: "AtMinimum"},
			Snapshot: engine.Snapshot{Metrics: map[string]engine.Reading{"cpu": reading, "mem": reading, "net": reading}},
		})
	}
	a.taken(subjects)
	front := a.front(nil)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		front.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
		b.ReportMetric(float64(w.Body.Len()), "bytes")
	}
}
