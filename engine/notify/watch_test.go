package notify

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
	"pgregory.net/rapid"
)

// look is one look at a policy: which reasons it finds, and how long after the one before.
type look struct {
	after  time.Duration
	found  []string
	unseen []string
	want   string // the entries
}

func short(entries []store.Entry) string {
	var all []string
	for _, e := range entries {
		all = append(all, strings.TrimSuffix(fmt.Sprintf("%s %s %s", e.Kind, e.Reason, e.Policy), " "))
	}
	return strings.Join(all, ", ")
}

func TestTroublesThatLast(t *testing.T) {
	const minute = time.Minute
	tests := []struct {
		name  string
		looks []look
	}{
		{"rules that fail twice in a row", []look{
			{minute, []string{RulesFail}, nil, ""}, {minute, []string{RulesFail}, nil, "trouble RulesFail web"}, {minute, []string{RulesFail}, nil, ""},
			{minute, nil, nil, ""}, {minute, nil, nil, "recovery RulesFail web"}, {minute, nil, nil, ""},
		}},
		{"rules that fail now and then", []look{
			{minute, []string{RulesFail}, nil, ""}, {minute, nil, nil, ""}, {minute, []string{RulesFail}, nil, ""}, {minute, nil, nil, ""},
		}},
		{"one that is away for a look", []look{
			{minute, []string{RulesFail}, nil, ""}, {minute, []string{RulesFail}, nil, "trouble RulesFail web"},
			{minute, nil, nil, ""}, {minute, []string{RulesFail}, nil, ""}, {minute, nil, nil, ""}, {minute, nil, nil, "recovery RulesFail web"},
		}},
		{"metrics that are missing for long", []look{
			{minute, []string{MetricsDoubtful}, nil, ""}, {4 * minute, []string{MetricsDoubtful}, nil, ""}, {4 * minute, []string{MetricsDoubtful}, nil, ""},
			{4 * minute, []string{MetricsDoubtful}, nil, "trouble MetricsDoubtful web"},
		}},
		{"two at once", []look{
			{minute, []string{RulesFail, NoneReady}, nil, ""}, {minute, []string{RulesFail, NoneReady}, nil, "trouble RulesFail web"},
			{minute, []string{NoneReady}, nil, "trouble NoneReady web"}, {minute, []string{NoneReady}, nil, "recovery RulesFail web"},
		}},
		{"one of which a look says nothing", []look{
			{minute, []string{RulesFail}, nil, ""}, {minute, []string{RulesFail}, nil, "trouble RulesFail web"},
			{minute, []string{Unobservable}, []string{RulesFail}, ""}, {minute, []string{Unobservable}, []string{RulesFail}, "trouble Unobservable web"},
			{minute, []string{RulesFail}, nil, ""}, {minute, []string{RulesFail}, nil, "recovery Unobservable web"},
		}},
		{"files that can't be used, at once", []look{
			{minute, []string{PoliciesUnusable}, nil, "trouble PoliciesUnusable web"}, {minute, []string{PoliciesUnusable}, nil, ""},
			{minute, nil, nil, "recovery PoliciesUnusable web"},
		}},
		{"policies by API that are left out, at once", []look{
			{minute, []string{PoliciesLeftOut}, nil, "trouble PoliciesLeftOut web"}, {minute, nil, nil, "recovery PoliciesLeftOut web"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var w Watch
			now := at
			for i, l := range tt.looks {
				now = now.Add(l.after)
				if got := short(w.Look(now, "web", "web", findingsOf(l.found), l.unseen)); got != l.want {
					t.Errorf("look %d: %q, want %q", i+1, got, l.want)
				}
			}
		})
	}
}

func findingsOf(reasons []string) []Finding {
	var found []Finding
	for _, r := range reasons {
		found = append(found, Finding{r, "it is so"})
	}
	return found
}

func TestTroublesOverARestart(t *testing.T) {
	var before Watch
	var log []store.Entry
	note := func(entries []store.Entry) string {
		for i := range entries {
			entries[i].Number = int64(len(log) + 1)
			log = append(log, entries[i])
		}
		return short(entries)
	}
	for i := range 3 {
		note(before.Look(at.Add(time.Duration(i)*time.Minute), "web", "web", findingsOf([]string{RulesFail, Unobservable}), nil))
		note(before.Look(at.Add(time.Duration(i)*time.Minute), "api", "api", findingsOf([]string{RulesFail}), nil))
	}
	if short(log) != "trouble RulesFail web, trouble Unobservable web, trouble RulesFail api" {
		t.Fatal(short(log))
	}

	var w Watch
	w.Resume(log)
	if got := note(w.Keep(at.Add(time.Hour), []engine.Policy{{Name: "web", Service: "web"}})); got != "recovery RulesFail api" {
		t.Errorf("of a policy that is gone: %q", got)
	}
	if got := note(w.Look(at.Add(time.Hour), "web", "web", findingsOf([]string{RulesFail}), nil)); got != "" {
		t.Errorf("told again: %q", got)
	}
	if got := note(w.Look(at.Add(time.Hour), "web", "web", findingsOf([]string{RulesFail}), nil)); got != "recovery Unobservable web" {
		t.Errorf("ended meanwhile: %q", got)
	}
	if last := log[len(log)-1].Message; last != "it can be observed again, after 59m0s" {
		t.Errorf("%q", last)
	}
}

func TestTroubleThatCouldNotBeNoted(t *testing.T) {
	var w Watch
	found := findingsOf([]string{RulesFail})
	w.Look(at, "web", "web", found, nil)
	w.Lost(w.Look(at, "web", "web", found, nil))
	if got := short(w.Look(at, "web", "web", found, nil)); got != "trouble RulesFail web" {
		t.Errorf("%q", got)
	}
	w.Look(at, "web", "web", nil, nil)
	w.Lost(w.Look(at, "web", "web", nil, nil))
	if got := short(w.Look(at, "web", "web", nil, nil)); got != "recovery RulesFail web" {
		t.Errorf("%q", got)
	}
}

// Of each trouble the log has trouble and recovery in turn, and a restart in between changes nothing about that.
func TestTroublesAndRecoveriesTakeTurns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w Watch
		var log []store.Entry
		now := at
		for range rapid.IntRange(1, 60).Draw(t, "looks") {
			now = now.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "seconds")) * time.Second)
			var found []Finding
			for _, c := range codes {
				if rapid.Bool().Draw(t, c.reason) {
					found = append(found, Finding{c.reason, "x"})
				}
			}
			entries := w.Look(now, "web", "web", found, nil)
			if rapid.IntRange(0, 9).Draw(t, "lost") == 0 {
				w.Lost(entries)
				entries = nil
			}
			if log = append(log, entries...); rapid.IntRange(0, 9).Draw(t, "restart") == 0 {
				w.Resume(log)
			}
		}
		open := map[string]bool{}
		for _, e := range log {
			if began := e.Kind == store.OfTrouble; open[e.Reason] == began {
				t.Fatalf("%s of %s, which is open: %v", e.Kind, e.Reason, open[e.Reason])
			}
			open[e.Reason] = e.Kind == store.OfTrouble
		}
	})
}
