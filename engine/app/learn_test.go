package app

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/flyball-dev/flyball/engine"
)

const ruled = `policies: web: {
	service: "web", enabled: true, target: driver: "sim", minReplicas: 1, maxReplicas: 4, rules: "shop.decide"
	metrics: [{name: "cpu_usage", type: "cpu", source: "system", window: "5s"}]
}
`

func wants(replicas string) string {
	return `package shop.decide

recommendation := {"action": "scale_up", "replicas": ` + replicas + `, "confidence": 1, "priority": "high", "reasons": []} if {
	input.service.replicas.current < ` + replicas + `
} else := {"action": "hold", "replicas": input.service.replicas.current, "confidence": 1, "priority": "low", "reasons": []}
`
}

// A rule that changes is another revision of its policy, on record with its text. What the policy has seen stays its own, and
// a cycle that began with the old revision ends with the old rules.
func TestARuleThatChangesIsARevision(t *testing.T) {
	o := folder(t)
	rules := filepath.Join(o.Policies, "decide.rego")
	write(t, filepath.Join(o.Policies, "policies.cue"), ruled)
	write(t, rules, wants("2"))
	synctest.Test(t, func(t *testing.T) {
		a := begin(t, o)
		ctx := t.Context()
		if err := a.Once(ctx); err != nil {
			t.Fatal(err)
		}
		old := a.atWork()[0]
		write(t, rules, wants("3"))
		l, err := load(ctx, a.given, lookout{})
		if err != nil {
			t.Fatal(err)
		}
		a.use(ctx, l)
		p := a.atWork()[0]
		if p.Revision == old.Revision {
			t.Fatal("the revision is the same")
		}
		for _, c := range []struct {
			p    engine.Policy
			want int
		}{{old, 2}, {p, 3}} {
			s := engine.Snapshot{Policy: "web", Service: engine.ServiceView{Replicas: engine.Replicas{Current: 1, Ready: 1}}}
			if r, err := a.Recommend(ctx, c.p, s); err != nil || r.Replicas != c.want {
				t.Errorf("revision %s recommends %d, %v; want %d", c.p.Revision, r.Replicas, err, c.want)
			}
			r, known, err := a.store.Revision(ctx, c.p.Revision)
			if err != nil || !known || len(r.Rules) != 1 || r.Rules[0].Name != rules || !strings.Contains(r.Rules[0].Text, "replicas\": "+[]string{2: "2", 3: "3"}[c.want]) || r.Policy.Name != "web" {
				t.Errorf("on record: %+v, %v, %v", r, known, err)
			}
		}
		st, err := a.store.State(ctx, p)
		if err != nil || st.Known.Replicas != 2 {
			t.Errorf("state %+v, %v", st, err)
		}
		s, seen := a.live.Look(p, st, a.loop.Now().At)
		if r := s.Metrics["cpu_usage"]; !seen || r.Samples == 0 {
			t.Errorf("seen %v, read %+v", seen, r)
		}
		for range 2 * mostAnswers {
			a.use(ctx, l)
		}
		if n := len(*a.rules.Load()); n != mostAnswers {
			t.Errorf("%d sets of rules are kept", n)
		}
	})
}

// What can't be put on record works all the same.
func TestPoliciesWorkThatCanNotBeLearned(t *testing.T) {
	o, log := place(t)
	a := begin(t, o)
	gone, leave := context.WithCancel(t.Context())
	leave()
	l, err := load(t.Context(), o, lookout{})
	if err != nil {
		t.Fatal(err)
	}
	a.use(gone, l)
	if len(a.atWork()) != 1 || !strings.Contains(log.String(), "can't be replayed later") {
		t.Errorf("at work %v, log\n%s", a.atWork(), log)
	}
}

func TestCommitOf(t *testing.T) {
	folder := committed(t, map[string]string{"policies/web.cue": "x: 1", "policies/shop.rego": "package shop", "beside.cue": "x: 1", "policies/link.cue": "->../beside.cue"})
	out, err := exec.CommandContext(t.Context(), "git", "-C", folder, "rev-parse", "HEAD").Output()
	if err != nil {
		t.Fatal(err)
	}
	head := strings.TrimSpace(string(out))
	at := func(name string) string { return filepath.Join(folder, "policies", name) }
	write(t, at("new.rego"), "package new")
	write(t, at("*.cue"), "x: 1")
	for _, c := range []struct {
		name  string
		files []string
		do    func()
		want  string
	}{
		{"as committed", []string{at("web.cue"), at("shop.rego")}, func() {}, head},
		{"one that is not committed", []string{at("web.cue"), at("new.rego")}, func() {}, ""},
		{"one whose name git could read as others", []string{at("*.cue")}, func() {}, ""},
		{"a link", []string{at("link.cue")}, func() {}, ""},
		{"one that is elsewhere", []string{at("web.cue"), filepath.Join(t.TempDir(), "a.cue")}, func() {}, ""},
		{"none", nil, func() {}, ""},
		{"one that changed", []string{at("web.cue"), at("shop.rego")}, func() { write(t, at("web.cue"), "x: 2") }, ""},
		{"one beside the change", []string{at("shop.rego")}, func() {}, head},
		{"one that is staged", []string{at("new.rego")}, func() { gitIn(t, folder, "add", at("new.rego")) }, ""},
		{"without git", []string{at("shop.rego")}, func() { t.Setenv("PATH", t.TempDir()) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.do(); commitOf(t.Context(), c.files) != c.want {
				t.Errorf("commit %q, want %q", commitOf(t.Context(), c.files), c.want)
			}
		})
	}
}
