package app

import (
	"fmt"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/schema"
)

func TestSourcesOf(t *testing.T) {
	policy := func(driver string, metrics ...engine.Metric) engine.Policy {
		return engine.Policy{Name: "web", Service: "web", Target: engine.Place{Driver: driver}, Metrics: metrics}
	}
	from := func(name, source string) engine.Metric { return engine.Metric{Name: name, Source: source} }
	settings := []schema.Source{{Name: "prom", Type: "prometheus"}, {Name: "app", Type: "push"}}
	refused := health{reading: engine.Reading{Status: engine.Missing, Detail: "connection\nrefused"}, failed: true}
	stale := health{reading: engine.Reading{Status: engine.Stale, Detail: "3m old"}}
	for name, c := range map[string]struct {
		settings []schema.Source
		policies []engine.Policy
		ill      map[string]health // by metric
		want     string
	}{
		"none": {nil, nil, nil, ""},
		"nobody reads": {settings, nil, nil, `
prom prometheus 0/0 idle
app push 0/0 idle`},
		"all is well": {settings[:1], []engine.Policy{policy("compose", from("cpu", "system"), from("load", "prom"), engine.Metric{Name: "sum", Source: "custom", Expr: "cpu"})}, nil, `
docker docker 1/1 ok
prom prometheus 1/1 ok`},
		"the simulation beside Docker": {nil, []engine.Policy{policy("sim", from("cpu", "system")), policy("swarm", from("cpu", "system"), from("rate", "business"))}, nil, `
sim sim 1/1 ok
docker docker 1/1 ok
business scrape 1/1 ok`},
		"one that failed is worse than one that is old": {settings[:1], []engine.Policy{policy("compose", from("a", "prom"), from("b", "prom"), from("c", "prom"))},
			map[string]health{"a": stale, "b": refused}, `
prom prometheus 1/3 degraded b of web is missing: connection refused`},
		"none can be read": {settings[:1], []engine.Policy{policy("compose", from("a", "prom"), from("b", "prom"))},
			map[string]health{"a": stale, "b": stale}, `
prom prometheus 0/2 down a of web is stale: 3m old`},
	} {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			for _, s := range sourcesOf(c.settings, c.policies, func(_ engine.Policy, m engine.Metric) health {
				if h, is := c.ill[m.Name]; is {
					return h
				}
				return health{well: true}
			}) {
				fmt.Fprintf(&got, "\n%s %s %d/%d %s", s.Name, s.Kind, s.OK, s.Metrics, s.Status)
				if s.Trouble != "" {
					got.WriteString(" " + s.Trouble)
				}
			}
			if got.String() != c.want {
				t.Errorf("got%s\nwant%s", &got, c.want)
			}
		})
	}
}

// A source that can't be asked is down, and one that nobody has pushed to; a daemon that has gone says what it last knew.
func TestSourcesOfADaemon(t *testing.T) {
	o, _ := place(t)
	say(t, o, strings.Replace(web, `window: "5s"}]`, `window: "5s"}, {name: "depth", type: "queue_length", source: "shop", query: "LLEN jobs"}, {name: "jobs", type: "queue_length", source: "app"}]`, 1)+
		`config: sources: {shop: {type: "redis", url: "redis://127.0.0.1:1"}, app: {type: "push"}, spare: {type: "push"}}`)
	a := begin(t, o)
	for _, p := range a.atWork() {
		a.loop.Once(t.Context(), []engine.Policy{p}, 1)
	}
	told := func(all []api.SourceStatus, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, s := range all {
			words = append(words, s.Name+" "+s.Status)
			if (s.Trouble != "") != (s.Status == "down") {
				t.Errorf("of %s it says %q", s.Name, s.Trouble)
			}
		}
		return strings.Join(words, ", ")
	}
	if got, want := told(a.Sources(t.Context())), "sim ok, shop down, app down, spare idle"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
