package app

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/flyball-dev/flyball/rego"
	"github.com/flyball-dev/flyball/schema"
)

func readHere(_ context.Context, path string, _ ...schema.Posted) (schema.Set, error) {
	return schema.Load(path, nil)
}

// Whatever the policies are, what is laid down beside them compiles, is held to their metrics, and passes its own tests.
func TestInitRules(t *testing.T) {
	const head = `service: "web", minReplicas: 1, maxReplicas: 3, metrics: [{name: "cpu", type: "cpu", source: "system"}], `
	for name, c := range map[string]struct {
		policy, pkg string
		want        string
		named       bool
	}{
		"nothing there":           {want: "shop.web", named: true},
		"nothing there, a name":   {pkg: "acme.shop.cart", want: "acme.shop.cart", named: true},
		"thresholds":              {policy: head + `thresholds: [{metric: "cpu", scaleUp: 70, scaleDown: 20}]`, want: "shop.web"},
		"targets":                 {policy: head + `strategy: "target_tracking", thresholds: [{metric: "cpu", target: 70}]`, want: "shop.web"},
		"bands":                   {policy: head + `strategy: "step", thresholds: [{metric: "cpu", bands: [{above: 70, add: 1}]}]`, want: "shop.web"},
		"a package that is named": {policy: head + `rules: "acme.decide", thresholds: [{metric: "cpu", target: 70}]`, want: "acme.decide", named: true},
		"beside a strategy":       {policy: head + `strategy: "threshold", rules: "acme.decide", thresholds: [{metric: "cpu", scaleUp: 70, scaleDown: 20}]`, want: "acme.decide", named: true},
		"a word of Rego's":        {policy: `service: "default", minReplicas: 1, maxReplicas: 3, metrics: [{name: "cpu", type: "cpu", source: "system"}], thresholds: [{metric: "cpu", scaleUp: 70, scaleDown: 20}]`, want: "shop.service_default"},
		"a name with dashes":      {policy: `service: "2nd-web.api", minReplicas: 1, maxReplicas: 3, metrics: [{name: "cpu", type: "cpu", source: "system"}], thresholds: [{metric: "cpu", scaleUp: 70, scaleDown: 20}]`, want: "shop.service_2nd_web_api"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "conf")
			if c.policy != "" {
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, "a.cue"), []byte("policies: a: {"+c.policy+"}\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			s, err := InitRules(t.Context(), readHere, dir, c.pkg)
			if err != nil || s.Package != c.want || s.Named != c.named {
				t.Fatalf("package %s, named %v, %v; want %s, %v", s.Package, s.Named, err, c.want, c.named)
			}
			loaded, err := Load(t.Context(), readHere, dir)
			if err != nil || len(loaded.Problems) > 0 {
				t.Fatal(err, loaded.Problems)
			}
			report, err := rego.Test(t.Context(), files(loaded.Set.Rules), files(loaded.Tests))
			if err != nil || report.Failed() || len(report.Cases) != 3 || report.Coverage.Percent < 100 {
				t.Errorf("%v, %+v", err, report)
			}
		})
	}
}
