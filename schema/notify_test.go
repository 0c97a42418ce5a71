package schema

import (
	"reflect"
	"testing"
	"time"
)

func TestNotify(t *testing.T) {
	set, err := Decode("a.json", []byte(`{"config": {"notify": {
		"receivers": {
			"ops": {"url": "https://hooks.slack.com/services/T/B/x", "kinds": ["failed", "rolled_back"]},
			"own": {"urlFrom": {"env": "HOOK"}, "format": "json", "secret": {"file": "/run/secrets/hook"}, "services": ["web"], "timeout": "5s"}
		},
		"allow": ["10.0.0.0/8", "alertmanager", "::1", "10.0.0.0/8"],
		"heartbeat": {"url": "https://hc.example/x"}
	}}}`), nil)
	if err != nil || len(set.Problems) > 0 {
		t.Fatal(set.Problems, err)
	}
	want := Notify{
		Receivers: []Receiver{
			{Name: "ops", URL: "https://hooks.slack.com/services/T/B/x", Kinds: []string{"failed", "rolled_back"}, Timeout: 15 * time.Second},
			{
				Name: "own", URLFrom: Secret{Env: "HOOK"}, Format: "json", Services: []string{"web"}, Secret: Secret{File: "/run/secrets/hook"},
				Timeout: 5 * time.Second,
			},
		},
		Allow:     []string{"10.0.0.0/8", "alertmanager", "::1"},
		Heartbeat: Heartbeat{URL: "https://hc.example/x", Every: time.Minute},
	}
	if !reflect.DeepEqual(set.Config.Notify, want) {
		t.Errorf("got  %+v\nwant %+v", set.Config.Notify, want)
	}
}
