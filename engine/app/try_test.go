package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/backtest"
)

const requested = `config: sources: app: type: "push"
policies: web: {
	service: "web", enabled: true, target: driver: "sim", minReplicas: 1, maxReplicas: 3, cooldownPeriod: "1m", evaluationInterval: "30s"
	metrics: [{name: "cpu_usage", type: "cpu", source: "system"}, {name: "rate", type: "request_rate", source: "app"}, {name: "queue", type: "queue_length", source: "app"}]
	thresholds: [{metric: "cpu_usage", scaleUp: 70, scaleDown: 25}, {metric: "rate", scaleUp: 9000, scaleDown: 9}, {metric: "queue", scaleUp: 90, scaleDown: 9}]
}
policies: off: {
	service: "off", target: driver: "sim", minReplicas: 1, maxReplicas: 3
	metrics: [{name: "cpu_usage", type: "cpu", source: "system"}]
	thresholds: [{metric: "cpu_usage", scaleUp: 70, scaleDown: 25}]
}
`

// draft is a policy as it is sent, which may have as many replicas, with more fields.
func draft(name, service string, most int, more string) []byte {
	return fmt.Appendf(nil, `{"name": %q, "service": %q, "target": {"driver": "sim"}, "minReplicas": 1, "maxReplicas": %d,
 "evaluationInterval": "30s", "cooldownPeriod": "1m", "metrics": [{"name": "cpu_usage", "type": "cpu", "source": "system"}],
 "thresholds": [{"metric": "cpu_usage", "scaleUp": 70, "scaleDown": 25}]%s}`, name, service, most, more)
}

// trials is a daemon whose service web has had requests for two hours, which two replicas took: one can do 600 a minute.
func trials(t *testing.T) *App {
	t.Helper()
	o, _ := place(t)
	say(t, o, requested)
	a := begin(t, o)
	p := a.atWork()[0]
	now := a.loop.Now().At
	series := func(metric, replica string, value func(i int) float64) engine.Series {
		m, _ := p.Metric(metric)
		s := engine.Series{Subject: p.Subject(), Metric: metric, Signal: m.Signal(), Replica: replica}
		for i := range 720 {
			s.Points = append(s.Points, engine.Point{At: now.Add(-2*time.Hour + time.Duration(i)*10*time.Second), Value: value(i)})
		}
		return s
	}
	asked := func(i int) float64 {
		if i/180%2 == 1 { // every other half an hour
			return 3000
		}
		return 300
	}
	used := func(i int) float64 { return min(100, asked(i)/2/600*100) }
	a.store.Keep([]engine.Series{series("rate", "", asked), series("cpu_usage", "one", used), series("cpu_usage", "two", used)})
	if err := a.store.Flush(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	return a
}

// What is at work is too small for the load; the draft is not, and both are told of beside what was needed.
func TestTryADraft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := trials(t)
		tried, err := a.Try(t.Context(), "web", api.Trial{Policy: draft("web", "web", 8, ""), Last: 2 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		trace, now := tried.Trace, a.loop.Now().At
		if trace.Metric != "rate" || trace.Unit != "rpm" || trace.Capacity != 600 || trace.Delay != 30 || trace.Rows != 120 || trace.From.Before(now.Add(-2*time.Hour)) || trace.To.After(now) {
			t.Errorf("%+v", trace)
		}
		if points := len(tried.Need); points > 500 || points < 250 || points != len(tried.New.Replicas) || points != len(tried.New.Low) || points != len(tried.Old.Replicas) || tried.Step*points < 7200 || tried.Step*(points-1) >= 7200 {
			t.Errorf("%d points of %d s", points, tried.Step)
		}
		if slices.Max(tried.Need) != 5 || slices.Max(tried.Old.Replicas) != 3 || slices.Max(tried.New.Replicas) < 5 || slices.Min(tried.New.Low) != 1 {
			t.Errorf("needed %v, old %v, new %v", tried.Need, tried.Old.Replicas, tried.New.Replicas)
		}
		if old, fresh := tried.Old.Figures, tried.New.Figures; old.ViolationSeconds <= fresh.ViolationSeconds || old.MostReplicas != 3 || fresh.Decisions == 0 {
			t.Errorf("old %+v, new %+v", old, fresh)
		}
		if d := tried.Decisions; d == nil || d.Total != tried.Old.Figures.Decisions || d.Replicas == 0 || len(d.First) == 0 || len(d.Groups) == 0 ||
			!slices.ContainsFunc(d.First, func(s api.Apart) bool { return s.Old.To == 3 && s.New.To == 4 }) {
			t.Errorf("%+v", d)
		}
		want := []string{"one replica is taken to do 600 requests a minute, the median of rate for the cpu_usage that it took; capacity says otherwise"}
		if !slices.Equal(tried.Notes, want) {
			t.Errorf("notes are %q", tried.Notes)
		}
	})
}

func TestTryTakesItsWorldFromTheTrial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := trials(t)
		memory := strings.NewReplacer(`"metrics": [`, `"metrics": [{"name": "memory", "type": "memory", "source": "system"}, `, `"thresholds": [`, `"thresholds": [{"metric": "memory", "scaleUp": 80, "scaleDown": 20}, `)
		for _, tt := range []struct {
			name, of string
			trial    api.Trial
			metric   string
			unit     string
			capacity float64
			old      bool
			notes    string
		}{
			{"a capacity", "web", api.Trial{Capacity: 1000}, "rate", "rpm", 1000, true, ""},
			{"another load", "web", api.Trial{Metric: "cpu_usage"}, "cpu_usage", "percent", 600, true,
				"the load is the CPU that was used, and for 50 % of the time that was 90 % or more of all replicas: more may have been asked for then"},
			{"a new policy", "shop", api.Trial{Policy: draft("shop", "web", 8, `, "mode": "shadow"`)}, "rate", "rpm", 600, false, "median of rate"},
			{"a day", "web", api.Trial{Last: 24 * time.Hour}, "rate", "rpm", 600, true, "of the last 24h no more than 2h are on record of rate"},
			{"what the model does not have", "web", api.Trial{Policy: []byte(memory.Replace(string(draft("web", "web", 8, ""))))}, "rate", "rpm", 600, true,
				"memory is left out: the model has no memory; constants can give memory a value"},
			{"a constant", "web", api.Trial{Policy: []byte(memory.Replace(string(draft("web", "web", 8, "")))), Constants: map[string]float64{"memory": 50}}, "rate", "rpm", 600, true, ""},
		} {
			if tt.trial.Policy == nil {
				tt.trial.Policy = draft("web", "web", 8, "")
			}
			if tt.trial.Last == 0 {
				tt.trial.Last = time.Hour
			}
			tried, err := a.Try(t.Context(), tt.of, tt.trial)
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
				continue
			}
			if tried.Trace.Metric != tt.metric || tried.Trace.Unit != tt.unit || tried.Trace.Capacity != tt.capacity || (tried.Old != nil) != tt.old || (tried.Decisions != nil) != tt.old {
				t.Errorf("%s: %+v, old %v", tt.name, tried.Trace, tried.Old)
			}
			if notes := strings.Join(tried.Notes, "\n"); !strings.Contains(notes, tt.notes) || strings.Contains(notes, "--metric") || strings.Contains(notes, "left out") != strings.Contains(tt.notes, "left out") {
				t.Errorf("%s: notes are %q, want %q", tt.name, notes, tt.notes)
			}
		}
	})
}

func TestTryRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := trials(t)
		ok := draft("web", "web", 8, "")
		for _, tt := range []struct {
			name, of string
			trial    api.Trial
			status   int
			location string
			says     string
		}{
			{"a mistake", "web", api.Trial{Policy: draft("web", "web", 0, "")}, 400, "body.policy.maxReplicas", "the policy has an error, and was not tried"},
			{"another name", "shop", api.Trial{Policy: ok}, 400, "body.policy.name", "the policy has an error, and was not tried"},
			{"nothing", "web", api.Trial{}, 400, "", "the body is empty"},
			{"another metric", "web", api.Trial{Policy: ok, Metric: "rat"}, 400, "body.metric", `no metric "rat" of service web is recorded; there is cpu_usage, rate, queue`},
			{"a constant of no metric", "web", api.Trial{Policy: ok, Constants: map[string]float64{"memory": 1}}, 400, "body.constants", `no policy has a metric "memory" to be constant; there is cpu_usage, queue, rate`},
			{"a metric that was not read", "web", api.Trial{Policy: ok, Metric: "queue"}, 409, "", "there is no load to try a policy on: too little is kept of queue of web in the last 1h"},
			{"too short", "web", api.Trial{Policy: ok, Last: 40 * time.Second}, 409, "", "of 40s are on record of rate, and the least is 1m"},
			{"a service of which nothing is read", "shop", api.Trial{Policy: draft("shop", "shop", 8, "")}, 409, "", "no policy at work of service shop reads its requests"},
			{"a service that nothing is on record of", "off", api.Trial{Policy: draft("off", "off", 8, "")}, 409, "", "too little is kept of cpu_usage of off in the last 1h"},
			{"nothing left to decide with", "web", api.Trial{Policy: []byte(strings.NewReplacer(`"cpu_usage", "type": "cpu"`, `"memory", "type": "memory"`, "cpu_usage", "memory").Replace(string(ok)))}, 409, "",
				"the policy can't be tried: web: policy web has nothing left to decide with: memory is left out: the model has no memory; constants can give memory a value"},
		} {
			if tt.trial.Last == 0 {
				tt.trial.Last = time.Hour
			}
			_, err := a.Try(t.Context(), tt.of, tt.trial)
			refused, wrong := api.Refusal{}, api.Invalid{}
			location := ""
			if errors.As(err, &wrong) {
				location = "body." + wrong.Problems[0].Path
			}
			if errors.As(err, &refused); len(refused.Faults) > 0 {
				location = refused.Faults[0].Location
			}
			if refused.Status != tt.status || !strings.Contains(refused.Detail, tt.says) || location != tt.location {
				t.Errorf("%s: %d at %q, %v; want %d at %q, %s", tt.name, refused.Status, location, err, tt.status, tt.location, tt.says)
			}
		}
		a.trying <- struct{}{}
		refused := api.Refusal{}
		if _, err := a.Try(t.Context(), "web", api.Trial{Policy: ok, Last: time.Hour}); !errors.As(err, &refused) || refused.Status != http.StatusTooManyRequests || refused.Wait == 0 {
			t.Errorf("beside another one: %v", err)
		}
		<-a.trying
		if err := a.reader.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Try(t.Context(), "web", api.Trial{Policy: ok, Last: time.Hour}); !errors.As(err, &refused) || refused.Status != http.StatusServiceUnavailable || refused.Detail != "the trial took longer than 20s; try it on less than 1h" {
			t.Errorf("without an end: %v", err)
		}
		a.reader.leave()
		gone, leave := context.WithCancel(t.Context())
		leave()
		if _, err := a.Try(gone, "web", api.Trial{Policy: ok, Last: time.Hour}); !errors.Is(err, context.Canceled) {
			t.Errorf("of one who has gone: %v", err)
		}
	})
}

func TestCapacityOfAReplica(t *testing.T) {
	at := func(i int) time.Time { return time.Unix(int64(5*i), 0) }
	make := func(n int, sum func(i int) float64) map[time.Time]total {
		all := map[time.Time]total{}
		for i := range n {
			all[at(i)] = total{sum(i), 2}
		}
		return all
	}
	asked := func(i int) float64 { return 100 + float64(i)*200 }
	for _, tt := range []struct {
		name string
		cpu  map[time.Time]total
		want float64
	}{
		{"two replicas", make(20, func(i int) float64 { return min(200, asked(i)/600*100) }), 600},
		{"a little noise", make(20, func(i int) float64 { return min(200, asked(i)/600*100+float64(i%3)) }), 596},
		{"always at the end", make(20, func(int) float64 { return 200 }), 0},
		{"idle", make(20, func(int) float64 { return 0 }), 0},
		{"at other times", map[time.Time]total{at(1): {50, 2}, at(2): {50, 2}, at(999): {50, 2}}, 0},
		{"nothing", nil, 0},
	} {
		if got := capacityOf(make(20, asked), tt.cpu); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// The answers to drafts are those that the document declares, to the last field.
func TestAnswersToDraftsAreThoseOfTheDocument(t *testing.T) {
	a := trials(t)
	front := a.front(nil)
	ask := func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		front.ServeHTTP(w, r)
		return w.Result(), nil
	}
	document := httptest.NewRecorder()
	front.ServeHTTP(document, httptest.NewRequest("GET", "/api/openapi.json", nil))
	c := contractOf(t, document.Body.Bytes(), ask)
	body := func(more string) string {
		return fmt.Sprintf(`{"policy": %s%s}`, draft("web", "web", 8, ""), more)
	}
	for _, tt := range []struct{ method, path, of, body string }{
		{"GET", "policies/{name}/source", "policies/web/source", ""},
		{"POST", "policies/check", "policies/check", body("")},
		{"POST", "policies/check", "policies/check", `{"policy": {}}`},
		{"GET", "policies/{name}/revisions", "policies/web/revisions", ""},
		{"GET", "policies/{name}/diff", "policies/web/diff?from=" + a.atWork()[0].Revision + "&to=" + a.atWork()[0].Revision, ""},
		{"POST", "policies/{name}/try", "policies/web/try", body(`, "last": "1h"`)},
	} {
		const root = "/api/autoscaling/"
		req, err := http.NewRequestWithContext(t.Context(), tt.method, "http://flyball"+root+tt.of, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := c.ask(req)
		if err != nil {
			t.Fatal(err)
		}
		op := c.document["paths"].(map[string]any)[root+tt.path].(map[string]any)[strings.ToLower(tt.method)].(map[string]any)
		c.hold(t, tt.method, root+tt.path, op, req, []byte(tt.body), res)
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s %s: %s", tt.method, tt.of, res.Status)
		}
	}
}

func TestNotesOfALoad(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		rows []int // seconds of each
		now  time.Duration
		want []string
	}{
		{"an hour", []int{600, 600, 600, 600, 600, 600}, time.Hour, nil},
		{"half of it", []int{600, 600, 600}, 30 * time.Minute, []string{"of the last 1h no more than 30m are on record of rate"}},
		{"long ago", []int{1, 3599}, 90 * time.Minute, []string{"nothing is on record of the last 30m"}},
		{"gaps", []int{300, 1200, 300, 900, 900}, time.Hour, []string{"for 35m in all nothing is on record, first from 2026-03-01T12:05:00Z on: the load is taken to have stayed as it was"}},
	} {
		d := demand{metric: engine.Metric{Name: "rate"}, trace: backtest.Trace{Start: start}}
		for _, seconds := range tt.rows {
			d.trace.Rows = append(d.trace.Rows, backtest.Row{Seconds: seconds})
		}
		if d.noteLength(time.Hour, start.Add(tt.now)); !slices.Equal(d.notes, tt.want) {
			t.Errorf("%s: %q", tt.name, d.notes)
		}
	}
}
