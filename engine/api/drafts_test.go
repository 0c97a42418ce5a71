package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/diff"
)

func (p *paper) Source(_ context.Context, name string) (Source, error) {
	if name != "web" {
		return Source{}, Refusal{Status: http.StatusNotFound, Detail: "there is no policy " + name + "; there is web"}
	}
	return Source{
		Policy: "web", Kind: FromFile, Path: "policies/web.cue", Line: 2, Language: "cue", Text: "policies: web: {\n\tservice: \"web\"\n\tmaxReplica: 5\n}\n",
		Revision: "r1", ETag: `"v1"`, Problems: []Flaw{FlawOf(engine.Problem{Line: 3, Column: 2, Path: "maxReplica", Message: "maxReplica is unknown"})},
		Rules: []Text{{Name: "policies/own.rego", Text: "package own\n", Problems: []Flaw{}}},
	}, p.fail
}

func (p *paper) CheckPolicy(_ context.Context, name string, body []byte) ([]engine.Problem, error) {
	p.put = putAsk{name: name, body: string(body)}
	return []engine.Problem{
		{Line: 1, Column: 17, Path: "maxReplicas", Message: "maxReplicas is 0; allowed: a whole number from 1"},
		{Line: 1, Column: 1, Warning: true, Rule: "flap-hazard", Message: "it flaps"},
	}, p.fail
}

func (p *paper) Revisions(_ context.Context, _ string, limit int) ([]Revised, error) {
	p.limit = limit
	at := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	return []Revised{{ID: "r1", At: at, Commit: "c0ffee", Current: true}, {ID: "r0", At: at.Add(-time.Hour)}}, p.fail
}

func (p *paper) Between(_ context.Context, _, from, to string) (*diff.Policy, error) {
	if from == to {
		return nil, p.fail
	}
	return &diff.Policy{
		Name: "web", Kind: diff.Changed, Service: "web", Means: "acts on service web", File: "policies/web.cue:2",
		Changes: []diff.Change{{Field: "maxReplicas", Old: 5, New: 9, Means: "4 replicas more"}},
	}, p.fail
}

func (p *paper) Try(_ context.Context, name string, t Trial) (Tried, error) {
	p.trial = t
	if name != "web" {
		return Tried{}, Invalid{Refusal{Status: http.StatusBadRequest, Detail: "the policy has an error, and was not tried"},
			[]engine.Problem{{Path: "policy.service", Line: 1, Column: 1, Message: "service is missing"}}}
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	figures := Figures{ViolationSeconds: 12, ReplicaHours: 4.5, MeanReplicas: 3, MostReplicas: 5, Decisions: 90}
	return Tried{
		Trace: Recorded{Metric: "rate", From: at, To: at.Add(90 * time.Minute), Rows: 90, Unit: "rpm", Capacity: 600, Delay: 30},
		Step:  2700, Need: []int{3, 5}, Old: &Outcome{Figures: figures, Replicas: []int{3, 4}, Low: []int{2, 3}},
		New: Outcome{Figures: figures, Replicas: []int{3, 5}, Low: []int{2, 3}},
		Decisions: &Disagreed{
			Total: 90, Differ: 2, Replicas: 2, Stretches: 1,
			Groups: []diff.Group{{Old: diff.Answer{Action: engine.Hold, Reason: "MaxReplicas"}, New: diff.Answer{Action: engine.ScaleUp, Reason: "ThresholdExceeded"}, Count: 2, Stretches: 1}},
			First: []Apart{{From: at, To: at.Add(time.Minute), Count: 2, Old: Decided{engine.Hold, "MaxReplicas", 4, 4, "as many as allowed"},
				New: Decided{engine.ScaleUp, "ThresholdExceeded", 4, 5, "rate is 2400"}}},
		},
		Notes: []string{"memory is 50 all the while"},
	}, p.fail
}

// The text of a policy arrives as it was sent, so that what is wrong in it is at its place.
func TestADraftArrivesAsItWasSent(t *testing.T) {
	const text = "{\n\t\"name\": \"web\",\n\n  \"maxReplicas\": 1e0 }"
	p := &paper{}
	post := func(path, body string) int {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", root+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		local(p).ServeHTTP(w, r)
		return w.Code
	}
	if status := post("policies/check", `{"name": "web", "policy": `+text+"\n}"); status != http.StatusOK || p.put.body != text || p.put.name != "web" {
		t.Errorf("%d, checked %+v", status, p.put)
	}
	status := post("policies/web/try", `{"last": "90m", "metric": "rate", "constants": {"memory": 1.5}, "policy": `+text+"}")
	want := Trial{Policy: []byte(text), Last: 90 * time.Minute, Metric: "rate", Constants: map[string]float64{"memory": 1.5}}
	if status != http.StatusOK || !reflect.DeepEqual(p.trial, want) {
		t.Errorf("%d, tried %+v", status, p.trial)
	}
	if post("policies/web/try", `{"policy": {}}`); p.trial.Last != 24*time.Hour {
		t.Errorf("the usual trial is of %s", p.trial.Last)
	}
	for _, last := range []string{"0s", "31d", "-1h", "day", "721h"} {
		if status := post("policies/web/try", `{"policy": {}, "last": "`+last+`"}`); status != http.StatusBadRequest {
			t.Errorf("last %s: %d", last, status)
		}
	}
	for capacity, want := range map[string]int{"-1": 400, "1e-300": 400, "0": 200, "0.01": 200, "1e10": 400} {
		if status := post("policies/web/try", `{"policy": {}, "capacity": `+capacity+`}`); status != want {
			t.Errorf("capacity %s: %d, want %d", capacity, status, want)
		}
	}
}
