package api

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"
)

func (p *paper) TestNotify(_ context.Context, ask NotifyTest) ([]NotifyTried, error) {
	p.tested = ask
	return []NotifyTried{
		{Receiver: "ops", Address: "https://hooks.slack.com", Format: "slack", Taken: true, Status: 200, Seconds: 0.2, Answer: "ok"},
		{Receiver: "own", Address: "https://own.example", Format: "json", Seconds: 15, Error: "no answer within 15s"},
	}, p.fail
}

func (p *paper) Notifications(context.Context) (Notifications, error) {
	dead := Notice{ID: "ops-1-a", Receiver: "ops", Text: "web 1 → 2: busy", Created: time.Unix(0, 0).UTC(), Due: time.Unix(9, 0).UTC(), Attempts: 9, Error: "answered 500"}
	return Notifications{Receivers: []NotifyReceiver{{"ops", "https://hooks.slack.com", "slack"}}, Waiting: []Notice{}, Dead: []Notice{dead}}, p.fail
}

func (p *paper) ReplayNotifications(_ context.Context, ask NotifyReplay) (NotifyReplayed, error) {
	p.replay = ask
	return NotifyReplayed{IDs: ask.IDs}, p.fail
}

func TestNotifications(t *testing.T) {
	p := &paper{}
	c, err := Dial(serve(t, p))
	if err != nil {
		t.Fatal(err)
	}
	tried, err := c.TestNotify(t.Context(), NotifyTest{Receiver: "ops", Actor: "ana"})
	if err != nil || len(tried) != 2 || tried[1].Error != "no answer within 15s" || p.tested != (NotifyTest{"ops", "ana"}) {
		t.Errorf("tried %+v, %v; asked for %+v", tried, err, p.tested)
	}
	found, err := c.Notifications(t.Context())
	if err != nil || len(found.Dead) != 1 || found.Dead[0].Attempts != 9 || found.Receivers[0].Name != "ops" {
		t.Errorf("found %+v, %v", found, err)
	}
	again, err := c.ReplayNotifications(t.Context(), NotifyReplay{IDs: []string{"ops-1-a"}, Actor: "ana"})
	if err != nil || !slices.Equal(again.IDs, []string{"ops-1-a"}) || p.replay.Actor != "ana" || p.replay.All {
		t.Errorf("again %+v, %v; asked for %+v", again, err, p.replay)
	}
	p.fail = Refusal{Status: http.StatusNotFound, Detail: "there is no receiver opps; there is ops"}
	if _, err := c.TestNotify(t.Context(), NotifyTest{Receiver: "opps"}); err == nil || err.Error() != p.fail.Error() {
		t.Errorf("%v; want %v", err, p.fail)
	}
}
