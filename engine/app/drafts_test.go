package app

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
)

// A draft is held to the same as a policy that is put, at the place of the one of its name, wherever that stands.
func TestDraftsAreChecked(t *testing.T) {
	o, _ := place(t)
	a := attended(t, o)
	if _, _, err := a.PutPolicy(t.Context(), "db", simple("db", "db", ""), "", "ana"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, of string
		body     []byte
		says     string // "": nothing is wrong
	}{
		{"a new one", "", simple("api", "api", ""), ""},
		{"in the place of one in a file", "", simple("web", "web", ""), ""},
		{"in the place of one in a file, without its name", "web", []byte(strings.Replace(string(simple("", "web", "")), `"name": "", `, "", 1)), ""},
		{"in the place of one by API", "db", simple("db", "db", `, "minConfidence": 0.5`), ""},
		{"the service of one in a file", "", simple("api", "web", ""), `body:1:28: error: policies "web" and "api" are both enabled and live on service "web"`},
		{"the service of one by API", "web", simple("web", "db", ""), `policies "db" and "web" are both enabled`},
		{"another name", "web", simple("app", "web", ""), `body:1:10: error: name is "app", and the policy is "web" already`},
		{"no name", "", []byte(`{"service": "api"}`), "body:1:1: error: maxReplicas is missing"},
		{"a mistake on its own line", "", []byte("{\n  \"name\": \"web\",\n  \"service\": \"web\",\n  \"maxReplica\": 5\n}"), `body:4:4: error: unknown field "maxReplica"; did you mean "maxReplicas"?`},
		{"twice a field", "", simple("api", "api", `, "thresholds": []`), `first at body:3:3; remove one`},
		{"rules that are not there", "", simple("api", "api", `, "rules": "shop.checkout"`), "shop.checkout"},
		{"a warning", "", simple("api", "api", `, "cooldownPeriod": 300`), `warning: cooldownPeriod: 300 is 5h`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			problems, err := a.CheckPolicy(t.Context(), tt.of, tt.body)
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, p := range problems {
				said = append(said, p.String())
			}
			if all := strings.Join(said, "\n"); !strings.Contains(all, tt.says) || (all == "") != (tt.says == "") {
				t.Errorf("%q, want %q", all, tt.says)
			}
		})
	}
	if known := a.set(); names(known.Policies) != "db web" || len(known.Left) > 0 {
		t.Errorf("at work are %s, left out %v", names(known.Policies), known.Left)
	}
}

func TestDraftsThatCantBeChecked(t *testing.T) {
	o, _ := place(t)
	a := begin(t, o)
	check := func(body []byte, status int, says string) {
		t.Helper()
		refused := api.Refusal{}
		if _, err := a.CheckPolicy(t.Context(), "", body); !errors.As(err, &refused) || refused.Status != status || !strings.Contains(refused.Detail, says) {
			t.Errorf("%+v, %v; want %d, %s", refused, err, status, says)
		}
	}
	check(nil, 400, "the body is empty")
	check(make([]byte, 64<<10+1), 413, "the policy has 65537 bytes; allowed are 65536")
	say(t, o, web+"policies: db: {service: 5}\n")
	check(simple("api", "api", ""), 409, "mend them first")
	say(t, o, strings.Replace(web, "maxReplicas: 4", "maxReplicas: 1", 1))
	if problems, err := a.CheckPolicy(t.Context(), "", simple("web", "web", "")); err != nil || len(problems) > 0 {
		t.Errorf("what mends the only mistake: %v, %v", problems, err)
	}
	if err := os.Remove(o.Policies); err != nil {
		t.Fatal(err)
	}
	check(simple("web", "web", ""), 503, "the policies in files can't be read")
}

func TestRevisionsOfAPolicy(t *testing.T) {
	o := folder(t)
	file, rules := filepath.Join(o.Policies, "policies.cue"), filepath.Join(o.Policies, "decide.rego")
	a := begin(t, o)
	ctx := t.Context()
	take := func() string {
		t.Helper()
		l, err := load(ctx, a.given, lookout{})
		if err != nil {
			t.Fatal(err)
		}
		a.use(ctx, l)
		return a.atWork()[0].Revision
	}
	write(t, rules, wants("2"))
	write(t, file, ruled)
	first := take()
	write(t, file, strings.Replace(ruled, "maxReplicas: 4", "maxReplicas: 5", 1))
	second := take()
	write(t, rules, wants("3"))
	third := take()

	all, err := a.Revisions(ctx, "web", 2)
	if err != nil || len(all) != 2 || all[0].ID != third || !all[0].Current || all[1].ID != second || all[1].Current || !all[0].At.After(all[1].At) {
		t.Errorf("%+v, %v; want %s, then %s", all, err, third, second)
	}
	changed, err := a.Between(ctx, "web", first, second)
	if err != nil || changed == nil || len(changed.Changes) != 1 || changed.Changes[0].Field != "maxReplicas" || changed.Changes[0].New != 5 {
		t.Errorf("%+v, %v", changed, err)
	}
	if changed, err = a.Between(ctx, "web", second, third); err != nil || changed == nil || !strings.Contains(changed.Changes[0].Field, "shop.decide") {
		t.Errorf("of the rules: %+v, %v", changed, err)
	}
	if changed, err = a.Between(ctx, "web", third, third); err != nil || changed != nil {
		t.Errorf("of one revision: %+v, %v", changed, err)
	}
	if err := a.store.Learn(ctx, store.Revision{ID: "other"}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"gone", "other"} {
		if _, err := a.Between(ctx, "web", first, id); err == nil || err.Error() != "no revision "+id+" of a policy web is on record; policies/web/revisions lists those that are" {
			t.Error(err)
		}
	}
	if _, err := a.Revisions(ctx, "we", 2); err == nil || !strings.Contains(err.Error(), "there is no policy we; did you mean \"web\"?") {
		t.Error(err)
	}
	write(t, file, strings.ReplaceAll(web, "web", "app"))
	take()
	if all, err = a.Revisions(ctx, "web", 50); err != nil || len(all) != 4 || slices.ContainsFunc(all, func(r api.Revised) bool { return r.Current }) {
		t.Errorf("of one that is gone: %+v, %v", all, err)
	}
}
