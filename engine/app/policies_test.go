package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
)

// shelf is a store of which the documents and the audit log alone are asked.
type shelf struct {
	documents []store.Document
	entries   []store.Entry
	away      error // why nothing of it can be read
}

func (s *shelf) Documents(context.Context) ([]store.Document, error) {
	return slices.Clone(s.documents), s.away
}

func (s *shelf) PutDocument(_ context.Context, d store.Document, was string, e store.Entry) error {
	before, _ := find(s.documents, d.Name)
	if before.Version != was {
		return fmt.Errorf("keep %s: %w", d.Name, store.ErrChanged)
	}
	s.documents = append(slices.DeleteFunc(s.documents, func(o store.Document) bool { return o.Name == d.Name }), d)
	return s.Audit(context.Background(), e)
}

func (s *shelf) RemoveDocument(_ context.Context, name, was string, e store.Entry) error {
	before, there := find(s.documents, name)
	if !there || before.Version != was {
		return store.ErrChanged
	}
	s.documents = slices.DeleteFunc(s.documents, func(o store.Document) bool { return o.Name == name })
	return s.Audit(context.Background(), e)
}

func (s *shelf) Audit(_ context.Context, entries ...store.Entry) error {
	for _, e := range entries {
		e.Number = int64(len(s.entries) + 1)
		s.entries = append(s.entries, e)
	}
	return nil
}

func (s *shelf) Audited(_ context.Context, f store.Filter) ([]store.Entry, error) {
	return s.entries[max(0, len(s.entries)-f.Limit):], s.away
}

// simple is a policy by API, of a simulated service, with more fields.
func simple(name, service, more string) []byte {
	return fmt.Appendf(nil, `{"name": %q, "service": %q, "target": {"driver": "sim"}, "minReplicas": 1, "maxReplicas": 3, "enabled": true,
 "metrics": [{"name": "cpu_usage", "type": "cpu", "source": "system"}],
 "thresholds": [{"metric": "cpu_usage", "scaleUp": 70, "scaleDown": 25}]%s}`, name, service, more)
}

// deskOf is where policies are handed in to a shelf, beside the policy web in a file.
func deskOf(t *testing.T, s *shelf) desk {
	t.Helper()
	o, _ := place(t)
	d := desk{o: o, ledger: s, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	return known(t, d, s)
}

// known is the desk once the daemon has taken up what is on the shelf.
func known(t *testing.T, d desk, s *shelf) desk {
	t.Helper()
	l, err := load(t.Context(), d.o, lookout{documents: s.documents, known: true})
	if err != nil {
		t.Fatal(err)
	}
	d.known = l
	return d
}

func TestPutRefuses(t *testing.T) {
	body := simple("api", "api", "")
	there := store.Document{Name: "there", Body: simple("there", "db", ""), Version: versionOf(simple("there", "db", "")), Actor: "ana", At: time.Unix(0, 0).UTC()}
	tag := etag(there.Version)
	tests := []struct {
		name   string
		put    string
		body   []byte
		match  string
		status int
		says   string
	}{
		{"one in a file", "web", simple("web", "api", ""), "", 409, "policy web is in FILE:1, and files win; change it there"},
		{"one in a file, by its body", "", simple("web", "api", ""), "", 409, "files win"},
		{"one that is there, as a new one", "", there.Body, "", 409, "there is a policy there already"},
		{"one that is there, blindly", "there", there.Body, "", 428, "say which one is meant by If-Match: " + tag},
		{"one that has been changed", "there", there.Body, `"0"`, 412, "policy there has been changed since, by ana at 1970-01-01T00:00:00Z; read it again: its ETag is " + tag + `, and If-Match says "0"`},
		{"a weak match", "there", there.Body, "W/" + tag, 412, "has been changed since"},
		{"one that is gone", "api", body, `"0"`, 412, "there is no policy api any more"},
		{"a service of a file", "api", simple("api", "web", ""), "", 409, `policies "web" and "api" are both enabled and live on service "web"`},
		{"a service of another", "api", simple("api", "db", ""), "", 409, `policies "there" and "api" are both enabled and live on service "db" (the other is at api/there:1:30)`},
		{"another name", "api", simple("app", "api", ""), "", 400, `body:1:10: error: name is "app"`},
		{"a mistake", "api", simple("api", "api", `, "thresholds": []`), "", 400, `field "thresholds" is written twice, first at body:3:3; remove one`},
		{"no name", "", []byte(`{"service": "api", "minReplicas": 1, "maxReplicas": 2}`), "", 400, "name is missing"},
		{"rules that are not there", "api", simple("api", "api", `, "rules": "shop.checkout"`), "", 400, "shop.checkout"},
		{"config", "api", simple("api", "api", `, "config": {}`), "", 400, "config is the operator's"},
		{"nothing", "api", nil, "", 400, "the body is empty"},
		{"a bomb", "api", []byte(strings.Repeat("[", 60000)), "", 400, "brackets are nested deeper than 100"},
		{"a book", "api", make([]byte, 64<<10+1), "", 413, "the policy has 65537 bytes; allowed are 65536"},
	}
	d := deskOf(t, &shelf{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &shelf{documents: []store.Document{there}}
			d.ledger = s
			_, _, err := d.put(t.Context(), tt.put, tt.body, tt.match, "ben")
			refusal := api.Refusal{}
			if err == nil || !errors.As(err, &refusal) || refusal.Status != tt.status || !strings.Contains(strings.ReplaceAll(err.Error(), d.o.Policies, "FILE"), tt.says) {
				t.Errorf("%d: %v\nwant %d: …%s…", refusal.Status, err, tt.status, tt.says)
			}
			if len(s.documents) != 1 || s.documents[0].Version != there.Version || len(s.entries) > 0 {
				t.Errorf("written is %+v, noted %+v", s.documents, s.entries)
			}
		})
	}
}

func TestPutRefusesTheThousandAndFirst(t *testing.T) {
	s := &shelf{}
	d := deskOf(t, s)
	for i := range api.MostPolicies {
		s.documents = append(s.documents, store.Document{Name: fmt.Sprint("p", i)})
	}
	_, _, err := d.put(t.Context(), "api", simple("api", "api", ""), "", "ana")
	if err == nil || err.Error() != "there are 1000 policies by API; allowed are 1000: remove one" {
		t.Error(err)
	}
}

// Files that are broken can't be held against anything: nothing is changed until they are mended.
func TestPutBesideBrokenFiles(t *testing.T) {
	s := &shelf{}
	d := deskOf(t, s)
	say(t, d.o, "policies: web: {service")
	_, _, err := d.put(t.Context(), "api", simple("api", "api", ""), "", "ana")
	refusal := api.Refusal{}
	if !errors.As(err, &refusal) || refusal.Status != http.StatusConflict || !strings.Contains(refusal.Detail, "the policies in files can't be used") || len(s.documents) > 0 {
		t.Errorf("%v, %+v", err, s.documents)
	}
}

// A life of a policy, and what the audit log says of it: who did it, and what it means.
func TestPutAndDelete(t *testing.T) {
	s := &shelf{}
	d := deskOf(t, s)
	ctx := t.Context()
	made, created, err := d.put(ctx, "", simple("api", "api", ""), "", "ana")
	if err != nil || !created || made.Name != "api" || made.Service != "api" || made.Source != api.FromAPI || made.Revision == "" || !made.Enabled || made.Actor != "ana" || !made.At.Equal(d.now) {
		t.Fatalf("%+v, %v, %v", made, created, err)
	}
	d = known(t, d, s)
	again, created, err := d.put(ctx, "api", simple("api", "api", ""), made.ETag, "ben")
	if err != nil || created || again.Actor != "ana" || again.ETag != made.ETag || len(s.entries) != 1 {
		t.Errorf("put as it is: %+v, %v, %v, %+v", again, created, err, s.entries)
	}
	wider := []byte(strings.Replace(string(simple("api", "api", "")), `"maxReplicas": 3`, `"maxReplicas": 5`, 1))
	changed, created, err := d.put(ctx, "api", wider, `"0", `+made.ETag, "ben")
	if err != nil || created || changed.Revision == made.Revision || changed.ETag == made.ETag || changed.Actor != "ben" {
		t.Errorf("%+v, %v, %v", changed, created, err)
	}
	d = known(t, d, s)
	spaced, _, err := d.put(ctx, "api", append(wider, '\n'), changed.ETag, "ben")
	if err != nil || spaced.Revision != changed.Revision {
		t.Errorf("%+v, %v", spaced, err)
	}
	d = known(t, d, s)
	for _, c := range []struct{ name, match, says string }{
		{"api", "", "say which one is meant"}, {"api", changed.ETag, "has been changed since"}, {"app", "*", `there is no policy app; did you mean "api"?`}, {"web", "*", "files win"},
	} {
		if err := d.remove(ctx, c.name, c.match, "cid"); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want …%s…", err, c.says)
		}
	}
	if err := d.remove(ctx, "api", spaced.ETag, "cid"); err != nil || len(s.documents) > 0 {
		t.Errorf("%v, %+v", err, s.documents)
	}
	var said []string
	for _, e := range s.entries {
		said = append(said, fmt.Sprintf("%s %s %s %s %v: %s", e.Actor, e.Kind, e.Policy, e.Service, e.Revision != "", e.Message))
	}
	const want = `ana policy api api true: added: begins to act on service api: 1 to 3 replicas, by threshold
ben policy api api true: changed: acts on service api; maxReplicas 3 → 5, up to 2 more replicas
ben policy api api true: written anew, and means the same
cid policy api api false: removed: stops acting on service api`
	if text := strings.Join(said, "\n"); text != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}
}

// One that is left out because a file has its name can be deleted by its ETag, and the one in the file goes on.
func TestDeleteOneBehindAFile(t *testing.T) {
	s := &shelf{documents: []store.Document{{Name: "web", Body: simple("web", "db", ""), Version: "v"}}}
	d := deskOf(t, s)
	all := overview(d.known, unchanged)
	if len(all) != 2 || all[0].Source != api.FromFile || all[1].Source != api.FromAPI || !strings.Contains(all[1].LeftOut, `a policy is called "web" already`) || all[1].Service != "db" {
		t.Fatalf("%+v", all)
	}
	if p, err := found(all, "web"); err != nil || p.Source != api.FromFile || p.Place != d.o.Policies+":1" {
		t.Errorf("%+v, %v", p, err)
	}
	if err := d.remove(t.Context(), "web", all[0].ETag, "ana"); err == nil || len(s.documents) != 1 {
		t.Errorf("by the ETag of the file: %v", err)
	}
	if err := d.remove(t.Context(), "web", all[1].ETag, "ana"); err != nil || len(s.documents) > 0 {
		t.Error(err)
	}
	if e := s.entries[0]; e.Revision != all[0].Revision || !strings.Contains(e.Message, "the one in files goes on") {
		t.Errorf("%+v", e)
	}
}

// What reading a policy answers can be put back, and changes nothing.
func TestWhatIsReadCanBePut(t *testing.T) {
	s := &shelf{}
	d := deskOf(t, s)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._-]{0,20}`).Draw(t, "name")
		fields := []string{`"service": "s"`, `"minReplicas": 1`, `"maxReplicas": 9`, `"target": {"driver": "sim"}`}
		if rapid.Bool().Draw(t, "named") {
			fields = append(fields, fmt.Sprintf(`"name": %q`, name))
		}
		fields = append(fields, rapid.SampledFrom([]string{
			`"strategy": "schedule", "schedule": [{"from": "08:00", "to": "20:00", "minReplicas": 2, "name": "né ☃ \u003c\" "}]`,
			`"metrics": [{"name": "m", "type": "cpu", "source": "system", "weight": 0.30000000000000004}], "thresholds": [{"metric": "m", "scaleUp": 7e1, "scaleDown": 25.50}]`,
		}).Draw(t, "form"))
		for _, field := range []string{`"enabled": true`, `"mode": "shadow"`, `"cooldownPeriod": 5`, `"lint": {"flap-hazard": "a/b"}`, `"minConfidence": 1e-3`} {
			if rapid.Bool().Draw(t, field) {
				fields = append(fields, field)
			}
		}
		fields = rapid.Permutation(fields).Draw(t, "order")
		space := rapid.SampledFrom([]string{"", " ", "\n\t", "\r\n"}).Draw(t, "space")
		body := []byte(space + "{" + space + strings.Join(fields, ","+space) + space + "}" + space)
		s.documents, s.entries = nil, nil
		if name == "web" {
			return
		}
		made, _, err := d.put(context.Background(), name, body, "", "ana")
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		back, created, err := d.put(context.Background(), name, made.Body, made.ETag, "ben")
		if err != nil || created || back.Revision != made.Revision || string(back.Body) != string(made.Body) {
			t.Fatalf("put back %+v, %v, %v", back, created, err)
		}
	})
}

// Whatever is posted is taken, or refused as the mistake of whoever posts it. What is taken can be read, and put back.
func FuzzPolicyByAPI(f *testing.F) {
	for _, seed := range []string{
		string(simple("api", "api", "")), `{}`, `[]`, `null`, `"x"`, `{"name": 1}`, `{"policies": []}`, `{"name": "a", "name": "b"}`, strings.Repeat("[", 200), strings.Repeat(`{"a":`, 101),
		`{"name": "a", "service": "b", "minReplicas": 1e400, "maxReplicas": -0}`, string(simple("api", "api", `, "minConfidence": 0.00000000000000000000000000001`)), "{\"\x00\": 1}", "\xff", "\ufeff{}",
		string(simple("api", "api", `, "rules": "a.b"`)), string(simple("api", "api", `, "about": {}`)), string(simple("../../etc", "api", "")), string(simple("api", "web", "")), `{"\u006eame": "api"}`,
	} {
		f.Add([]byte(seed))
	}
	folder := f.TempDir()
	o := Options{Policies: filepath.Join(folder, "policies.cue"), Read: Here}
	say(f, o, web)
	l, err := load(f.Context(), o, lookout{known: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s := &shelf{}
		d := desk{o: o, ledger: s, known: l, now: time.Unix(0, 0)}
		made, created, err := d.put(t.Context(), "", body, "", "ana")
		refusal := api.Refusal{}
		if err != nil {
			if !errors.As(err, &refusal) || refusal.Status < 400 || refusal.Status > 428 || len(s.documents) > 0 {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		if !created || len(s.documents) != 1 || string(s.documents[0].Body) != string(body) {
			t.Fatalf("%q: created %v, %+v", body, created, s.documents)
		}
		back, created, err := d.put(t.Context(), made.Name, made.Body, made.ETag, "ana")
		if err != nil || created || back.Revision != made.Revision {
			t.Fatalf("%q put back: %+v, %v, %v", body, back, created, err)
		}
	})
}

func TestMatches(t *testing.T) {
	for match, want := range map[string]bool{
		`"v1"`: true, `v1`: true, `*`: true, `"v0", "v1"`: true, ` "v1" `: true, `"v0"`: false, `W/"v1"`: false, `v`: false, `""`: false,
	} {
		if got := matches(match, `"v1"`); got != want {
			t.Errorf("If-Match %s: %v, want %v", match, got, want)
		}
	}
}
