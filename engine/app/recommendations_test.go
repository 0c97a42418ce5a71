package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

func TestRecommended(t *testing.T) {
	record := func(policy string, action engine.Action, to int, priority engine.Priority, reasons ...engine.Reason) engine.Record {
		r := engine.Record{At: time.Unix(1, 0).UTC(), Policy: policy, Service: "of " + policy, Recommendation: engine.Recommendation{
			Action: action, Replicas: to, Confidence: 0.5, Priority: priority, Reasons: reasons,
		}}
		r.Snapshot.Service.Replicas.Current = 2
		return r
	}
	asked := record("asked", engine.ScaleUp, 3, engine.High)
	asked.Request = &engine.Request{Kind: engine.Scale, Replicas: 3}
	failed := record("failed", engine.Hold, 2, engine.Low, engine.Reason{Code: "RuleFailed", Message: "no\nanswer"})
	failed.Recommendation.Error = "no\nanswer"
	got := recommended([]engine.Record{
		record("calm", engine.Hold, 2, engine.Low, engine.Reason{Message: "cpu is 30"}),
		failed, asked, {},
		record("up", engine.ScaleUp, 4, engine.High, engine.Reason{Message: "cpu is 90"}, engine.Reason{Message: "cpu is 90"}, engine.Reason{Message: "queue is 9"}, engine.Reason{Code: "Late"}),
		record("mute", engine.ScaleDown, 1, engine.Low),
	})
	var said []string
	for _, r := range got {
		said = append(said, fmt.Sprintf("%s %s %s %d %d %g %s: %s", r.Policy, r.Service, r.Action, r.Current, r.Recommended, r.Confidence, r.Priority, r.Reason))
	}
	const want = `up of up scale_up 2 4 0.5 high: cpu is 90, queue is 9 and Late
mute of mute scale_down 2 1 0.5 low: The rules say no reason
calm of calm hold 2 2 0.5 low: cpu is 30
failed of failed hold 2 2 0.5 low: The rules gave no usable answer: no answer`
	if text := strings.Join(said, "\n"); text != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}
}

// The daemon and the store say the same.
func TestRecommendations(t *testing.T) {
	o, _ := place(t)
	a, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if none, err := a.Recommendations(t.Context()); err != nil || none == nil || len(none) != 0 {
		t.Errorf("before the first cycle: %+v, %v", none, err)
	}
	a.loop.Once(t.Context(), a.atWork(), 1)
	daemon, err := a.Recommendations(t.Context())
	if err != nil || len(daemon) != 1 || daemon[0].Policy != "web" || daemon[0].Service != "web" || daemon[0].Current != 1 || daemon[0].Reason == "" {
		t.Errorf("%+v, %v", daemon, err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	flyball, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if offline, err := flyball.(*Offline).Recommendations(t.Context()); err != nil || len(offline) != 1 || !offline[0].At.Equal(daemon[0].At) || offline[0].Reason != daemon[0].Reason {
		t.Errorf("offline %+v, %v", offline, err)
	}
}
