package schema

import (
	"os"
	"path/filepath"
	"testing"
)

// A policy that the author's rules answer has the revision of both, wherever the files are; one that they do not answer has
// that of the policy alone.
func TestRevisionOfRules(t *testing.T) {
	const policies = `
policies: [string]: {service: "web", minReplicas: 1, maxReplicas: 3}
policies: shipped: {metrics: [{name: "cpu", type: "cpu", source: "system"}], thresholds: [{metric: "cpu", scaleUp: 70, scaleDown: 20}]}
policies: ruled: rules: "shop.checkout"
policies: beside: {strategy: ["schedule", "shop.checkout"], schedule: [{from: "08:00", to: "20:00", minReplicas: 2}]}
policies: computed: {
	metrics: [{name: "load", type: "custom", source: "custom", rule: "shop.load"}]
	thresholds: [{metric: "load", scaleUp: 70, scaleDown: 20}]
}
`
	files := map[string]string{"policies.cue": policies, "shop.rego": "package shop", "more/other.rego": "package other"}
	revisions := func(changes map[string]string) map[string]string {
		t.Helper()
		dir := t.TempDir()
		for _, from := range []map[string]string{files, changes} {
			for name, text := range from {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
					t.Fatal(err)
				}
				write(t, filepath.Join(dir, name), []byte(text))
			}
		}
		set, err := Load(dir, nil)
		if err != nil || len(set.Errors()) > 0 {
			t.Fatal(set.Problems, err)
		}
		all := map[string]string{}
		for _, p := range set.Policies {
			all[p.Name] = p.Revision
		}
		return all
	}
	plain := revisions(nil)
	if len(plain) != 4 {
		t.Fatalf("revisions %v", plain)
	}
	for _, c := range []struct {
		name    string
		changes map[string]string
		another bool // revision of a policy that asks the author's rules
	}{
		{"the same in another folder", nil, false},
		{"a rule that is asked", map[string]string{"shop.rego": "package shop\n"}, true},
		{"one that may be imported", map[string]string{"more/other.rego": "package other\n"}, true},
		{"one more", map[string]string{"new.rego": "package new"}, true},
		{"a test", map[string]string{"shop_test.rego": "package shop_test"}, false},
		{"a copy of the library", map[string]string{"flyball/lib.rego": "# copied\npackage flyball.lib"}, false},
		{"a name that only begins like the library's", map[string]string{"own.rego": "package flyballs.lib"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, now := range revisions(c.changes) {
				if want := c.another && name != "shipped"; (now != plain[name]) != want {
					t.Errorf("policy %s: another revision: %v, want %v", name, !want, want)
				}
			}
		})
	}
}
