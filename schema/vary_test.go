package schema

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

const varied = `
config: sources: app: type: "push"

policies: web: {
	service:     "web"
	minReplicas: 1
	maxReplicas: 5
	strategy: ["threshold", "step"]
	metrics: [
		{name: "cpu_usage", type: "cpu", source: "system"},
		{name: "jobs", type: "queue_length", source: "app"},
	]
	thresholds: [
		{metric: "cpu_usage", scaleUp: 70, scaleDown: 25},
		{metric: "jobs", bands: [{above: 10, add: 1}, {above: 20, add: 2}]},
	]
}
`

func loadVaried(t testing.TB) Set {
	t.Helper()
	path := filepath.Join(t.TempDir(), "web.cue")
	if err := os.WriteFile(path, []byte(varied), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := Load(path, nil)
	if err != nil || len(set.Errors()) > 0 {
		t.Fatal(err, set.Errors())
	}
	return set
}

func TestVary(t *testing.T) {
	set := loadVaried(t)
	for name, tc := range map[string]struct {
		changes []Change
		want    func(p *engine.Policy)
	}{
		"a number":             {[]Change{{"maxReplicas", "9"}}, func(p *engine.Policy) { p.MaxReplicas = 9 }},
		"an element of a list": {[]Change{{"thresholds[0].scaleUp", "80"}}, func(p *engine.Policy) { p.Thresholds[0].ScaleUp = 80 }},
		"a list in a list": {[]Change{{"thresholds[1].bands[1].above", "30.5"}}, func(p *engine.Policy) {
			*p.Bands[0].Bands[1].Above = 30.5
		}},
		"a text": {[]Change{{"evaluationInterval", "45s"}}, func(p *engine.Policy) { p.EvaluationInterval = 45 * time.Second }},
		"a field that nobody wrote yet, in one that nobody wrote yet": {
			[]Change{{"stabilization.down", "7m"}}, func(p *engine.Policy) { p.Stabilization.Down = 7 * time.Minute },
		},
		"a whole list, in JSON": {
			[]Change{{"thresholds", `[{"metric":"cpu_usage","scaleUp":60,"scaleDown":20}]`}, {"strategy", "threshold"}},
			func(p *engine.Policy) {
				p.Thresholds = []engine.Threshold{{Metric: "cpu_usage", ScaleUp: 60, ScaleDown: 20, Comparison: engine.GreaterThan}}
				p.Bands, p.Strategies = nil, []string{"threshold"}
			},
		},
		"several":                        {[]Change{{"maxReplicas", "9"}, {"minReplicas", "7"}}, func(p *engine.Policy) { p.MinReplicas, p.MaxReplicas = 7, 9 }},
		"the later of two for one field": {[]Change{{"maxReplicas", "9"}, {"maxReplicas", "8"}}, func(p *engine.Policy) { p.MaxReplicas = 8 }},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := set.Vary("web", tc.changes, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := loadVaried(t).Policies[0] // a copy of its own
			tc.want(&want)
			// what tells a policy from another follows from the rest
			want.File, want.Revision = got.File, got.Revision
			for i := range want.Metrics {
				want.Metrics[i].Origin = got.Metrics[i].Origin
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got\n%+v, want\n%+v", got, want)
			}
			if got.Revision == set.Policies[0].Revision {
				t.Error("it has the revision of the one that it was made from")
			}
		})
	}
	if again := loadVaried(t); !reflect.DeepEqual(again.Written["web"], set.Written["web"]) {
		t.Error("what was written is not as it was")
	}
}

func TestVarySaysWhatIsWrong(t *testing.T) {
	set := loadVaried(t)
	for name, tc := range map[string]struct {
		path, value string
		want        []string
	}{
		"no such field":              {"scaleUp", "80", []string{"policy web with scaleUp=80: ", "scaleUp"}},
		"none in a list":             {"thresholds[2].scaleUp", "80", []string{"field thresholds[2].scaleUp of policy web: no element [2]; there are 2"}},
		"below the first":            {"thresholds[-1].scaleUp", "80", []string{"no element [-1]; there are 2"}},
		"no number":                  {"thresholds[x].scaleUp", "80", []string{"no element [x]; there are 2"}},
		"an open bracket":            {"thresholds[0.scaleUp", "80", []string{"no element [0"}},
		"an index where is no list":  {"maxReplicas[0]", "80", []string{"no element [0]; there are 0"}},
		"a field where is a list":    {"thresholds.scaleUp", "80", []string{"nothing can be called scaleUp in a list or a plain value"}},
		"a field in a plain value":   {"maxReplicas.up", "80", []string{"nothing can be called up in a list or a plain value"}},
		"a value of the wrong kind":  {"maxReplicas", "many", []string{"policy web with maxReplicas=many: ", "maxReplicas"}},
		"a value out of its range":   {"minReplicas", "0", []string{"policy web with minReplicas=0: ", "minReplicas"}},
		"fields that do not agree":   {"minReplicas", "6", []string{"policy web with minReplicas=6: ", "minReplicas"}},
		"no path":                    {"", "1", []string{"policy web"}},
		"another name":               {"name", "shop", []string{"policy web"}},
		"the metric of a threshold":  {"thresholds[0].metric", "cpu", []string{"policy web with thresholds[0].metric=cpu: ", "cpu"}},
		"nothing in the place of it": {"thresholds", "null", []string{"policy web with thresholds=null: "}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := set.Vary("web", []Change{{tc.path, tc.value}}, nil)
			if err == nil {
				t.Fatalf("it is fine: %+v", p)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v\nwant %s in it", err, want)
				}
			}
		})
	}
	if _, err := set.Vary("shop", nil, nil); err == nil || !strings.Contains(err.Error(), "policy shop") {
		t.Errorf("a policy that is not there: %v", err)
	}
}

// Whatever is asked for, it is a policy of that name that holds what it must, or an error.
func FuzzVary(f *testing.F) {
	set := loadVaried(f)
	for _, seed := range [][2]string{
		{"maxReplicas", "9"}, {"thresholds[0].scaleUp", "1e999"}, {"a..b", "1"}, {"[0]", "1"}, {".", "{}"}, {"thresholds[0]", "null"},
		{"thresholds[99999999999999999999].x", "1"}, {"metrics[0][0]", "1"}, {"name", "\"\""}, {"service", "\x00"}, {"strategy[0]", "predictive"},
		{"maxReplicas", strings.Repeat("[", 500)}, {"metrics[0].expr", "cpu_usage /"}, {"rules", "shop.x"}, {"policies.web", "{}"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, path, value string) {
		p, err := set.Vary("web", []Change{{path, value}}, nil)
		if err == nil && (p.Name != "web" || p.MinReplicas < 1 || p.MaxReplicas < p.MinReplicas || len(p.Metrics) == 0) {
			t.Errorf("%+v", p)
		}
		if !json.Valid(set.Written["web"]) {
			t.Error("what was written is lost")
		}
	})
}
