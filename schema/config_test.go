package schema

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSharedStore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "flyball.cue")
	text := `config: store: {
	url:       "rediss+sentinel://one:26379,two:26379/main?prefix=shop"
	username:  "flyball"
	password:  file: "/run/secrets/redis"
	lease:     "30s"
	auditDays: 90
}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := Load(file, nil)
	if err != nil || len(set.Problems) > 0 {
		t.Fatal(set.Problems, err)
	}
	want := SharedStore{
		URL: "rediss+sentinel://one:26379,two:26379/main?prefix=shop", Username: "flyball",
		Password: Secret{File: "/run/secrets/redis"}, Lease: 30 * time.Second,
	}
	if set.Config.Store != want || set.Config.AuditDays != 90 || set.Config.StorePath != "" {
		t.Errorf("got %+v, audit for %d days, path %q; want %+v, 90 and none", set.Config.Store, set.Config.AuditDays, set.Config.StorePath, want)
	}
}

// inFolder writes files, and loads the folder that they are in.
func inFolder(t *testing.T, files map[string]string) (Set, string) {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set, err := Load(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	return set, root
}

func TestAPI(t *testing.T) {
	set, _ := inFolder(t, map[string]string{"flyball.cue": `config: api: {
	listen: ":5001", tlsCert: "cert.pem", tlsKey: "key.pem", adminToken: file: "/run/secrets/admin", openMetrics: true, session: "8h"
}`})
	want := API{Listen: ":5001", TLSCert: "cert.pem", TLSKey: "key.pem", AdminToken: Secret{File: "/run/secrets/admin"}, OpenMetrics: true, Session: 8 * time.Hour}
	if len(set.Problems) > 0 || set.Config.API != want {
		t.Errorf("got %+v, %v", set.Config.API, set.Problems)
	}
}

func TestAPIThatCannotBe(t *testing.T) {
	for written, want := range map[string]string{
		`listen: "5001"`:                    `config.api.listen is "5001"; allowed: an address such as 127.0.0.1:5001 or :5001, or none`,
		`listen: "localhost:http"`:          "config.api.listen is",
		`listen: "localhost:65536"`:         "config.api.listen is",
		`listen: "http://localhost:80"`:     "config.api.listen is",
		`listen: 5001`:                      "config.api.listen is",
		`tlsCert: "x"`:                      "config.api.tlsCert stands without tlsKey; write both",
		`tlsKey: "x"`:                       "config.api.tlsKey stands without tlsCert; write both",
		`authz: "authz.cue"`:                `config.api.authz is "authz.cue"; allowed: the path of a .rego file`,
		`authz: "authz.rego"`:               "no such file or directory",
		`adminToken: "0123456789abcdef"`:    "config.api.adminToken is a text that may be a secret",
		`adminToken: {}`:                    "config.api.adminToken names neither env nor file",
		`adminToken: {env: "A", file: "b"}`: "config.api.adminToken names both env and file",
		`openMetrics: "yes"`:                `config.api.openMetrics is "yes"; allowed: true or false`,
		`session: "30s"`:                    `config.api.session is "30s"; allowed: a duration from 1m to 168h`,
		`session: "169h"`:                   "config.api.session is",
		`lisen: ":1"`:                       "did you mean",
	} {
		set, root := inFolder(t, map[string]string{"flyball.cue": "config: api: {" + written + "}"})
		if len(set.Problems) != 1 || !strings.Contains(set.Problems[0].Message, want) || !strings.HasPrefix(set.Problems[0].String(), root+"/flyball.cue:") {
			t.Errorf("%s: got %v, want %q", written, set.Problems, want)
		}
	}
	set, _ := inFolder(t, map[string]string{"a.cue": "package a\nconfig: api: openMetrics: true\n", "b.cue": "package b\nconfig: api: openMetrics: false\n"})
	if len(set.Problems) != 1 || !strings.Contains(set.Problems[0].Message, "config.api.openMetrics is false, and true at") {
		t.Errorf("files disagree: %v", set.Problems)
	}
}

// The rules of access are none of the rules that policies name, and their tests none of those.
func TestAuthzIsTakenApart(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "other.rego")
	if err := os.WriteFile(outside, []byte("package flyball.authz\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		authz, want string
		tests       int
	}{
		"below the folder": {"access/authz.rego", "access/authz.rego", 1},
		"with a dot":       {"./access/../access/authz.rego", "access/authz.rego", 1},
		"elsewhere":        {outside, outside, 0},
	} {
		t.Run(name, func(t *testing.T) {
			set, root := inFolder(t, map[string]string{
				"flyball.cue":            fmt.Sprintf("config: api: authz: %q", c.authz),
				"access/authz.rego":      "package flyball.authz\n",
				"access/authz_test.rego": "package flyball.authz_test\n",
				"web.rego":               "package shop.web\n",
				"web_test.rego":          "package shop.web_test\n",
			})
			want := c.want
			if !filepath.IsAbs(want) {
				want = filepath.Join(root, want)
			}
			left := 4 - 2*c.tests // of two rules and two tests
			if len(set.Problems) > 0 || set.Authz.File.Path != want || len(set.Authz.Tests) != c.tests || len(set.Rules)+len(set.Tests) != left {
				t.Errorf("got %+v, and %d rules and %d tests, %v", set.Authz, len(set.Rules), len(set.Tests), set.Problems)
			}
			if !slices.Contains(set.Files, want) {
				t.Errorf("%s is not among the files: %v", want, set.Files)
			}
		})
	}
}
