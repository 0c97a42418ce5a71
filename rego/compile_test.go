package rego

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine"
)

// shopPolicy is three's policy, decided by the author's package shop.checkout.
func shopPolicy() (engine.Policy, engine.Snapshot) {
	p, s := three()
	p.Strategies[0], p.File = "shop.checkout", "shop.cue:7"
	return p, s
}

func rule(body string) string {
	return "package shop.checkout\n\nrecommendation := " + body + "\n"
}

const holdHere = `{"action": "hold", "replicas": input.service.replicas.current, "confidence": 1, "priority": "low", "reasons": []}`

func TestCompileSaysWhatIsWrong(t *testing.T) {
	schema := func(engine.Policy) ([]byte, error) { return os.ReadFile("schema/input.json") }
	for name, c := range map[string]struct {
		own  []File
		want []string // each the start of a problem, in order
	}{
		"syntax": {
			own:  []File{{"shop.rego", []byte("package shop.checkout\n\nrecommendation := {\n")}},
			want: []string{"shop.rego:4:1: error: unexpected eof token: expected rule value term"},
		},
		"no package": {
			own:  []File{{"shop.rego", []byte("")}},
			want: []string{"shop.rego: error: empty module"},
		},
		"every file that is wrong": {
			own: []File{
				{"a.rego", []byte("package shop.checkout\n\nx := {\n")},
				{"b.rego", []byte("package shop.checkout\n\ny := [\n")},
			},
			want: []string{"a.rego:4:1:", "b.rego:4:1:"},
		},
		"a variable that nothing binds": {
			own:  []File{{"shop.rego", []byte(rule("nothing"))}},
			want: []string{"shop.rego:3:19: error: var nothing is unsafe"},
		},
		"an import that nothing uses": {
			own:  []File{{"shop.rego", []byte("package shop.checkout\n\nimport data.flyball.lib\n\nrecommendation := " + holdHere)}},
			want: []string{"shop.rego:3:1: error: import data.flyball.lib unused"},
		},
		"the network": {
			own:  []File{{"shop.rego", []byte(rule(`http.send({"url": "http://example.com"}).body`))}},
			want: []string{"shop.rego:3:19: error: http.send is not allowed in rules: a rule sees input and nothing else; declare a metric"},
		},
		"the clock": {
			own:  []File{{"shop.rego", []byte(rule(`time.now_ns()`))}},
			want: []string{"shop.rego:3:19: error: time.now_ns is not allowed in rules: the same snapshot must always give the same answer; use time.parse_rfc3339_ns(input.at)"},
		},
		"chance": {
			own:  []File{{"shop.rego", []byte(rule(`rand.intn("x", 5)`))}},
			want: []string{"shop.rego:3:19: error: rand.intn is not allowed in rules: the same snapshot must always give the same answer; leave chance out"},
		},
		"the environment": {
			own:  []File{{"shop.rego", []byte(rule(`opa.runtime().env`))}},
			want: []string{"shop.rego:3:19: error: opa.runtime is not allowed in rules: a rule sees input and nothing else, so no environment"},
		},
		"a builtin that cannot be stopped": {
			own:  []File{{"shop.rego", []byte(rule(`bits.lsh(1, 40000000000)`))}},
			want: []string{"shop.rego:3:19: error: bits.lsh is not allowed in rules: a rule may call abs, array.concat"},
		},
		"a product, which takes seconds of a few huge numbers": {
			own:  []File{{"shop.rego", []byte(rule(`product([x | some _ in numbers.range(1, 4000); x := 1e300])`))}},
			want: []string{"shop.rego:3:19: error: product is not allowed in rules: a rule may call abs, array.concat"},
		},
		"a flattening, which takes memory without end": {
			own:  []File{{"shop.rego", []byte(rule(`array.flatten([[1], [2]])`))}},
			want: []string{"shop.rego:3:19: error: array.flatten is not allowed in rules: flattening can't be interrupted; write [x |"},
		},
		"a number that no float holds": {
			own:  []File{{"shop.rego", []byte(rule("1e400"))}},
			want: []string{"shop.rego:3:19: error: number 1e400 is out of range"},
		},
		"no such package": {
			own:  []File{{"cart.rego", []byte("package shop.cart\n\nrecommendation := " + holdHere)}},
			want: []string{`shop.cue:7:1: error: strategy "shop.checkout": there is no such Rego package beside the policy; there are: predictive, schedule, shop.cart, step, target_tracking, threshold`},
		},
		"a misspelt package": {
			own:  []File{{"shop.rego", []byte("package shop.chekcout\n\nrecommendation := " + holdHere)}},
			want: []string{`shop.cue:7:1: error: strategy "shop.checkout": there is no such Rego package beside the policy; did you mean "shop.chekcout"?`},
		},
		"no such rule": {
			own:  []File{{"shop.rego", []byte("package shop.checkout\n\nrecomendation := " + holdHere)}},
			want: []string{`shop.cue:7:1: error: strategy "shop.checkout": the package has no rule named recommendation`},
		},
		"a function": {
			own:  []File{{"shop.rego", []byte("package shop.checkout\n\nrecommendation(_) := " + holdHere)}},
			want: []string{`shop.cue:7:1: error: strategy "shop.checkout": data.shop.checkout.recommendation is a function`},
		},
		"a misspelt field": {
			own: []File{{"shop.rego", []byte(rule("input.service.replicas.curent"))}},
			want: []string{
				"shop.rego:3:19: error: input.service.replicas.curent does not exist; there are: current, ready, starting",
			},
		},
		"a misspelt field, in a package that the rule uses": {
			own: []File{
				{"shop.rego", []byte("package shop.checkout\n\nimport data.shop.shared\n\nrecommendation := shared.answer\n")},
				{"shared.rego", []byte("package shop.shared\n\nanswer := input.service.replicas.curent\n")},
			},
			want: []string{"shared.rego:3:11: error: input.service.replicas.curent does not exist; there are: current, ready, starting"},
		},
		"a field of a number": {
			own:  []File{{"shop.rego", []byte(rule("input.service.replicas.current.now"))}},
			want: []string{"shop.rego:3:19: error: input.service.replicas.current.now does not exist: input.service.replicas.current is a single value"},
		},
		"a package of flyball's": {
			own:  []File{{"mine.rego", []byte("package flyball.mine\n\nx := 1\n")}},
			want: []string{"mine.rego:1:1: error: package flyball.mine is flyball's own"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := shopPolicy()
			rules, problems := Compile(context.Background(), c.own, []engine.Policy{p}, schema)
			if rules != nil {
				t.Error("there are rules in spite of the problems")
			}
			if len(problems) != len(c.want) {
				t.Fatalf("problems are %v, want %q", problems, c.want)
			}
			for i, want := range c.want {
				if !strings.HasPrefix(problems[i].String(), want) {
					t.Errorf("problem is %s\nwant       %s", problems[i], want)
				}
			}
		})
	}
}

func TestCompileAccepts(t *testing.T) {
	library := Library()
	changed := File{library[0].Path, []byte(string(library[0].Text) + "\n# changed\n")}
	for name, c := range map[string]struct {
		own     []File
		warning string
	}{
		"a rule with the library":         {own: []File{{"shop.rego", []byte(checkout)}}},
		"a rule spread over two files":    {own: []File{{"shop.rego", []byte(rule("answer"))}, {"more.rego", []byte("package shop.checkout\n\nanswer := " + holdHere)}}},
		"a vendored copy of the library":  {own: append([]File{{"shop.rego", []byte(checkout)}}, library...)},
		"a vendored copy, then changed":   {own: []File{{"shop.rego", []byte(checkout)}, changed}, warning: "this copy of flyball/lib/action.rego differs from the one that runs"},
		"a package of one word elsewhere": {own: []File{{"shop.rego", []byte(checkout)}, {"other.rego", []byte("package other\n\nx := input.nowhere\n")}}},
		"a rule on top of a strategy":     {own: []File{{"shop.rego", []byte("package shop.checkout\n\nimport data.flyball.strategy.threshold\n\nrecommendation := threshold.recommendation\n")}}},
		"the time of the snapshot":        {own: []File{{"shop.rego", []byte(rule(holdHere) + "\nhour := time.clock(time.parse_rfc3339_ns(input.at))[0]\n")}}},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := shopPolicy()
			rules, problems := Compile(context.Background(), c.own, []engine.Policy{p}, func(engine.Policy) ([]byte, error) { return os.ReadFile("schema/input.json") })
			if rules == nil {
				t.Fatal(problems)
			}
			switch {
			case c.warning == "" && len(problems) > 0:
				t.Errorf("problems are %v", problems)
			case c.warning != "" && (len(problems) != 1 || !problems[0].Warning || !strings.HasPrefix(problems[0].Message, c.warning)):
				t.Errorf("problems are %v, want the warning %q", problems, c.warning)
			}
			if _, err := rules.Recommend(context.Background(), p, s); err != nil {
				t.Error(err)
			}
		})
	}
}

// Only policies that use a rule hold it to their metrics.
func TestEachPolicyHasItsOwnInput(t *testing.T) {
	own := []File{
		{"cart.rego", []byte("package shop.cart\n\nrecommendation := input.metrics.carts.value\n")},
		{"checkout.rego", []byte("package shop.checkout\n\nrecommendation := input.metrics.cpu_usage.value\n")},
	}
	schema := func(p engine.Policy) ([]byte, error) {
		metrics := map[string]any{}
		for _, m := range p.Metrics {
			metrics[m.Name] = map[string]any{"type": "object", "properties": map[string]any{"value": map[string]any{"type": "number"}}}
		}
		return []byte(asJSON(t, map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{
			"metrics": map[string]any{"type": "object", "additionalProperties": false, "properties": metrics},
		}})), nil
	}
	cart := engine.Policy{Name: "cart", Strategies: []string{"shop.cart"}, Metrics: []engine.Metric{{Name: "carts"}}}
	pay := engine.Policy{Name: "pay", Strategies: []string{"shop.checkout"}, Metrics: []engine.Metric{{Name: "cpu_usage"}}}
	if _, problems := Compile(context.Background(), own, []engine.Policy{cart, pay}, schema); len(problems) > 0 {
		t.Errorf("problems are %v", problems)
	}
	pay.Metrics[0].Name = "memory_usage"
	_, problems := Compile(context.Background(), own, []engine.Policy{cart, pay}, schema)
	want := "checkout.rego:3:19: error: input.metrics.cpu_usage.value does not exist; there are: memory_usage"
	if len(problems) != 1 || problems[0].String() != want || problems[0].Policy != "pay" {
		t.Errorf("problems are %v, want %s, of pay", problems, want)
	}
}

// A builtin that a newer OPA brings must be read before it is let in, so the list names each one that there is.
func TestAllowedBuiltinsExist(t *testing.T) {
	found := map[string]bool{}
	for _, b := range capabilities().Builtins {
		found[b.Name] = true
		if b.IsNondeterministic() {
			t.Errorf("%s may answer differently the next time", b.Name)
		}
	}
	for _, name := range allowed() {
		if !found[name] {
			t.Errorf("OPA has no builtin %s", name)
		}
	}
	if len(found) != len(allowed()) {
		t.Errorf("%d builtins are let in, %d are named", len(found), len(allowed()))
	}
}
