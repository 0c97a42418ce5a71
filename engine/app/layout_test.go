package app

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/flyball-dev/flyball/"

// The folders point in one direction: engine ◀ guard ◀ control ◀ app, and adapters know engine alone.
func TestImportsPointOneWay(t *testing.T) {
	allowed := map[string][]string{
		"engine":               {},
		"engine/guard":         {"engine"},
		"engine/control":       {"engine", "engine/guard", "engine/metrics/formula"},
		"engine/explain":       {"engine", "engine/guard", "engine/control"},
		"engine/replay":        {"engine", "engine/control", "engine/guard", "engine/store"},
		"engine/scenario":      {"engine", "engine/control"},
		"engine/sim":           {},
		"engine/backtest":      {"engine", "engine/control", "engine/guard", "engine/metrics", "engine/metrics/formula", "engine/sim"},
		"engine/metrics":       {"engine"},
		"schema":               {"engine", "engine/metrics/formula"},
		"schema/convert":       {"engine", "schema"},
		"rego":                 {"engine"},
		"engine/report":        {"engine"},
		"engine/setup":         {},
		"engine/trend":         {"engine", "engine/metrics/formula"},
		"engine/diff":          {"engine"},
		"engine/notify":        {"engine", "engine/store"},
		"engine/api":           {"engine", "engine/api/auth", "engine/api/dashboard", "engine/diff", "engine/report", "engine/store"},
		"engine/api/auth":      {"engine", "engine/store"},
		"engine/api/dashboard": {},

		"engine/monitor": {"engine", "engine/api", "engine/api/auth", "engine/store"},
		"engine/app":     nil, // everything
		"cmd/flyball":    {"engine", "engine/api", "engine/api/dashboard", "engine/app", "engine/backtest", "engine/diff", "engine/monitor", "engine/replay", "engine/report", "engine/store"},

		"engine/metrics/formula":    {"engine"},
		"engine/metrics/poll":       {"engine"},
		"engine/metrics/docker":     {"engine", "engine/target/docker"},
		"engine/metrics/prometheus": {"engine", "engine/metrics/poll", "engine/metrics/prometheus/query"},
		"engine/metrics/scrape":     {"engine", "engine/metrics/poll", "engine/metrics/prometheus/query"},
		"engine/metrics/redis":      {"engine", "engine/metrics/poll", "engine/wire"},

		"engine/metrics/prometheus/query": {"engine/metrics/poll"},
		"engine/metrics/sql":              {"engine"},
		"engine/metrics/http":             {"engine", "engine/metrics/poll"},
		"engine/metrics/push":             {"engine"},
		"engine/wire":                     {},
		"engine/telemetry":                {"engine", "engine/guard"},
		"engine/store":                    {"engine"},
		"engine/store/chunk":              {"engine"},
		"engine/store/series":             {"engine", "engine/store", "engine/store/chunk"},
		"engine/store/sqlite":             {"engine", "engine/store", "engine/store/chunk", "engine/store/series"},
		"engine/store/redis":              {"engine", "engine/store", "engine/store/chunk", "engine/store/series", "engine/wire"},
		"engine/target/docker":            {"engine"},
		"engine/target/compose":           {"engine", "engine/target/docker"},
		"engine/target/swarm":             {"engine", "engine/target/docker"},
		"engine/target/sim":               {"engine", "engine/sim"},
	}
	owners := map[string][]string{
		"cuelang.org/go":                      {"schema", "schema/convert"},
		"github.com/hashicorp/hcl":            {"schema/convert"},
		"github.com/open-policy-agent/opa":    {"rego"},
		"golang.org/x/tools":                  {"schema"},
		"golang.org/x/crypto":                 {"engine/api/auth", "cmd/flyball"},
		"modernc.org/sqlite":                  {"engine/store/sqlite", "engine/metrics/sql"},
		"github.com/prometheus/prometheus":    {"engine/metrics/prometheus", "engine/metrics/prometheus/query", "engine/metrics/scrape"},
		"github.com/redis/go-redis":           {"engine/metrics/redis", "engine/store/redis"},
		"github.com/jackc/pgx":                {"engine/metrics/sql"},
		"github.com/go-sql-driver/mysql":      {"engine/metrics/sql"},
		"github.com/danielgtaylor/huma":       {"engine/api"},
		"github.com/docker/docker":            {"engine/target/docker", "engine/target/compose", "engine/target/swarm", "engine/metrics/docker"},
		"github.com/prometheus/client_golang": {"engine/telemetry"},
		"github.com/hashicorp/go-retry":       {"engine/notify"},
		"github.com/chromedp":                 {}, // tests alone
		"charm.land":                          {"engine/monitor"},
		"github.com/charmbracelet":            {"engine/monitor"},
	}
	pure := []string{"engine", "engine/guard", "engine/sim", "engine/metrics", "engine/backtest", "engine/replay", "engine/trend"}
	world := []string{"os", "os/exec", "net", "net/http", "io/fs"}
	seen := map[string]bool{}
	for _, p := range packages(t) {
		name, ours := strings.CutPrefix(p.ImportPath, module)
		if !ours || strings.HasPrefix(name, "examples/") || strings.HasSuffix(name, "test") && name != "engine/backtest" || strings.HasPrefix(name, "engine/target/dockertest") {
			continue
		}
		seen[name] = true
		may, known := allowed[name]
		if !known {
			t.Errorf("%s has no place in the layout", name)
			continue
		}
		for _, i := range p.Imports {
			of, ours := strings.CutPrefix(i, module)
			if ours && may != nil && !slices.Contains(may, of) {
				t.Errorf("%s imports %s", name, of)
			}
			for prefix, of := range owners {
				if strings.HasPrefix(i, prefix) && !slices.Contains(of, name) {
					t.Errorf("%s imports %s, which is for %s alone", name, i, strings.Join(of, " and "))
				}
			}
			if slices.Contains(pure, name) && slices.Contains(world, i) {
				t.Errorf("%s imports %s: it is pure", name, i)
			}
			if name == "engine" && strings.Contains(i, ".") {
				t.Errorf("engine imports %s: the standard library only", i)
			}
		}
	}
	for name := range allowed {
		if !seen[name] {
			t.Errorf("%s is in the layout, but not there", name)
		}
	}
}

type listed struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	d := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
