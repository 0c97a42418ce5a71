package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// A policy goes out with its author's fields in their order, and what is known of it behind them; it arrives as it went.
func TestPolicyAsJSON(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := Policy{
		Body: json.RawMessage(`{"service":"web","name":"front","lint":{"flap-hazard":",\"about\":{"}}`),
		About: About{
			Name: "front", Service: "web", Source: FromAPI, ETag: `"abc"`, Revision: "12", Enabled: true, Mode: engine.Live,
			At: &at, Actor: "ana", LeftOut: `x,"about":{}`, Warnings: []string{"w"},
		},
	}
	text, err := json.Marshal(p)
	const want = `{"service":"web","name":"front","lint":{"flap-hazard":",\"about\":{"},"about":{"source":"api","etag":"\"abc\"","revision":"12",` +
		`"enabled":true,"mode":"live","at":"2026-03-01T12:00:00Z","actor":"ana","leftOut":"x,\"about\":{}","warnings":["w"]}}`
	if err != nil || string(text) != want {
		t.Fatalf("%s, %v\nwant %s", text, err, want)
	}
	indented, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range [][]byte{text, indented} {
		var got Policy
		if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if _, err := json.Marshal(Policy{Body: json.RawMessage(`[]`)}); err == nil {
		t.Error("a list is written as a policy")
	}
	for _, text := range []string{`{"name": "web"}`, `{"name": "web", "about": 1}`, `[]`} {
		if err := json.Unmarshal([]byte(text), new(Policy)); err == nil {
			t.Errorf("%s is read as a policy", text)
		}
	}
}

func TestInvalidIsARefusal(t *testing.T) {
	err := error(Invalid{Refusal{Status: http.StatusBadRequest, Detail: "the policy has an error"}, []engine.Problem{{File: "body", Line: 1, Column: 2, Message: "no"}}})
	refusal := Refusal{}
	if !errors.As(err, &refusal) || refusal.Status != http.StatusBadRequest {
		t.Errorf("%+v", refusal)
	}
	if err.Error() != "the policy has an error\n  body:1:2: error: no" {
		t.Error(err)
	}
}
