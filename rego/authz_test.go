package rego

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

var scaling = Access{
	Actor:  Actor{Name: "anna", Kind: "session", Role: "operator", Scopes: []string{"scale:web"}},
	Action: "scale", Operation: "scale", Method: "POST", Path: "/api/autoscaling/test/web", Service: "web",
}

func authzOf(body string) File {
	return File{Path: "authz.rego", Text: []byte("package flyball.authz\n\n" + body + "\n")}
}

func TestShippedAuthz(t *testing.T) {
	a, problems := NewAuthorizer(t.Context(), File{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	viewer := scaling
	viewer.Actor.Role = "viewer"
	for name, c := range map[string]struct {
		access Access
		allow  bool
		reason string
	}{
		"allowed":   {scaling, true, "role operator"},
		"refused":   {viewer, false, "role viewer does not include scale"},
		"anonymous": {Access{Actor: Actor{Kind: "anonymous"}, Action: "read"}, false, "a valid token or a login is needed"},
		"nothing":   {Access{}, false, "role  does not include "},
	} {
		t.Run(name, func(t *testing.T) {
			allow, reason, err := a.Authorize(t.Context(), c.access)
			if err != nil || allow != c.allow || !strings.HasPrefix(reason, c.reason) && c.access.Action != "" {
				t.Errorf("got %v, %q, %v, want %v, %q", allow, reason, err, c.allow, c.reason)
			}
		})
	}
}

func TestAuthzSeesTheWholeRequest(t *testing.T) {
	a, problems := NewAuthorizer(t.Context(), authzOf(`decision := {"allow": true, "reason": sprintf("%v", [input])}`))
	if a == nil {
		t.Fatal(problems)
	}
	_, reason, err := a.Authorize(t.Context(), scaling)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ast.ParseTerm(reason)
	if err != nil {
		t.Fatal(err)
	}
	want := ast.MustParseTerm(`{"actor": {"name": "anna", "kind": "session", "role": "operator", "scopes": ["scale:web"]}, "action": "scale",
		"operation": "scale", "method": "POST", "path": "/api/autoscaling/test/web", "service": "web"}`)
	if !got.Equal(want) {
		t.Errorf("the input is %v, want %v", got, want)
	}
}

func TestAuthzThatGivesNoUsableAnswer(t *testing.T) {
	for name, c := range map[string]struct{ body, code string }{
		"undefined":      {`decision := {"allow": true, "reason": ""} if input.action == "read"`, RuleUndefined},
		"no object":      {`decision := true`, RuleShape},
		"no reason":      {`decision := {"allow": true}`, RuleShape},
		"allow a text":   {`decision := {"allow": "true", "reason": ""}`, RuleShape},
		"one too many":   {`decision := {"allow": true, "reason": "", "because": 1}`, RuleShape},
		"a long reason":  {`decision := {"allow": true, "reason": sprintf("%2001s", ["x"])}`, RuleShape},
		"two answers":    {"decision := {\"allow\": true, \"reason\": \"\"} if input.action\ndecision := {\"allow\": false, \"reason\": \"\"} if input.actor", RuleConflict},
		"an error":       {`decision := {"allow": 1 / (count(input.action) - 5) == 0, "reason": ""}`, RuleFailed},
		"a set of rules": {`decision contains {"allow": true, "reason": ""}`, RuleShape},
		"endless": {`decision := {"allow": n > 0, "reason": ""} if {
	n := count([1 | some x in numbers.range(1, 100000); some y in numbers.range(1, 100000); x == y + 200000])
}`, RuleTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			a, problems := NewAuthorizer(t.Context(), authzOf(c.body))
			if a == nil {
				t.Fatal(problems)
			}
			ctx := t.Context()
			if c.code == RuleTimeout {
				ended, end := context.WithCancel(ctx)
				end()
				ctx = ended
			}
			allow, reason, err := a.Authorize(ctx, scaling)
			coded := (*RuleError)(nil)
			if allow || reason == "" || !errors.As(err, &coded) || coded.Code != c.code {
				t.Errorf("got %v, %q, %v, want a refusal and %s", allow, reason, err, c.code)
			}
		})
	}
}

func TestAuthzWithMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		file File
		want string
	}{
		"no Rego":         {File{"a.rego", []byte("package")}, "a.rego:1:"},
		"another package": {File{"a.rego", []byte("package shop.authz\n\ndecision := 1\n")}, "a.rego:1:1: error: package shop.authz is not flyball.authz"},
		"no decision":     {authzOf(`allow := true`), "authz.rego:1:1: error: there is no rule named decision"},
		"a function":      {authzOf(`decision(x) := x`), "data.flyball.authz.decision is a function"},
		"the network":     {authzOf(`decision := http.send({"url": "http://example.org"})`), "http.send is not allowed in rules"},
		"misspelled":      {authzOf(`decision := {"allow": input.acton == "read", "reason": ""}`), "input.acton does not exist; there are: action, actor"},
		"no such actor":   {authzOf(`decision := {"allow": input.actor.rule == "admin", "reason": ""}`), "input.actor.rule does not exist; there are: kind, name, role, scopes"},
		"another's rules": {authzOf(`decision := data.flyball.lib.reasons`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			a, problems := NewAuthorizer(t.Context(), c.file)
			if c.want == "" { // then it is undefined
				if a == nil {
					t.Error(problems)
				}
				return
			}
			if a != nil || len(problems) == 0 || !strings.Contains(problems[0].String(), c.want) {
				t.Errorf("got %v, want %q", problems, c.want)
			}
		})
	}
}

func TestAuthzTests(t *testing.T) {
	own := authzOf(`decision := {"allow": input.action == "read", "reason": "so"}`)
	tests := File{"authz_test.rego", []byte("package flyball.authz_test\n\nimport data.flyball.authz\n\n" +
		"test_read if authz.decision.allow with input as {\"action\": \"read\"}\n\ntest_scale if authz.decision.allow with input as {\"action\": \"scale\"}\n")}
	report, err := TestAccess(t.Context(), own, []File{tests})
	if err != nil || len(report.Cases) != 2 || report.Cases[0].Verdict != Pass || report.Cases[1].Verdict != Fail {
		t.Errorf("got %+v, %v", report, err)
	}
	report, err = TestAccess(t.Context(), own, []File{{"authz_test.rego", []byte("package")}})
	if err != nil || !report.Failed() {
		t.Errorf("got %+v, %v", report, err)
	}
}

func BenchmarkAuthorize(b *testing.B) {
	a, problems := NewAuthorizer(b.Context(), File{})
	if a == nil {
		b.Fatal(problems)
	}
	b.ReportAllocs()
	for b.Loop() {
		if allow, _, err := a.Authorize(b.Context(), scaling); err != nil || !allow {
			b.Fatal(allow, err)
		}
	}
}
