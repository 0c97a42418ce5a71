package rego

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

// written is lines as a reader compares them: the line, the verdict, the text, the values.
func written(lines []engine.Line) []string {
	var all []string
	for _, l := range lines {
		indent := "  "
		if l.Head {
			indent = ""
		}
		text := fmt.Sprintf("%d %s %s%s", l.Line, l.Verdict, indent, l.Text)
		if l.Values != "" {
			text += " # " + l.Values
		}
		all = append(all, text)
	}
	return all
}

const branches = `package shop.checkout

recommendation := {"action": "scale_up", "replicas": n + 1, "confidence": 1, "priority": "high", "reasons": [r | some r in reasons]} if {
	cpu := input.metrics.cpu_usage.value
	cpu > limit("a")
	count(reasons) > 0
	n := input.service.replicas.current
} else := {"action": "hold", "replicas": input.service.replicas.current, "confidence": 1, "priority": "low", "reasons": [r | some r in reasons]} if {
	not busy
	input.metrics.cpu_usage.value > 10
	input.metrics.cpu_usage.status == "ok"
}

busy if input.metrics.cpu_usage.value > 99

limit(x) := 90 if x == "a"

limit(x) := 80 if x == "b"

reasons contains {"code": "X", "message": m} if {
	some name, m in {"q": "one", "z": "two"}
	name == "z"
}

reasons contains {"code": "X", "message": "many"} if {
	some m in input.metrics
	m.value > 1000
}

reasons contains {"code": "X", "message": "gone"} if {
	every m in input.metrics { m.value > 4 }
	input.metrics.nothing.value > 3
}
`

func TestTrace(t *testing.T) {
	for name, c := range map[string]struct {
		own  string
		want []string
		err  string
	}{
		"branches, functions, sets": {own: branches, want: []string{
			`3 fails recommendation := {"action": "scale_up", …}`,
			`4 holds   cpu := input.metrics.cpu_usage.value # cpu = 84.3333`,
			`5 fails   cpu > limit("a") # 84.3333 > 90`,
			`8 holds else := {"action": "hold", …}`,
			`9 holds   not busy`,
			`10 holds   input.metrics.cpu_usage.value > 10 # 84.3333 > 10`,
			`11 holds   input.metrics.cpu_usage.status == "ok" # "ok" == "ok"`,
			`16 holds limit(x) := 90 # 90`,
			`16 holds   x == "a" # x = "a"`,
			`18 fails limit(x) := 80`,
			`18 fails   x == "b" # "a" == "b"`,
			`14 fails busy`,
			`14 fails   input.metrics.cpu_usage.value > 99 # 84.3333 > 99`,
			`20 holds reasons contains {"code": "X", …} # {"code": "X", "message": "two"}`,
			`21 holds   some name, m in {"q": "one", "z": "two"} # m = "two"`,
			`22 holds   name == "z" # name = "z"`,
			`25 fails reasons contains {"code": "X", …}`,
			`26 holds   some m in input.metrics # m = {"age_seconds": 0, "reporting": 0, "samples": 0, "status": "ok", … 1 more}`,
			`27 fails   m.value > 1000 # 84.3333 > 1000`,
			`30 fails reasons contains {"code": "X", …}`,
			`31 holds   every m in input.metrics { m.value > 4 }`,
			`32 fails   input.metrics.nothing.value > 3 # input.metrics.nothing.value is undefined`,
		}},
		"a negation that fails": {
			own: "package shop.checkout\n\nrecommendation := " + holdHere + " if {\n\tnot input.service.name\n}\n",
			want: []string{
				`3 fails recommendation := {"action": "hold", …}`,
				`4 fails   not input.service.name`,
			},
			err: "undefined for this input",
		},
		"a default": {
			own: "package shop.checkout\n\ndefault recommendation := {\"action\": \"hold\", \"replicas\": 2, \"confidence\": 0, \"priority\": \"low\", \"reasons\": []}\n\nrecommendation := " + holdHere + " if input.metrics.cpu_usage.value < 3\n",
			want: []string{
				`5 fails recommendation := {"action": "hold", …}`,
				`5 fails   input.metrics.cpu_usage.value < 3 # 84.3333 < 3`,
				`3 holds default recommendation`,
			},
		},
		"a division by zero in a function": {
			own: "package shop.checkout\n\nrecommendation := " + holdHere + " if {\n\tratio(input.service.replicas.current) > 0\n}\n\nratio(x) := z if {\n\ty := x - 2\n\tz := 1 / y\n}\n",
			want: []string{
				`3 fails recommendation := {"action": "hold", …}`,
				`4 fails   ratio(input.service.replicas.current) > 0 # ratio(input.service.replicas.current) is undefined`,
				`7 breaks ratio(x) := z`,
				`8 holds   y := x - 2 # y = 0`,
				`9 breaks   z := 1 / y # div: divide by zero`,
			},
			err: "divide by zero",
		},
		"no end": {
			own: "package shop.checkout\n\nrecommendation := " + holdHere + " if {\n\tinput.service.name == \"backend\"\n\tcount([1 | some a in numbers.range(1, 10000); some b in numbers.range(1, 10000); a * b == 7]) > 0\n}\n",
			want: []string{
				`3 breaks recommendation := {"action": "hold", …}`,
				`5 breaks   count([1 | some a in numbers.range(1, 10000); some b in numbers.range(1, 10000); a * b == 7]) > 0`,
			},
			err: "no answer within 1s",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := shopPolicy()
			rules := compiled(t, c.own, p)
			lines, err := rules.Trace(context.Background(), p, s)
			if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error is %v, want %q", err, c.err)
			}
			if got, want := strings.Join(written(lines), "\n"), strings.Join(c.want, "\n"); got != want {
				t.Errorf("the lines are\n%s\nwant\n%s", got, want)
			}
			for _, l := range lines {
				if l.File != "shop.rego" || l.Strategy != "shop.checkout" || !strings.HasPrefix(l.Rule, "shop.checkout.") {
					t.Errorf("a line of %s, strategy %s, rule %s", l.File, l.Strategy, l.Rule)
				}
			}
		})
	}
}

// Of flyball's own strategies the branches are told, and nothing of the library.
func TestTraceOfAStrategy(t *testing.T) {
	p, s := three()
	p.Strategies = []string{"threshold", "shop.checkout"}
	s.Metrics["cpu_usage"] = engine.Reads(50)
	lines, err := compiled(t, rule(holdHere), p).Trace(context.Background(), p, s)
	if err != nil {
		t.Fatal(err)
	}
	var heads []string
	for _, l := range lines {
		if strings.Contains(l.File, "/lib/") {
			t.Errorf("a line of the library: %+v", l)
		}
		if l.Head {
			heads = append(heads, fmt.Sprintf("%s %s %s %s", l.Strategy, l.Rule, l.Verdict, l.Text))
		}
	}
	want := []string{
		`threshold flyball.strategy.threshold.recommendation fails recommendation := {"action": "scale_up", …}`,
		`threshold flyball.strategy.threshold.recommendation fails else := {"action": "scale_down", …}`,
		`threshold flyball.strategy.threshold.recommendation holds else := {"action": "hold", …}`,
		`shop.checkout shop.checkout.recommendation holds recommendation := {"action": "hold", …}`,
	}
	if got := strings.Join(heads, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("the branches are\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// What a rule makes much of takes no more lines, and no more text, than a person reads.
func TestTraceIsBounded(t *testing.T) {
	p, s := shopPolicy()
	many := "package shop.checkout\n\nrecommendation := " + holdHere + " if count([1 | some i in numbers.range(1, 900); f(i) == i]) == 900\n\nf(x) := y if {\n\ty := x\n}\n\nbig := x60" + nested(60)
	for i := range 150 {
		many += fmt.Sprintf("\nh%d if input.metrics.cpu_usage.value > %d\n", i, i)
	}
	many += "\nrecommendation := " + holdHere + " if {\n\tbig != 3\n"
	for i := range 150 {
		many += fmt.Sprintf("\tnot not_%d\n", i)
	}
	many += "}\n"
	for i := range 150 {
		many += fmt.Sprintf("\nnot_%d if not h%d\n", i, i)
	}
	lines, err := compiled(t, many, p).Trace(context.Background(), p, s)
	if err != nil && !strings.Contains(err.Error(), "no answer within") {
		t.Fatal(err)
	}
	if len(lines) == 0 || len(lines) > maxLines {
		t.Errorf("%d lines", len(lines))
	}
	calls := 0
	for _, l := range lines {
		if len(l.Text) > 400 || len(l.Values) > 1000 {
			t.Errorf("a line of %d and %d bytes", len(l.Text), len(l.Values))
		}
		if l.Head && l.Rule == "shop.checkout.f" {
			calls++
		}
	}
	if calls > maxCalls {
		t.Errorf("%d calls of one function", calls)
	}
}

// A trace is of the very evaluation that recommends: it ends in the same answer or the same error, and a branch holds
// just where there is an answer.
func TestTraceAgreesWithTheAnswer(t *testing.T) {
	p, _ := shopPolicy()
	rules := compiled(t, branches, p)
	rapid.Check(t, func(t *rapid.T) {
		_, s := anyWorld(t)
		for _, p := range []engine.Policy{p, {Name: "backend", Strategies: []string{"threshold"}}} {
			if p.Strategies[0] == "threshold" && rules.queries["threshold"].body == nil {
				continue
			}
			_, want := rules.Recommend(context.Background(), p, s)
			lines, err := rules.Trace(context.Background(), p, s)
			var a, b *RuleError
			if errors.As(err, &a) != errors.As(want, &b) || a != nil && a.Code != b.Code {
				t.Fatalf("traced %v, recommended %v", err, want)
			}
			holds := false
			for _, l := range lines {
				holds = holds || l.Head && l.Verdict == engine.Holds && strings.HasSuffix(l.Rule, ".recommendation")
			}
			if holds != (err == nil) {
				t.Fatalf("error %v, but the lines are\n%s", err, strings.Join(written(lines), "\n"))
			}
		}
	})
}

// Variables that double what they hold are not written out, nor walked through.
func TestTraceOfDoublingVariables(t *testing.T) {
	p, s := shopPolicy()
	body := "\ta0 := [input.at]\n"
	for i := range 60 {
		body += fmt.Sprintf("\ta%d := [a%d, a%d]\n", i+1, i, i)
	}
	rules := compiled(t, "package shop.checkout\n\nrecommendation := "+holdHere+" if {\n"+body+"\t[_, _] = a60\n}\n", p)
	lines, err := rules.Trace(context.Background(), p, s)
	if err != nil || len(lines) != 63 {
		t.Errorf("%d lines, error %v", len(lines), err)
	}
}
