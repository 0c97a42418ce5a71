package rego

import (
	"slices"
	"testing"
)

func TestCodes(t *testing.T) {
	reason := func(code string) string {
		return `{"action": "hold", "replicas": input.service.replicas.current, "confidence": 1, "priority": "low", "reasons": [{"code": ` + code + `, "message": "so"}]}`
	}
	for name, c := range map[string]struct {
		own  string
		code string // one that is there
		all  bool
	}{
		"constant":            {rule(reason(`"ShopIsFull"`)), "ShopIsFull", true},
		"of the library":      {rule(reason(`"ShopIsFull"`)), "ScaleDownCrossed", true},
		"of no answer":        {rule(reason(`"ShopIsFull"`)), "RuleUndefined", true},
		"made of parts":       {rule(reason(`sprintf("%sIsFull", ["Shop"])`)), "RuleUndefined", false},
		"looked up":           {rule(reason(`names.full`)) + "\nnames := {\"full\": \"ShopIsFull\"}\n", "ShopIsFull", false},
		"a function's":        {rule(reason(`code("Full")`)) + "\ncode(x) := concat(\"\", [\"Shop\", x])\n", "RuleUndefined", false},
		"a rule of that name": {rule(reason(`"ShopIsFull"`)) + "\nwhy.code := upper(\"Full\")\n", "ShopIsFull", false},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := shopPolicy()
			rules := compiled(t, c.own, p)
			codes, all := rules.Codes(p)
			if !slices.Contains(codes, c.code) || all != c.all {
				t.Errorf("got all %v and %v, want all %v and %s among them", all, codes, c.all, c.code)
			}
		})
	}
}

// What another rule makes up says nothing of a policy that does not ask it.
func TestCodesOfAnother(t *testing.T) {
	p, _ := three()
	rules := compiled(t, rule(`{"reasons": [{"code": upper("full")}]}`), p)
	if codes, all := rules.Codes(p); !all || slices.Contains(codes, "full") {
		t.Errorf("got all %v and %v", all, codes)
	}
}
