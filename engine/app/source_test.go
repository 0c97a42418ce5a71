package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/schema"
)

// said is what a source says is wrong, a line each.
func said(flaws []api.Flaw) string {
	var all []string
	for _, f := range flaws {
		all = append(all, fmt.Sprintf("%d:%d %s: %s", f.Line, f.Column, f.Severity, f.Message))
	}
	return strings.Join(all, "\n")
}

// The source is what is on disk now, whatever is at work.
func TestSourceIsWhatIsOnDisk(t *testing.T) {
	o := folder(t)
	file, rules := filepath.Join(o.Policies, "policies.cue"), filepath.Join(o.Policies, "decide.rego")
	ruled, web := strings.ReplaceAll(ruled, `, window: "5s"`, ""), strings.ReplaceAll(web, `, window: "5s"`, "") // which is warned of
	write(t, file, ruled)
	write(t, rules, wants("2"))
	a := begin(t, o)
	get := func() api.Source {
		t.Helper()
		s, err := a.Source(t.Context(), "web")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := get()
	if s.Kind != "file" || s.Path != file || s.Line != 1 || s.Language != "cue" || s.Text != ruled || s.Editable || s.Revision != a.atWork()[0].Revision || s.ETag == "" || len(s.Problems) > 0 ||
		len(s.Rules) != 1 || s.Rules[0].Name != rules || s.Rules[0].Text != wants("2") {
		t.Errorf("%+v", s)
	}
	for _, tt := range []struct {
		name  string
		write map[string]string // "": it is removed
		text  string            // empty: as before
		says  string
		rule  string // what is wrong in the rules
	}{
		{"a field", map[string]string{file: strings.Replace(ruled, "maxReplicas: 4", "maxReplicas: 0", 1)}, "maxReplicas: 0", "2:85 error: maxReplicas is 0; allowed", ""},
		{"syntax", map[string]string{file: "policies: web: {\n"}, "policies: web: {\n", "1:18 error: expected '}', found 'EOF'", ""},
		{"bytes", map[string]string{file: "policies: \xff"}, "policies: \uFFFD", "1:11 error: byte 0xff is not UTF-8; save the file as UTF-8", ""},
		{"a warning", map[string]string{file: strings.Replace(ruled, "rules:", "cooldownPeriod: 300, rules:", 1)}, "cooldownPeriod: 300", "2:104 warning: cooldownPeriod: 300 is 5h", ""},
		{"a warning of another policy", map[string]string{file: ruled + strings.NewReplacer("web", "db", "maxReplicas: 4", "maxReplicas: 4, cooldownPeriod: 300").Replace(web)}, "cooldownPeriod: 300", "", ""},
		{"the rules", map[string]string{rules: "package shop.decide\n\nrecommendation := 1 +\n"}, "", "", "error: "},
		{"another file", map[string]string{filepath.Join(o.Policies, "b.json"): `{"polices": {}}`}, "",
			"0:0 error: nothing that is changed here is taken up before another error is mended: " + filepath.Join(o.Policies, "b.json") + ":1:3: unknown field", ""},
		{"a file that is gone", map[string]string{file: ""}, "-", "0:0 error: the file can't be read: open " + file, ""},
		{"another one in its place", map[string]string{file: web}, web, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for path, text := range tt.write {
				if text == "" {
					if err := os.Remove(path); err != nil {
						t.Fatal(err)
					}
					continue
				}
				write(t, path, text)
			}
			s := get()
			if problems := said(s.Problems); !strings.Contains(problems, tt.says) || (problems == "") != (tt.says == "") {
				t.Errorf("wrong is %q, want %q", problems, tt.says)
			}
			if tt.text == "-" != (s.Text == "") || tt.text != "-" && !strings.Contains(s.Text, tt.text) {
				t.Errorf("the text is %q", s.Text)
			}
			if s.Revision != a.atWork()[0].Revision {
				t.Errorf("at work is %q", s.Revision)
			}
			if len(s.Rules) == 1 {
				if problems := said(s.Rules[0].Problems); !strings.Contains(problems, tt.rule) || (problems == "") != (tt.rule == "") {
					t.Errorf("wrong in the rules is %q", problems)
				}
			}
			write(t, file, ruled)
			write(t, rules, wants("2"))
			_ = os.Remove(filepath.Join(o.Policies, "b.json"))
		})
	}
	if _, err := a.Source(t.Context(), "wep"); err == nil || err.Error() != `there is no policy wep; did you mean "web"?` {
		t.Error(err)
	}
}

// Of a policy by API the source is its JSON, indented, with what is wrong at its place there.
func TestSourceOfOneByAPI(t *testing.T) {
	o, _ := place(t)
	a := attended(t, o)
	if _, _, err := a.PutPolicy(t.Context(), "db", simple("db", "db", `, "cooldownPeriod": 300`), "", "ana"); err != nil {
		t.Fatal(err)
	}
	s, err := a.Source(t.Context(), "db")
	if err != nil {
		t.Fatal(err)
	}
	p, err := a.Policy(t.Context(), "db")
	if err != nil || s.Kind != "api" || s.Path != "" || s.Language != "json" || !s.Editable || s.ETag != p.ETag || s.Revision != p.Revision || len(s.Rules) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	lines := strings.Split(s.Text, "\n")
	if len(s.Problems) != 1 || s.Problems[0].Severity != "warning" || lines[s.Problems[0].Line-1] != `  "cooldownPeriod": 300` || s.Problems[0].Column != 21 {
		t.Errorf("wrong is %q in\n%s", said(s.Problems), s.Text)
	}
	say(t, o, strings.Replace(web, "policies: web", "policies: db", 1)) // which wins once it is taken up
	if s, err = a.Source(t.Context(), "db"); err != nil || !strings.Contains(said(s.Problems), `error: a policy is called "db" already`) && s.Kind == "api" {
		t.Errorf("%+v, %v", s, err)
	}
}

// Nothing but what policies are read from is shown.
func TestSourceShowsNoOtherFile(t *testing.T) {
	o, _ := place(t)
	secret := filepath.Join(filepath.Dir(o.Policies), "secret.cue")
	write(t, secret, "password")
	a := begin(t, o)
	if text, wrong := textOf(o.Policies, secret, "web", a.set(), a.set()); text != "" || said(wrong) != "0:0 error: the file is not among those that policies are read from" {
		t.Errorf("%q, %s", text, said(wrong))
	}
	say(t, o, web+"config: notify: receivers: ops: {url: \"https://chat.example/hook/T0PSECRET\"}\n")
	l, err := Load(t.Context(), Here, o.Policies)
	if err != nil || len(l.Errors()) > 0 {
		t.Fatal(l.Errors(), err)
	}
	text, _ := textOf(o.Policies, o.Policies, "web", l, a.set())
	if strings.Contains(text, "T0PSECRET") || !strings.Contains(text, `{url: "https://chat.example/xxxxxxxxxxxxxx"}`) {
		t.Error(text)
	}
}

// As long as nothing changes nothing is read again.
func TestSourceIsReadOnce(t *testing.T) {
	o, _ := place(t)
	read := 0
	o.Read = func(ctx context.Context, path string, posted ...schema.Posted) (schema.Set, error) {
		read++
		return Here(ctx, path, posted...)
	}
	a := begin(t, o)
	for i, want := range []int{1, 1, 2, 2} {
		if i == 2 {
			say(t, o, web+"\n")
		}
		before := read
		for range 2 {
			if _, err := a.Source(t.Context(), "web"); err != nil {
				t.Fatal(err)
			}
		}
		if i%2 == 0 && read != before+1 || i%2 == 1 && read != before {
			t.Errorf("round %d: read %d times more, want %d in all", i, read-before, want)
		}
	}
}

// A link in the folder of policies is followed as far as the folder goes. The folder itself may be one.
func TestSourceFollowsNoLinkOut(t *testing.T) {
	o := folder(t)
	file, rules, outside := filepath.Join(o.Policies, "policies.cue"), filepath.Join(o.Policies, "decide.rego"), filepath.Join(t.TempDir(), "password.cue")
	write(t, outside, "hunter2")
	write(t, rules, wants("2"))
	if err := os.Mkdir(filepath.Join(o.Policies, "..data"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(o.Policies, "..data", "web.cue"), ruled)
	link := func(from, to string) {
		t.Helper()
		_ = os.Remove(from)
		if err := os.Symlink(to, from); err != nil {
			t.Fatal(err)
		}
	}
	link(file, filepath.Join("..data", "web.cue")) // as a volume of Kubernetes has it
	alias := filepath.Join(t.TempDir(), "policies")
	if err := os.Symlink(o.Policies, alias); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{o.Policies, alias} {
		if text, err := readText(at, filepath.Join(at, "policies.cue")); err != nil || text != ruled {
			t.Errorf("below %s: %q, %v", at, text, err)
		}
	}
	o.Policies = alias
	a := begin(t, o)
	link(rules, outside)
	s, err := a.Source(t.Context(), "web")
	if err != nil || s.Text != ruled || len(s.Rules) != 1 || s.Rules[0].Text != "" || !strings.Contains(said(s.Rules[0].Problems), "the file can't be read: open "+filepath.Join(alias, "decide.rego")+": path escapes") {
		t.Errorf("%+v, %v", s, err)
	}
	link(file, outside)
	if s, err = a.Source(t.Context(), "web"); err != nil || s.Text != "" || !strings.Contains(said(s.Problems), "the file can't be read: open "+filepath.Join(alias, "policies.cue")+": path escapes") {
		t.Errorf("%+v, %v", s, err)
	}
	if text, err := readText(file, file); err != nil || text != "hunter2" { // which is all that was named
		t.Errorf("%q, %v", text, err)
	}
}

func TestCrossedOut(t *testing.T) {
	prometheus := schema.Config{Sources: []schema.Source{{Name: "p", URL: "http://prometheus:9090/api"}}}
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", `policies: web: {url: "http://chat", note: "https://wiki/runbook"}`, `policies: web: {url: "http://chat", note: "https://wiki/runbook"}`},
		{"an address that nobody read", `ops: {url: "https://chat.example/T0P"`, `ops: {url: "https://chat.example/xxx"`},
		{"in JSON", `{"url": "https://chat.example/T0P/é"`, `{"url": "https://chat.example/xxxxxx"`},
		{"in YAML", "ops:\n  url: https://chat.example/T0P # ours\n", "ops:\n  url: https://chat.example/xxx # ours\n"},
		{"with a query alone", `url: "https://chat.example?key=1"`, `url: "https://chat.example` + "xxxxxx" + `"`},
		{"with a user", `url: "http://ana:pass@prometheus:9090"`, `url: "http://xxxxxxxxxxxxxxxxxxxxxxxx"`},
		{"put together", `url: "https://chat.example/\(_key)"`, `url: "https://chat.example/xxxxxxx"`},
		{"of a source", `url: "http://prometheus:9090/api"`, `url: "http://prometheus:9090/api"`},
		{"a password", `password: "hunter2"`, `password: "xxxxxxx"`},
		{"a token in JSON", `"token": "hunter2",`, `"token": "xxxxxxx",`},
		{"a password in YAML", "redis:\n  password: hunter 2\n  token: {env: T}\n", "redis:\n  password: xxxxxxxx\n  token: {env: T}\n"},
		{"where it is", `password: {env: "PASSWORD"}, token: file: "/run/secrets/token"`, `password: {env: "PASSWORD"}, token: file: "/run/secrets/token"`},
		{"of a comment", "// the token: ask ana\n# password: none\n", "// the token: ask ana\n# password: none\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := crossedOut(tt.text, prometheus); got != tt.want || len(got) != len(tt.text) {
				t.Errorf("%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// Whatever a text is, each line of it keeps its length, and what was crossed out stays so.
func FuzzCrossedOut(f *testing.F) {
	for _, seed := range []string{`url: "https://chat.example/T0P"`, "password: hunter2\n", `"token": 'é'`, "url: a://@b", "url: \"https://chat.example/\xff\"", ""} {
		f.Add(seed)
	}
	known := schema.Config{Notify: schema.Notify{Receivers: []schema.Receiver{{URL: "https://chat.example/T0P"}}}}
	f.Fuzz(func(t *testing.T, text string) {
		got := crossedOut(text, known)
		if strings.Contains(got, "chat.example/T0P") {
			t.Errorf("%q shows an address: %q", text, got)
		}
		if crossedOut(got, known) != got {
			t.Errorf("%q is another text the second time: %q", got, crossedOut(got, known))
		}
		lines, was := strings.Split(got, "\n"), strings.Split(text, "\n")
		if len(lines) != len(was) {
			t.Fatalf("%q has %d lines, want %d", got, len(lines), len(was))
		}
		for i := range lines {
			if len(lines[i]) != len(was[i]) {
				t.Errorf("line %d is %q, was %q", i+1, lines[i], was[i])
			}
		}
	})
}
