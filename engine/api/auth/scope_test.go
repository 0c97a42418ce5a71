package auth

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestScopes(t *testing.T) {
	for scope, want := range map[string]string{
		"push":           "",
		"push:web":       "",
		"scale:shop/web": "",
		"":               `no action ""; there are read, audit`,
		"psuh":           `no action "psuh"; there are read, audit, push, scale, pause, switch, policies, accounts, store, notify; did you mean "push"?`,
		"push:":          "names no service; write it as push:web, or push for all services",
		"push:a b":       "names no service",
		"push:*":         "names no service",
		":web":           `no action ""`,
		" push":          "no action",
	} {
		if err := CheckScope(scope); (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", scope, err, want)
		}
	}
}

func TestCovers(t *testing.T) {
	for name, c := range map[string]struct {
		scopes          string
		action, service string
		want            bool
	}{
		"none narrow nothing":        {"", Scale, "web", true},
		"the action":                 {"push", Push, "web", true},
		"the action on nothing":      {"push", Push, "", true},
		"another action":             {"push", Scale, "web", false},
		"the service":                {"push:web", Push, "web", true},
		"another service":            {"push:web", Push, "api", false},
		"no service":                 {"push:web", Push, "", false},
		"another action on the same": {"push:web", Scale, "web", false},
		"one of several":             {"read push:web", Push, "web", true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := covers(strings.Fields(c.scopes), c.action, c.service); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// More scopes never take away, and those that are there never let through what no scope names.
func TestScopesNarrow(t *testing.T) {
	service := rapid.SampledFrom([]string{"", "web", "api"})
	scope := rapid.Custom(func(t *rapid.T) string {
		action := rapid.SampledFrom(Actions()).Draw(t, "action")
		if s := service.Draw(t, "service"); s != "" {
			return action + ":" + s
		}
		return action
	})
	rapid.Check(t, func(t *rapid.T) {
		scopes := rapid.SliceOfN(scope, 1, 5).Draw(t, "scopes")
		action, of := rapid.SampledFrom(Actions()).Draw(t, "asked"), service.Draw(t, "of")
		allowed := covers(scopes, action, of)
		if more := covers(append(slices.Clone(scopes), scope.Draw(t, "more")), action, of); allowed && !more {
			t.Errorf("a scope more takes %s of %q away", action, of)
		}
		named := slices.ContainsFunc(scopes, func(s string) bool { return s == action || s == action+":"+of })
		if allowed != named {
			t.Errorf("%v: %s of %q is %v", scopes, action, of, allowed)
		}
	})
}

func TestMayGive(t *testing.T) {
	for name, c := range map[string]struct{ role, scopes, given, narrowed, want string }{
		"all of it":             {Admin, "", Admin, "", ""},
		"less":                  {Operator, "", Viewer, "read", ""},
		"the default":           {Viewer, "", "", "", ""},
		"a higher role":         {Operator, "", Admin, "", "role admin is above operator"},
		"a role of nobody":      {"", "", Viewer, "", "role viewer is above"},
		"a part of the scopes":  {Admin, "accounts push", Admin, "push:web accounts", ""},
		"more than the scopes":  {Admin, "accounts push:web", Admin, "push", "does not include push"},
		"everything from a few": {Admin, "accounts", Viewer, "", "would be for everything"},
	} {
		t.Run(name, func(t *testing.T) {
			err := MayGive(c.role, strings.Fields(c.scopes), c.given, strings.Fields(c.narrowed))
			if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func FuzzScope(f *testing.F) {
	for _, seed := range []string{"", "push", "push:web", "push:web:80", "push:\n", "PUSH", ":"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, scope string) {
		if CheckScope(scope) != nil {
			return
		}
		action, service, _ := strings.Cut(scope, ":")
		if !slices.Contains(Actions(), action) || !covers([]string{scope}, action, service) {
			t.Errorf("%q is taken, and covers nothing", scope)
		}
	})
}

func TestNewToken(t *testing.T) {
	for name, c := range map[string]struct {
		token NewToken
		want  string
	}{
		"right":          {NewToken{Name: "ci", Role: Viewer, Scopes: []string{"read"}, Expires: start.Add(time.Hour)}, ""},
		"no name":        {NewToken{Role: Viewer}, "name is empty"},
		"a blank name":   {NewToken{Name: " ci", Role: Viewer}, "blanks around"},
		"a broken line":  {NewToken{Name: "c\ni", Role: Viewer}, "can't be printed"},
		"a long name":    {NewToken{Name: strings.Repeat("ü", 101), Role: Viewer}, "name has 101 characters"},
		"no role":        {NewToken{Name: "ci"}, `role is ""; allowed are viewer, operator, admin`},
		"another role":   {NewToken{Name: "ci", Role: "opreator"}, `did you mean "operator"?`},
		"another scope":  {NewToken{Name: "ci", Role: Viewer, Scopes: []string{"read", "write"}}, `no action "write"`},
		"many scopes":    {NewToken{Name: "ci", Role: Viewer, Scopes: make([]string, 101)}, "there are 101 scopes"},
		"it has expired": {NewToken{Name: "ci", Role: Viewer, Expires: start}, "expires is 2026-11-27T09:00:00Z, which is over"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.token.Check(start); (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
