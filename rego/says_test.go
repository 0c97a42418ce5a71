package rego

import (
	"maps"
	"testing"

	"github.com/flyball-dev/flyball/engine"
)

func TestSays(t *testing.T) {
	const checkout = `package shop.checkout

import data.shop.limits

# Where it begins to be busy.
busy if input.metrics.cpu_usage.value > limits.high

recommendation := {"replicas": 2} if busy

recommendation := {"replicas": 1} if not busy
`
	const limits = "package shop.limits\n\nhigh := 80\n"
	base := []File{{"checkout.rego", []byte(checkout)}, {"limits.rego", []byte(limits)}}
	for name, c := range map[string]struct {
		own  []File
		want string // the package and the rule that say something else
	}{
		"the same": {own: base},
		"comments, layout, order and files": {own: []File{
			{"all/2.rego", []byte("package shop.limits\nhigh:=80 # percent\n")},
			{"all/0.rego", []byte("package shop.checkout\n\nrecommendation := {\"replicas\": 1} if {\n\tnot busy\n}\n")},
			{"all/1.rego", []byte("package shop.checkout\n\nimport data.shop.limits\n\nrecommendation := {\n\t\"replicas\": 2\n} if busy\n\nbusy if {\n\tinput.metrics.cpu_usage.value > limits.high\n}\n")},
		}},
		"what nobody uses": {own: append([]File{{"other.rego", []byte("package shop.other\n\nx := 1\n")}}, base...)},
		"another number, in a package that is referred to": {
			own:  []File{base[0], {"limits.rego", []byte("package shop.limits\n\nhigh := 81\n")}},
			want: "shop.limits high",
		},
		"a rule less": {
			own:  []File{{"checkout.rego", []byte("package shop.checkout\n\nimport data.shop.limits\n\nbusy if input.metrics.cpu_usage.value > limits.high\n\nrecommendation := {\"replicas\": 2} if busy\n")}, base[1]},
			want: "shop.checkout recommendation",
		},
		"another variable": {
			own:  []File{base[0], {"limits.rego", []byte("package shop.limits\n\nlow := 20\n\nhigh := 80\n")}},
			want: "shop.limits low",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := engine.Policy{Strategies: []string{"shop.checkout"}}
			if got := otherwise(Says(base, p), Says(c.own, p)); got != c.want {
				t.Errorf("%q says something else, want %q", got, c.want)
			}
		})
	}
}

func TestSaysItFormatted(t *testing.T) {
	own := []File{{"checkout.rego", []byte("package shop.checkout\n\nimport data.shop.limits\n# Busy.\nbusy if {\n  input.x>1 # why\n  limits.high\n}\n")}}
	said := Says(own, engine.Policy{Strategies: []string{"shop.checkout"}})
	want := map[string]string{"import": "import data.shop.limits", "busy": "busy if {\n\tinput.x > 1\n\tlimits.high\n}"}
	if len(said) != 1 || !maps.Equal(said[0].Lines, want) {
		t.Errorf("got %q, want %q", said, want)
	}
}

func otherwise(a, b []Package) string {
	if len(a) != len(b) {
		return "another number of packages"
	}
	for i := range a {
		names := maps.Clone(a[i].Rules)
		maps.Copy(names, b[i].Rules)
		for name := range names {
			if a[i].Rules[name] != b[i].Rules[name] {
				return a[i].Name + " " + name
			}
		}
	}
	return ""
}

// A policy that uses no rules of the author's, though there are some, hangs on none of them.
func TestSaysNothingOfOthersRules(t *testing.T) {
	own := []File{{"shop.rego", []byte("package shop.checkout\n\nx := 1\n")}}
	if got := Says(own, engine.Policy{Strategies: []string{"threshold"}}); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
	computed := engine.Policy{Strategies: []string{"threshold"}, Metrics: []engine.Metric{{Name: "m", Rule: "shop.checkout.x"}}}
	if got := Says(own, computed); len(got) != 1 || got[0].Name != "shop.checkout" || got[0].Files[0] != "shop.rego" {
		t.Errorf("got %+v", got)
	}
}
