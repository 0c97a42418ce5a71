package rego

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flyball-dev/flyball/engine"
)

func answering(changes string) string {
	return rule(`object.union({
	"action": "scale_up",
	"replicas": 3,
	"confidence": 1,
	"priority": "high",
	"reasons": [],
}, ` + changes + `)`)
}

func TestRulesThatGiveNoAnswer(t *testing.T) {
	for name, c := range map[string]struct{ own, code, want string }{
		"undefined": {
			own:  rule(holdHere + " if input.service.replicas.current == 99"),
			code: RuleUndefined, want: "rule data.shop.checkout.recommendation: undefined for this input",
		},
		"a metric that is not there": {
			own:  rule(`{"action": "hold", "replicas": input.metrics.gone.value}`),
			code: RuleUndefined, want: "undefined",
		},
		"conflict": {
			own:  rule("1 if input.at\n\nrecommendation := 2 if input.policy"),
			code: RuleConflict, want: "shop.rego:3",
		},
		"division by zero": {
			own:  rule(`{"action": "hold", "replicas": 1 / (input.service.replicas.current - 2)}`),
			code: RuleFailed, want: "shop.rego:3: eval_builtin_error: div: divide by zero",
		},
		"not an object":         {own: rule(`"scale_up"`), code: RuleShape, want: `the recommendation is "scale_up", not an object`},
		"a field missing":       {own: rule(`{"action": "hold"}`), code: RuleShape, want: "the recommendation has no replicas"},
		"a field too many":      {own: answering(`{"replica": 3}`), code: RuleShape, want: "replica: no such field; there are action, replicas"},
		"a key of another kind": {own: answering(`{7: 3}`), code: RuleShape, want: "the recommendation has 7 for a key"},
		"an unknown action":     {own: answering(`{"action": "explode"}`), code: RuleShape, want: `action: "explode", not one of [scale_up scale_down hold]`},
		"an unknown priority":   {own: answering(`{"priority": 1}`), code: RuleShape, want: "priority: 1, not one of [low medium high]"},
		"half a replica":        {own: answering(`{"replicas": 2.5}`), code: RuleShape, want: "replicas: 2.5, not a whole number from 0"},
		"less than nothing":     {own: answering(`{"replicas": -1}`), code: RuleShape, want: "replicas: -1, not a whole number from 0"},
		"replicas in words":     {own: answering(`{"replicas": "three"}`), code: RuleShape, want: `replicas: "three", not a whole number from 0`},
		"more than a billion":   {own: answering(`{"replicas": 1e12}`), code: RuleShape, want: "replicas: 1e12, not a whole number from 0"},
		"too sure":              {own: answering(`{"confidence": 1.01}`), code: RuleShape, want: "confidence: 1.01, not a number from 0 to 1"},
		"less than unsure":      {own: answering(`{"confidence": -0.1}`), code: RuleShape, want: "confidence: -0.1, not a number from 0 to 1"},
		"action disagrees":      {own: answering(`{"action": "scale_down"}`), code: RuleShape, want: "action scale_down disagrees with replicas 3 of 2 now, which is scale_up"},
		"hold disagrees":        {own: answering(`{"action": "hold"}`), code: RuleShape, want: "action hold disagrees with replicas 3 of 2 now"},
		"reasons of no kind":    {own: answering(`{"reasons": "because"}`), code: RuleShape, want: `reasons: "because", not a list`},
		"a reason of no kind":   {own: answering(`{"reasons": ["because"]}`), code: RuleShape, want: `reasons: [0]: the reason is "because", not an object`},
		"a reason without code": {own: answering(`{"reasons": [{"message": "m"}]}`), code: RuleShape, want: "reasons: [0]: the reason has no code"},
		"a value in words":      {own: answering(`{"reasons": [{"code": "C", "message": "m", "value": "high"}]}`), code: RuleShape, want: `reasons: [0]: value: "high", not a finite number`},
		"reasons without end":   {own: answering(`{"reasons": [{"code": "C", "message": "m"} | some _ in numbers.range(1, 101)]}`), code: RuleShape, want: "reasons: 101 of them; at most 100"},
		"a message too long":    {own: answering(`{"reasons": [{"code": "C", "message": concat("", ["long" | some _ in numbers.range(1, 501)])}]}`), code: RuleShape, want: "message: a string of 2004 bytes; at most 2000"},
		"an answer that is small to hold and endless to write": {
			own:  answering(`{"action": x60}`) + nested(60),
			code: RuleShape, want: "action: an array, not one of",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := shopPolicy()
			got, err := compiled(t, c.own, p).Recommend(context.Background(), p, s)
			var e *RuleError
			if !errors.As(err, &e) {
				t.Fatalf("error is %v", err)
			}
			if e.Code != c.code || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %s: %s\nwant %s: %s", e.Code, err, c.code, c.want)
			}
			if got.Action != "" || got.Replicas != 0 || got.Reasons != nil {
				t.Errorf("there is a recommendation beside the error: %+v", got)
			}
		})
	}
}

// nested are rules of which the last, x<depth>, is an array of two arrays of two arrays, so deep that nobody can write
// it out. In memory each is there once.
func nested(depth int) string {
	var b strings.Builder
	b.WriteString("\nx0 := [1]\n")
	for i := range depth {
		fmt.Fprintf(&b, "\nx%d := [x%d, x%d]\n", i+1, i, i)
	}
	return b.String()
}

// doubling is a rule whose string is twice as long with every line.
func doubling(lines int) string {
	var b strings.Builder
	b.WriteString("package shop.checkout\n\nrecommendation := count(s0) if {\n\tx := \"0123456789\"\n")
	for i := lines; i >= 0; i-- {
		from := fmt.Sprintf("s%d", i+1)
		if i == lines {
			from = "x"
		}
		fmt.Fprintf(&b, "\ts%d := concat(\"\", [%s, %s])\n", i, from, from)
	}
	b.WriteString("}\n")
	return b.String()
}

func TestRulesWithoutEnd(t *testing.T) {
	for name, c := range map[string]struct {
		own   string
		codes []string
	}{
		"a loop over a loop over a loop": {
			own: rule(`count([1 |
	some a in numbers.range(1, 100000)
	some b in numbers.range(1, 100000)
	a + b < 0
])`), codes: []string{RuleTimeout},
		},
		"a long range": {own: rule("count(numbers.range(1, 1000000000000))"), codes: []string{RuleTimeout, RuleFailed}},
		"walking without end": {
			own:   rule("count([1 | walk(x60)])") + nested(60),
			codes: []string{RuleTimeout},
		},
		"a string that doubles": {own: doubling(60), codes: []string{RuleTimeout, RuleFailed}},
	} {
		t.Run(name, func(t *testing.T) {
			defer goleak.VerifyNone(t)
			p, s := shopPolicy()
			rules := compiled(t, c.own, p)
			began := time.Now()
			_, err := rules.Recommend(context.Background(), p, s)
			var e *RuleError
			if !errors.As(err, &e) || !slices.Contains(c.codes, e.Code) {
				t.Errorf("error is %v, want one of %v", err, c.codes)
			}
			if took := time.Since(began); took > 20*deadline {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// What is a loop for a service that waits is an answer where nobody does.
func TestPatientRulesHaveMoreTime(t *testing.T) {
	p, s := shopPolicy()
	rules := compiled(t, rule("count([1 | some a in numbers.range(1, 200); some b in numbers.range(1, 200); a + b < 0]) + input.service.replicas.current"), p)
	rules.limit = interval
	if _, err := rules.Recommend(context.Background(), p, s); !strings.Contains(fmt.Sprint(err), "no answer within 2ms") {
		t.Errorf("error is %v", err)
	}
	if _, err := rules.Patient().Recommend(context.Background(), p, s); strings.Contains(fmt.Sprint(err), "no answer within") {
		t.Errorf("error is %v", err)
	}
}

func TestRecommendStopsWithItsContext(t *testing.T) {
	defer goleak.VerifyNone(t)
	p, s := shopPolicy()
	rules := compiled(t, rule("count([1 | some a in numbers.range(1, 100000); some b in numbers.range(1, 100000); a + b < 0])"), p)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := rules.Recommend(ctx, p, s); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestRecommendOfAPolicyThatWasNotCompiled(t *testing.T) {
	p, s := three()
	rules := compiled(t, "", p)
	p.Strategies = []string{"shop.checkout"}
	_, err := rules.Recommend(context.Background(), p, s)
	var e *RuleError
	if !errors.As(err, &e) || e.Code != RuleUndefined {
		t.Errorf("error is %v", err)
	}
}

func TestOwnRule(t *testing.T) {
	p, s := shopPolicy()
	got, err := compiled(t, checkout, p).Recommend(context.Background(), p, s)
	if err != nil {
		t.Fatal(err)
	}
	if got.Action != engine.ScaleUp || got.Replicas != 3 || len(got.Reasons) != 3 || got.Reasons[0].Message != "cpu_usage is 84.3333, above scaleUp 70" {
		t.Errorf("recommendation is %+v", got)
	}
}

func TestReasonsMayBeASet(t *testing.T) {
	p, s := shopPolicy()
	got, err := compiled(t, answering(`{"reasons": reasons}`)+`
reasons contains {"code": "B", "message": "b"}

reasons contains {"code": "A", "message": "a", "value": 1.5}
`, p).Recommend(context.Background(), p, s)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"code":"A","value":1.5,"message":"a"},{"code":"B","message":"b"}]`
	if text := asJSON(t, got.Reasons); text != want {
		t.Errorf("reasons are %s, want %s", text, want)
	}
}

func TestRulesAreSafeForConcurrentUse(t *testing.T) {
	p, s := three()
	rules := compiled(t, "", p)
	want, err := rules.Recommend(context.Background(), p, s)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				got, err := rules.Recommend(context.Background(), p, s)
				if err != nil || asJSON(t, got) != asJSON(t, want) {
					t.Errorf("%+v, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}

// FuzzRecommend feeds the strategy whatever numbers there are. It must answer, and not scale down on what is no number.
func FuzzRecommend(f *testing.F) {
	p, _ := three()
	rules := compiled(f, "", p)
	f.Add(1.0, 1.0, 1.0, 1.0, "ok", 2)
	f.Add(math.NaN(), math.Inf(1), -1.0, 0.0, "stale", 0)
	f.Fuzz(func(t *testing.T, cpu, memory, rate, success float64, status string, current int) {
		p, s := three()
		s.Metrics = map[string]engine.Reading{
			"cpu_usage":    {Status: engine.Status(status), Value: &cpu},
			"memory_usage": {Status: engine.OK, Value: &memory},
			"request_rate": {Status: engine.OK, Value: &rate, Previous: &cpu},
		}
		s.History.SuccessRate = min(1, max(0, success))
		s.Service.Replicas.Current = max(0, min(current, 1000))
		got, err := rules.Recommend(context.Background(), p, s)
		if err != nil {
			t.Fatal(err)
		}
		if got.Action == engine.ScaleDown && !(status == "ok" && cpu < 20 && memory < 30 && rate < 20 && cpu+memory+rate > math.Inf(-1)) {
			t.Errorf("down on cpu %v (%s), memory %v, rate %v", cpu, status, memory, rate)
		}
	})
}
