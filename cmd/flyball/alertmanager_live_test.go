package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
	"github.com/flyball-dev/flyball/engine/store"
)

// alert is one as an Alertmanager tells of it.
type alert struct {
	Labels, Annotations map[string]string
	Status              struct{ State string }
	StartsAt, EndsAt    time.Time
}

// A trouble fires an alert in an Alertmanager, by its labels, and the recovery resolves that one.
func TestLiveAlertmanager(t *testing.T) {
	t.Parallel()
	type group struct {
		Status string
		Alerts []struct{ Labels map[string]string }
	}
	groups := make(chan group, 100)
	desk := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var g group
		if err := json.NewDecoder(r.Body).Decode(&g); err != nil {
			t.Error(err)
		}
		groups <- g
	}))
	t.Cleanup(desk.Close)
	alertmanager := metricstest.Alertmanager(t, desk.URL)

	s := simulated(t, strings.Replace(calmPolicy, "metrics:", "rules: \"shop.decide\"\n\tmetrics:", 1)+
		`config: notify: {allow: ["127.0.0.1"], receivers: desk: {url: "`+alertmanager+`", format: "alertmanager"}}`+"\n")
	const rules = "package shop.decide\n\nrecommendation := {\"action\": \"hold\", \"replicas\": input.service.replicas.current, " +
		"\"confidence\": 1, \"priority\": \"low\", \"reasons\": []} if 1 / "
	working, failing := rules+"input.service.replicas.current > 0\n", rules+"(input.service.replicas.current - 1) > 0\n"
	s.folder = true
	s.write("decide.rego", working)
	s.run()
	s.cycles(1)
	url := alertmanager + `/api/v2/alerts?filter=` + "alertname%3DFlyballRulesFail"
	fires := func() (alerts []alert) {
		fetch(t, nil, http.MethodGet, url, "", "", &alerts)
		return alerts
	}
	if found := fires(); len(found) > 0 {
		t.Fatalf("before anything was wrong there is %v", found)
	}

	s.write("decide.rego", failing)
	s.until("the alert", func() bool { return len(fires()) > 0 })
	trouble := s.only(store.OfTrouble)
	want := map[string]string{"alertname": "FlyballRulesFail", "severity": "warning", "policy": "web", "service": "web"}
	found := fires()
	if len(found) != 1 || found[0].Status.State != "active" || !maps.Equal(found[0].Labels, want) || !found[0].StartsAt.Equal(trouble.At.Truncate(time.Millisecond)) {
		t.Fatalf("there is %+v, want one with the labels %v that began at %s", found, want, trouble.At)
	}
	s.mentions(found[0].Annotations["summary"], "web: ", "divide by zero")
	if g := <-groups; g.Status != "firing" || len(g.Alerts) != 1 || !maps.Equal(g.Alerts[0].Labels, want) {
		t.Errorf("whoever is on duty is told %+v", g)
	}

	s.write("decide.rego", working)
	s.until("no alert", func() bool { return len(fires()) == 0 })
	if g := <-groups; g.Status != "resolved" || len(g.Alerts) != 1 || !maps.Equal(g.Alerts[0].Labels, want) {
		t.Errorf("whoever is on duty is told %+v", g)
	}
	s.only(store.OfRecovery)
}

// only is the one entry of a kind in the audit log.
func (s *site) only(kind store.EntryKind) store.Entry {
	s.Helper()
	var found []store.Entry
	for _, e := range s.audited() {
		if e.Kind == kind {
			found = append(found, e)
		}
	}
	if len(found) != 1 {
		s.Fatalf("%d entries of kind %s: %+v", len(found), kind, found)
	}
	return found[0]
}
