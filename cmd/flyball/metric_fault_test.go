package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
)

// metricFault is what a Prometheus answers once it has answered 500 for long enough, which scales the service up to its maximum.
type metricFault struct {
	name   string
	answer func(w http.ResponseWriter, r *http.Request)
	status engine.Status
	detail string // of the reading
}

func vector(value string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { respond(w, series(value)) }
}

func series(value string) string {
	return fmt.Sprintf(`{"metric": {"job": "a"}, "value": [%d, %s]}`, time.Now().Unix(), strconv.Quote(value))
}

func respond(w http.ResponseWriter, result ...string) {
	fmt.Fprintf(w, `{"status": "success", "data": {"resultType": "vector", "result": [%s]}}`, strings.Join(result, ","))
}

// drips sends a byte now and then, for ever.
func drips(w http.ResponseWriter, r *http.Request) {
	for ; r.Context().Err() == nil; <-time.After(100 * time.Millisecond) {
		fmt.Fprint(w, " ")
		w.(http.Flusher).Flush()
	}
}

var metricFaults = []metricFault{
	{"fault19_NaN", vector("NaN"), engine.Missing, "NaN"},
	{"fault19_Inf", vector("+Inf"), engine.Missing, "+Inf"},
	{"fault20_1e308", vector("1e308"), engine.Invalid, "not a finite number"}, // on average
	{"fault20_negative", vector("-1e300"), engine.OK, ""},
	{"fault21_1e100000", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"status": "success", "data": {"resultType": "scalar", "result": [1, "1e100000"]}}`)
	}, engine.Missing, "1e100000"},
	{"fault22_empty", func(w http.ResponseWriter, _ *http.Request) { respond(w) }, engine.Missing, "no series"},
	{"fault22_several", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, series("0"), strings.ReplaceAll(series("0"), `"a"`, `"b"`))
	}, engine.Missing, "2 series"},
	{"fault23_stale", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, engine.Stale, "no answer within 1s"},
	{"fault24_500", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "out of memory", http.StatusInternalServerError)
	}, engine.Missing, "500"},
	{"fault24_drips", drips, engine.Missing, "no answer within 1s"},
	{"fault24_huge", func(w http.ResponseWriter, _ *http.Request) {
		for range 3 << 10 {
			if _, err := fmt.Fprint(w, strings.Repeat(" ", 1<<10)); err != nil {
				return
			}
		}
	}, engine.Missing, "1 MB"},
	{"fault24_warnings", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"status": "success", "warnings": ["a shard is gone"], "data": {"resultType": "vector", "result": [%s]}}`, series("0"))
	}, engine.Missing, "a shard is gone"},
}

// The built daemon, when its Prometheus answers well and then no longer does: no service goes down on it. One that is told a
// number far below all bounds goes down one step at a time, to its minimum.
func TestMetricFaults(t *testing.T) {
	t.Parallel()
	var well atomic.Bool
	well.Store(true)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.FormValue("query")
		if well.Load() {
			respond(w, series("500"))
			return
		}
		at := slices.IndexFunc(metricFaults, func(f metricFault) bool { return f.name == query })
		metricFaults[at].answer(w, r)
	}))
	t.Cleanup(server.Close)

	policies := fmt.Sprintf("package shop\n\nconfig: sources: prometheus: {type: \"prometheus\", url: %q, timeout: \"1s\", atOnce: 64}\n", server.URL)
	for _, f := range metricFaults {
		stale := "2m"
		if f.status == engine.Stale {
			stale = "3s"
		}
		policies += fmt.Sprintf(`policies: %[1]s: {
	service: %[1]q
	target: driver: "sim"
	enabled: true
	minReplicas: 1
	maxReplicas: 3
	metrics: [{name: "load", type: "custom", source: "prometheus", query: %[1]q, window: "5s", staleAfter: %[2]q}]
	thresholds: [{metric: "load", scaleUp: 100, scaleDown: 10}]
	evaluationInterval: "1s"
	cooldownPeriod: "0s"
}
`, f.name, stale)
	}
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "flyball-live-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &site{TB: t, binary: program, dir: dir, env: []string{"MAX_TOTAL_REPLICAS=100", "AUTOSCALING_LOG_LEVEL=info"}}
	s.write("policies.cue", policies)
	d := s.run()

	for _, f := range metricFaults {
		s.until(f.name+" is raised", func() bool { return s.policy(f.name).CurrentReplicas == 3 })
	}
	well.Store(false)
	for _, f := range metricFaults {
		s.readsFault(f)
	}
	s.until("the one that is told -1e300 is at its minimum", func() bool {
		return d.said("msg=event", "service=fault20_negative", "to=1", "result=succeeded") > 0
	})
	client, err := api.Dial(filepath.Join(dir, ".flyball", "flyball.sock"))
	if err != nil {
		t.Fatal(err)
	}
	events, err := client.History(t.Context(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.To < 1 || e.To > 3 || e.To-e.From > 1 || e.From-e.To > 1 {
			t.Errorf("%s went from %d to %d", e.Service, e.From, e.To)
		}
		if e.To < e.From && e.Service != "fault20_negative" {
			t.Errorf("%s went down, on %v", e.Service, e.Reasons)
		}
	}
	d.end(syscall.SIGTERM)
}

// readsFault waits until the metric of a fault's service reads so.
func (s *site) readsFault(f metricFault) {
	s.Helper()
	newest := "no daemon answers"
	for deadline := time.Now().Add(longest); time.Now().Before(deadline); <-time.After(100 * time.Millisecond) {
		client, err := api.Dial(filepath.Join(s.dir, ".flyball", "flyball.sock"))
		if err != nil {
			continue
		}
		all, err := client.Metrics(s.Context(), f.name)
		newest = fmt.Sprintf("%+v, %v", all, err)
		if err != nil || len(all) != 1 {
			continue
		}
		r := all[0].Reading
		if r.Status == f.status && strings.Contains(r.Detail, f.detail) && (r.Value == nil || *r.Value < 0) {
			return
		}
	}
	s.Errorf("%s does not read %s with %q: %s", f.name, f.status, f.detail, newest)
}
