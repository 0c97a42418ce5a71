package app

import (
	"slices"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/notify"
	"github.com/flyball-dev/flyball/schema"
)

func TestWhatIsFoundInADecision(t *testing.T) {
	policy := engine.Policy{Name: "web", Service: "web", Mode: engine.Live, MinReplicas: 1, MaxReplicas: 4,
		Metrics: []engine.Metric{{Name: "cpu_usage", Service: "web"}}}
	well := func() engine.Record {
		return engine.Record{
			Snapshot: engine.Snapshot{
				Service: engine.ServiceView{Replicas: engine.Replicas{Current: 2, Ready: 2}},
				Metrics: map[string]engine.Reading{"cpu_usage": engine.Reads(50)},
			},
			Recommendation: engine.Recommendation{Action: engine.Hold, Replicas: 2},
			Decision:       engine.Decision{Action: engine.Hold, From: 2, To: 2, Trace: []engine.Step{{Stage: "bounds", From: 2, To: 2}, {Stage: "budget", From: 2, To: 2}}},
		}
	}
	cut := func(stage, reason string) func(*engine.Record) {
		return func(r *engine.Record) {
			for i := range r.Decision.Trace {
				if r.Decision.Trace[i].Stage == stage {
					r.Decision.Trace[i] = engine.Step{Stage: stage, From: 5, To: 2, Reason: reason, Message: "wished for 5"}
				}
			}
		}
	}
	tests := []struct {
		name string
		with func(*engine.Record)
		want string
	}{
		{"all is well", func(*engine.Record) {}, ""},
		{"rules that fail", func(r *engine.Record) { r.Recommendation.Error = "1/0" }, "RulesFail"},
		{"none ready", func(r *engine.Record) { r.Snapshot.Service.Replicas.Ready = 0 }, "NoneReady"},
		{"stopped", func(r *engine.Record) { r.Snapshot.Service.Replicas = engine.Replicas{} }, "NoneReady"},
		{"a metric that is stale", func(r *engine.Record) { r.Snapshot.Metrics["cpu_usage"] = engine.Reading{Status: engine.Stale} }, "MetricsDoubtful"},
		{"the budget", cut("budget", "BudgetExhausted"), "BudgetExhausted"},
		{"services that are not counted", cut("budget", "BudgetUnknown"), "BudgetExhausted"},
		{"no room", cut("budget", "NoRoom"), "BudgetExhausted"},
		{"the maximum", cut("bounds", "AtMaximum"), "MaximumReached"},
		{"the minimum", func(r *engine.Record) {
			r.Decision.Trace[0] = engine.Step{Stage: "bounds", From: 1, To: 2, Reason: "AtMinimum"}
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := well()
			tt.with(&r)
			found, unseen := findings(policy, r)
			var got []string
			for _, f := range found {
				if got = append(got, f.Reason); f.Message == "" {
					t.Errorf("%s says nothing", f.Reason)
				}
			}
			if strings.Join(got, " ") != tt.want || unseen != nil {
				t.Errorf("found %v, unseen %v; want %s", got, unseen, tt.want)
			}
		})
	}
	paused := well()
	paused.Decision.Trace = []engine.Step{{Stage: "enabled", From: 2, To: 2, Reason: "Paused"}}
	if found, unseen := findings(policy, paused); found != nil || !slices.Contains(unseen, notify.BudgetExhausted) {
		t.Errorf("while it is paused: found %v, unseen %v", found, unseen)
	}
}

func TestWhoIsNotified(t *testing.T) {
	c := schema.Notify{
		Receivers: []schema.Receiver{
			{Name: "ops", URL: "https://hooks.slack.com/x", Kinds: []string{"failed"}},
			{Name: "webhook", URLFrom: schema.Secret{Env: "HOOK"}, Format: "cloudevents", Secret: schema.Secret{Env: "KEY"}},
		},
		Allow: []string{"10.0.0.0/8"}, Heartbeat: schema.Heartbeat{URL: "https://hc.example", Every: 60e9},
	}
	env := func(name string) string {
		return map[string]string{"HOOK": "https://a.example", "KEY": "whsec_x"}[name]
	}
	told := func(o Options) (all []string) {
		o.Env = env
		s, _, err := o.notified(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range s.Receivers {
			address, err := r.URL()
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, r.Name+" "+address+" "+string(r.As()))
		}
		if s.Heartbeat != nil {
			all = append(all, "heartbeat")
		}
		return all
	}
	for _, tt := range []struct {
		name string
		o    Options
		want []string
	}{
		{"as configured", Options{}, []string{"ops https://hooks.slack.com/x slack", "webhook https://a.example cloudevents", "heartbeat"}},
		{"the environment's address wins", Options{Webhook: "https://b.example"}, []string{"ops https://hooks.slack.com/x slack", "webhook https://b.example cloudevents", "heartbeat"}},
		{"nobody", Options{Silent: true, Webhook: "https://b.example"}, nil},
	} {
		if got := told(tt.o); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	c = schema.Notify{}
	if got := told(Options{Webhook: "https://discord.com/api/webhooks/1/x"}); !slices.Equal(got, []string{"webhook https://discord.com/api/webhooks/1/x discord"}) {
		t.Errorf("by the environment alone: %v", got)
	}
}

// What the schema lets an author write is what there is.
func TestKindsAndFormatsAreTheSchemas(t *testing.T) {
	kinds, formats := `"`+string(notify.Kinds[0])+`"`, ""
	for _, k := range notify.Kinds[1:] {
		kinds += `, "` + string(k) + `"`
	}
	for _, f := range notify.Formats {
		formats += `"r` + string(f) + `": {"url": "https://a.example", "format": "` + string(f) + `", "kinds": [` + kinds + `]},`
	}
	set, err := schema.Decode("a.json", []byte(`{"config": {"notify": {"receivers": {`+strings.TrimSuffix(formats, ",")+`}}}}`), nil)
	if err != nil || len(set.Problems) > 0 || len(set.Config.Notify.Receivers) != len(notify.Formats) {
		t.Error(set.Problems, err)
	}
}

// What the schema lets an author allow is what can be allowed, and nothing else is.
func TestAllowedIsTheSchemas(t *testing.T) {
	for _, text := range []string{
		"10.0.0.0/8", "10.0.0.1/8", "fd00::/8", "127.0.0.1", "::1", "::ffff:10.0.0.1", "alertmanager", "hooks.shop.internal", "a_b", "1.2.3", "10.0.0.0/33",
		"host:80", "http://host", "a..b", "-", "::ffff:10.0.0.0/104", "fe80::1", "", "10.0.0.0/", "*",
	} {
		set, err := schema.Decode("a.json", []byte(`{"config": {"notify": {"allow": ["`+text+`"]}}}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := notify.ParseAllow([]string{text}); (err == nil) != (len(set.Errors()) == 0) {
			t.Errorf("%q: by the schema %v, else %v", text, set.Errors(), err)
		}
	}
}
