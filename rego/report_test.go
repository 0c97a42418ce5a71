package rego

import (
	"context"
	"slices"
	"strings"
	"testing"
)

const checkout = `package shop.checkout

import data.flyball.lib

recommendation := {
	"action": "scale_up",
	"replicas": input.service.replicas.current + 1,
	"confidence": 1,
	"priority": "high",
	"reasons": lib.reasons,
} if {
	count(lib.crossed_up) > 0
} else := {
	"action": "hold",
	"replicas": input.service.replicas.current,
	"confidence": 1,
	"priority": "low",
	"reasons": [],
}
`

func TestReport(t *testing.T) {
	own := []File{{Path: "shop.rego", Text: []byte(checkout)}}
	tests := []File{{Path: "shop_test.rego", Text: []byte(`package shop.checkout_test

import data.shop.checkout

quiet := {"service": {"replicas": {"current": 2}}, "thresholds": []}

test_quiet if checkout.recommendation.action == "hold" with input as quiet

test_wrong if {
	r := checkout.recommendation with input as quiet
	print("replicas", r.replicas)
	r.replicas == 3
}

test_broken if 1 / input.zero == 1 with input as {"zero": 0}

test_table[name] if {
	some name, n in {"two": 2, "three": 3}
	checkout.recommendation.replicas == n with input as quiet
}

todo_test_later if false
`)}}
	report, err := Test(context.Background(), own, tests)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range report.Cases {
		got = append(got, c.Name+" "+string(c.Verdict))
		switch c.Name {
		case "test_wrong":
			if c.File != "shop_test.rego" || c.Line != 9 || c.Package != "shop.checkout_test" || c.Output != "replicas 2\n" {
				t.Errorf("test_wrong is %+v", c)
			}
		case "test_broken":
			if !strings.Contains(c.Error, "divide by zero") {
				t.Errorf("test_broken says %q", c.Error)
			}
		}
	}
	want := "test_quiet pass, test_wrong fail, test_broken error, test_table/three fail, test_table/two pass, todo_test_later skip"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("cases are %s\nwant      %s", s, want)
	}
	if !report.Failed() {
		t.Error("the report does not say that it failed")
	}
	c := report.Coverage
	if len(c.Files) != 1 || c.Files[0].File != "shop.rego" || c.Percent <= 0 || c.Percent >= 100 || c.Files[0].Percent != c.Percent {
		t.Errorf("coverage is %v, want some lines of the rules and not all", c)
	}
	if want := []Lines{{5, 11}}; !slices.Equal(c.Files[0].Missed, want) {
		t.Errorf("missed lines are %v, want %v", c.Files[0].Missed, want)
	}
}

func TestReportOfFilesThatDoNotCompile(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"syntax":  {"package shop_test\n\ntest_x if {", "shop_test.rego:3:"},
		"unknown": {"package shop_test\n\ntest_x if nothing", "shop_test.rego:3:11: error: var nothing is unsafe"},
		"builtin": {"package shop_test\n\ntest_x if http.send({}).ok", "http.send is not allowed in rules"},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := Test(context.Background(), nil, []File{{Path: "shop_test.rego", Text: []byte(c.text)}})
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Problems) == 0 || !strings.Contains(report.Problems[0].String(), c.want) || !report.Failed() {
				t.Errorf("problems are %v, want %q", report.Problems, c.want)
			}
		})
	}
}

func TestReportStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Test(ctx, nil, []File{{Path: "shop_test.rego", Text: []byte("package shop_test\n\ntest_x := true")}})
	if err != context.Canceled {
		t.Errorf("error is %v", err)
	}
}
