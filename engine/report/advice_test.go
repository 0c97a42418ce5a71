package report

import (
	"reflect"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine"
)

func TestAdvice(t *testing.T) {
	part := func(share float64) Time { return Time{Seconds: share * 360000, Share: share} }
	fine := Account{Policy: "web", Mode: engine.Live, Watched: part(1), Evaluations: 1000, Least: 2}
	with := func(change func(a *Account)) Account {
		a := fine
		change(&a)
		return a
	}
	tests := []struct {
		name    string
		rule    rule
		account Account
		says    string // empty: nothing
	}{
		{"all metrics are read", unread, with(func(a *Account) { a.Unknown = part(0.049) }), ""},
		{"some are not", unread, with(func(a *Account) { a.Unknown = part(0.05) }), "metrics were not ok for 5 % of the time: flyball doctor tries their sources"},
		{"rules answer", rulesFail, with(func(a *Account) { a.RulesFailed = 9 }), ""},
		{"rules do not", rulesFail, with(func(a *Account) { a.RulesFailed = 10 }), "the rules gave no usable answer 10 times"},
		{"changes succeed", changesFail, with(func(a *Account) { a.Events = Events{Up: 11, Failed: 1} }), ""},
		{"too few changes to tell", changesFail, with(func(a *Account) { a.Events = Events{Up: 4, Failed: 4} }), ""},
		{"changes fail", changesFail, with(func(a *Account) { a.Events = Events{Up: 8, Down: 3, Open: 1, Failed: 1, RolledBack: 2} }), "3 of 10 changes did not succeed: flyball history web says why"},
		{"changes on paper", changesFail, with(func(a *Account) { a.Mode, a.Events = engine.Shadow, Events{Up: 8, Interrupted: 8} }), ""},
		{"seldom at the maximum", atMaximum, with(func(a *Account) { a.AtMax, a.PastAtMax = part(0.19), part(0.1) }), ""},
		{"at the maximum in peace", atMaximum, with(func(a *Account) { a.AtMax, a.Past, a.PastAtMax = part(1), part(0.5), part(0.019) }), ""},
		{"at the maximum", atMaximum, with(func(a *Account) { a.AtMax, a.PastAtMax = part(0.41), part(0.02) }), "at the maximum for 41 % of the time, and past scaleUp there for 2 %: raise maxReplicas"},
		{"another veto", overBudget, with(func(a *Account) { a.Vetoes = []Veto{{Reason: "CooldownActive", Time: part(1)}} }), ""},
		{"no budget for a moment", overBudget, with(func(a *Account) { a.Vetoes = []Veto{{Reason: "BudgetExhausted", Time: part(0.04)}} }), ""},
		{"no budget", overBudget, with(func(a *Account) {
			a.Vetoes = []Veto{{Reason: "BudgetExhausted", Time: part(0.04)}, {Reason: "NoRoom", Time: part(0.01)}}
		}), "there was no room for a raise for 5 hours"},
		{"quick", late, with(func(a *Account) { a.Past = part(0.04) }), ""},
		{"late", late, with(func(a *Account) { a.Past = part(0.08) }), "past scaleUp for 8 % of the time with room to grow"},
		{"late because at the maximum", late, with(func(a *Account) { a.Past, a.PastAtMax = part(0.08), part(0.04) }), ""},
		{"two flaps", flapping, with(func(a *Account) { a.Flaps = 2 }), ""},
		{"flaps", flapping, with(func(a *Account) { a.Flaps = 12 }), "12 flaps: widen the gap between scaleUp and scaleDown, or lengthen cooldown.down"},
		{"no metric is alone", aloneUp, fine, ""},
		{"alone for a while", aloneUp, with(func(a *Account) { a.Alone = []Alone{{"cpu_usage", part(0.09)}} }), ""},
		{"alone for a short time", aloneUp, with(func(a *Account) { a.Alone = []Alone{{"cpu_usage", Time{3599, 1}}} }), ""},
		{"alone", aloneUp, with(func(a *Account) { a.Alone = []Alone{{"cpu_usage", part(0.72)}} }), "cpu_usage alone kept it from scaling down for 3 days"},
		{"idle", idle, with(func(a *Account) { a.AtMin = part(0.999) }), "at the minimum for over 99 % of the time, and never past scaleUp: lower minReplicas"},
		{"not always idle", idle, with(func(a *Account) { a.AtMin = part(0.94) }), ""},
		{"idle, and short once", idle, with(func(a *Account) { a.AtMin, a.Past = part(1), part(0.001) }), ""},
		{"idle for all that is known", idle, with(func(a *Account) { a.AtMin, a.Unknown = part(1), part(0.05) }), ""},
		{"idle at one", idle, with(func(a *Account) { a.AtMin, a.Least = part(1), 1 }), ""},
		{"watched", unwatched, with(func(a *Account) { a.Watched = part(0.9) }), ""},
		{"not watched", unwatched, with(func(a *Account) { a.Watched = part(0.4) }), "watched for 40 % of the time: the rest is not counted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.rule(tt.account, "web")
			if !strings.HasPrefix(got, tt.says) || (tt.says == "") != (got == "") {
				t.Errorf("it says %q, want %q", got, tt.says)
			}
		})
	}

	if got := advise(fine, "web"); got != nil {
		t.Errorf("all is well: %q", got)
	}
	bad := with(func(a *Account) {
		a.Watched, a.Unknown, a.AtMax, a.Past, a.PastAtMax, a.Flaps = part(0.5), part(0.1), part(0.3), part(0.1), part(0.1), 7
	})
	got := advise(bad, "web")
	if want := []string{unread(bad, ""), atMaximum(bad, ""), flapping(bad, "")}; !reflect.DeepEqual(got, want) {
		t.Errorf("of all that is wrong it says %q, want %q", got, want)
	}
	bad.Watched = Time{Seconds: 299, Share: 0.5}
	if got := advise(bad, "web"); got != nil {
		t.Errorf("of five minutes it says %q", got)
	}
}

func TestCompare(t *testing.T) {
	account := func(policy string, mode engine.Mode, watched, mean, past float64) Account {
		return Account{Policy: policy, Mode: mode, Watched: Time{watched, 1}, Mean: mean, Past: Time{past * watched, past}}
	}
	did := account("web", engine.Live, 1000, 2, 0.12)
	eager := account("eager", engine.Shadow, 900, 2.7, 0.004)
	tests := []struct {
		name     string
		policies []Account
		want     []string
	}{
		{"a shadow", []Account{did, eager}, []string{"eager would have run 2.70 replicas on average instead of 2.00 (+35 %), past its scaleUp for under 1 % of the time instead of 12 %"}},
		{"one that is new", []Account{did, account("new", engine.Shadow, 899, 1, 0)}, nil},
		{"a moment", []Account{account("web", engine.Live, 299, 2, 0), account("eager", engine.Shadow, 299, 3, 0)}, nil},
		{"nothing to compare with", []Account{eager}, nil},
		{"a service that was stopped", []Account{account("web", engine.Live, 1000, 0, 0), eager}, nil},
		{"nothing", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := compare(tt.policies); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("it says %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWordsForNumbers(t *testing.T) {
	for share, want := range map[float64]string{0: "0 %", 0.0001: "under 1 %", 0.01: "1 %", 0.415: "42 %", 0.99: "99 %", 0.9999: "over 99 %", 1: "100 %"} {
		if got := percent(share); got != want {
			t.Errorf("%v is %q, want %q", share, got, want)
		}
	}
	for seconds, want := range map[float64]string{0: "0 seconds", 119: "119 seconds", 120: "2 minutes", 7199: "120 minutes", 7200: "2 hours", 172799: "48 hours", 172800: "2 days"} {
		if got := long(seconds); got != want {
			t.Errorf("%v s are %q, want %q", seconds, got, want)
		}
	}
}
