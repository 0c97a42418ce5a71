package diff

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"pgregory.net/rapid"
)

// whole is a policy that says something in every field.
func whole() engine.Policy {
	return engine.Policy{
		Name: "web", Service: "web", Target: engine.Place{Driver: "compose", Project: "shop"}, Enabled: true, Mode: engine.Live,
		MinReplicas: 2, MaxReplicas: 9, ScaleUpBy: 2, ScaleDownBy: 1, MaxStep: 3,
		Metrics: []engine.Metric{
			{Name: "cpu", Type: "cpu", Source: "system", Origin: "a", Service: "web", Query: "q", Expr: "1", Rule: "shop.load", Aggregation: "avg",
				Window: time.Minute, StaleAfter: 2 * time.Minute, Weight: 1, Scope: engine.PerReplica, OnMissing: "hold", Floor: 1},
		},
		Thresholds: []engine.Threshold{{Metric: "cpu", ScaleUp: 70, ScaleDown: 25, Comparison: engine.GreaterThan}},
		Targets:    []engine.Target{{Metric: "cpu", Value: 60, Tolerance: 0.1}},
		Bands:      []engine.Bands{{Metric: "cpu", Bands: []engine.Band{{Above: new(90.0), Add: 2}, {Below: new(20.0), Remove: 1}}}},
		Strategies: []string{"threshold"},
		Schedule: []engine.Window{
			{Name: "office", Days: []time.Weekday{1, 2}, Dates: []string{"2026-11-27"}, From: 8 * time.Hour, To: 18 * time.Hour,
				MinReplicas: 3, MaxReplicas: 6, Pause: "sale", Prewarm: time.Minute},
		},
		Rates: engine.Rates{
			Up:   engine.Pace{Limits: []engine.Rate{{Replicas: 4, Period: time.Minute}, {Percent: 50, Period: time.Minute}}},
			Down: engine.Pace{Limits: []engine.Rate{{Replicas: 4, Period: time.Minute}, {Percent: 50, Period: time.Minute}}},
		},
		Forecast:      engine.Forecast{Season: 24 * time.Hour, Horizon: 5 * time.Minute},
		MinConfidence: 0.5, EvaluationInterval: time.Minute,
		Cooldown: engine.UpDown{Up: time.Minute, Down: 2 * time.Minute}, Stabilization: engine.UpDown{Up: time.Minute, Down: time.Minute},
		Rollout: engine.Rollout{ReadyDeadline: time.Minute, MinReady: time.Second, Warmup: time.Second, DrainDelay: time.Second,
			Drain: engine.Drain{Exec: []string{"drain"}, HTTP: &engine.Call{Method: "POST", Port: 80, Path: "/"}, Timeout: time.Second}},
		File: "web.cue:1", Revision: "abc",
	}
}

// unsaid are the fields that are no difference, with the reason.
var unsaid = map[string]string{
	"File":             "where it is written",
	"Revision":         "a hash of all the others",
	"Metrics[].Origin": "a hash of how the source is set up, which the diff of the config tells",
}

// leaf is one value within a policy.
type leaf struct {
	path string
	v    reflect.Value
}

// leaves are all of them, within lists and behind pointers too.
func leaves(path string, v reflect.Value) []leaf {
	var all []leaf
	switch {
	case v.Type() == reflect.TypeFor[engine.Zone]():
		return []leaf{{path, v}}
	case v.Kind() == reflect.Pointer && !v.IsNil():
		return leaves(path, v.Elem())
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if path != "" {
				name = path + "." + name
			}
			all = append(all, leaves(name, v.Field(i))...)
		}
		return all
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			all = append(all, leaves(path+"[]", v.Index(i))...)
		}
		return all
	}
	return []leaf{{path, v}}
}

// alter gives a leaf another value; false: it is a pointer to nothing.
func (l leaf) alter(t interface{ Fatalf(string, ...any) }) bool {
	switch v := l.v; v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int:
		v.SetInt(v.Int() + 1)
	case reflect.Int64:
		v.SetInt(v.Int() + int64(time.Minute))
	case reflect.Float64:
		v.SetFloat(v.Float() + 1)
	case reflect.Pointer:
		return false
	case reflect.Struct:
		zone, err := engine.ParseZone("Europe/Prague")
		if err != nil {
			t.Fatalf("%v", err)
		}
		v.Set(reflect.ValueOf(zone))
	default:
		t.Fatalf("%s is a %s, which this test can't alter", l.path, v.Kind())
	}
	return true
}

func of(old, new engine.Policy) []Policy {
	return Of(Side{Policies: []engine.Policy{old}}, Side{Policies: []engine.Policy{new}})
}

// A field that is added to engine.Policy is compared, or has a reason not to be.
func TestEveryFieldIsCompared(t *testing.T) {
	told := map[string]bool{}
	base := whole()
	for i := range leaves("", reflect.ValueOf(&base)) {
		p := whole()
		l := leaves("", reflect.ValueOf(&p))[i]
		if l.alter(t) {
			told[l.path] = told[l.path] || len(of(whole(), p)) > 0
		}
	}
	for path, is := range told {
		if reason := unsaid[path]; is == (reason != "") {
			t.Errorf("%s: told %t, though the reason to leave it out is %q", path, is, reason)
		}
	}
	zero := reflect.New(reflect.TypeFor[engine.Policy]()).Elem()
	for _, f := range slices.Sorted(maps.Keys(fieldNames(zero.Type()))) {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(told)), func(path string) bool { return regexp.MustCompile(`^` + f + `\b`).MatchString(path) }) {
			t.Errorf("whole() says nothing in %s", f)
		}
	}
}

func fieldNames(t reflect.Type) map[string]bool {
	all := map[string]bool{}
	for i := range t.NumField() {
		all[t.Field(i).Name] = true
	}
	return all
}

// altered is whole with some of its leaves altered, and with its lists in another order.
func altered(t *rapid.T) engine.Policy {
	p := whole()
	for _, name := range []string{"memory", "rate"} {
		p.Metrics = append(p.Metrics, engine.Metric{Name: name, Service: p.Service, Window: time.Minute, StaleAfter: 2 * time.Minute})
		p.Thresholds = append(p.Thresholds, engine.Threshold{Metric: name, ScaleUp: 2}, engine.Threshold{Metric: name, ScaleUp: 3})
	}
	p.Schedule = append(p.Schedule, engine.Window{Name: "00:00 to 24:00 UTC", To: 24 * time.Hour, MinReplicas: 4})
	for _, l := range leaves("", reflect.ValueOf(&p)) {
		if l.path != "Name" && rapid.IntRange(0, 9).Draw(t, "alter "+l.path) == 0 {
			l.alter(t)
		}
	}
	for i := range p.Metrics {
		p.Metrics[i].Rule = "" // which sees those above it, so that the order matters
	}
	return p
}

func TestWhereItStandsIsNoDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := altered(t)
		other := p
		other.File, other.Revision = "elsewhere.json:9", "other"
		other.Metrics = rapid.Permutation(p.Metrics).Draw(t, "metrics")
		other.Thresholds = rapid.Permutation(p.Thresholds).Draw(t, "thresholds")
		other.Schedule = rapid.Permutation(p.Schedule).Draw(t, "schedule")
		other.Rates.Up.Limits = rapid.Permutation(p.Rates.Up.Limits).Draw(t, "rates")
		if found := of(p, other); len(found) != 0 {
			t.Fatalf("%+v", found)
		}
	})
}

// What changes one way changes back the other way.
func TestBackIsTheOtherWayRound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := altered(t), altered(t)
		there, back := of(a, b), of(b, a)
		if len(there) != len(back) {
			t.Fatalf("%d differ, and back %d", len(there), len(back))
		}
		if len(there) == 0 {
			return
		}
		if len(there[0].Changes) != len(back[0].Changes) {
			t.Fatalf("%+v\nand back\n%+v", there[0].Changes, back[0].Changes)
		}
		for _, c := range there[0].Changes {
			if c.Old == c.New {
				t.Fatalf("%s is %v on both sides", c.Field, c.Old)
			}
		}
	})
}

func TestOrder(t *testing.T) {
	policy := func(name string, enabled bool, mode engine.Mode, most int) engine.Policy {
		return engine.Policy{Name: name, Service: name, Enabled: enabled, Mode: mode, MinReplicas: 1, MaxReplicas: most}
	}
	old := Side{Policies: []engine.Policy{
		policy("a-off", false, engine.Live, 5), policy("b-acts", true, engine.Live, 5), policy("c-begins", false, engine.Live, 5),
		policy("d-stops", true, engine.Live, 5), policy("e-gone", true, engine.Live, 5), policy("f-same", true, engine.Live, 5),
		policy("g-shadow", false, engine.Shadow, 5), policy("h-gone-off", false, engine.Live, 5),
	}}
	next := Side{Policies: []engine.Policy{
		policy("a-off", false, engine.Live, 6), policy("b-acts", true, engine.Live, 6), policy("c-begins", true, engine.Live, 5),
		policy("d-stops", true, engine.Shadow, 5), policy("f-same", true, engine.Live, 5),
		policy("g-shadow", true, engine.Shadow, 5), policy("i-new", true, engine.Live, 5),
	}}
	var got []string
	for _, p := range Of(old, next) {
		got = append(got, p.Name+" "+string(p.Kind)+" "+string(p.Turn)+": "+p.Means)
	}
	want := []string{
		"c-begins changed begins: begins to act on service c-begins",
		"d-stops changed stops: stops acting on service d-stops",
		"e-gone removed stops: stops acting on service e-gone",
		"i-new added begins: begins to act on service i-new: 1 to 5 replicas, by ",
		"b-acts changed : acts on service b-acts",
		"a-off changed : is off",
		"g-shadow changed : records what it would do to service g-shadow",
		"h-gone-off removed : was off",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}
