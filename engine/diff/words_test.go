package diff

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"pgregory.net/rapid"
)

func TestWhatAChangeMeans(t *testing.T) {
	for name, c := range map[string]struct {
		change func(p *engine.Policy)
		want   string
	}{
		"off":               {func(p *engine.Policy) { p.Enabled = false }, "enabled true → false: the policy stops acting"},
		"shadow":            {func(p *engine.Policy) { p.Mode = engine.Shadow }, "mode live → shadow: the policy stops acting"},
		"more at most":      {func(p *engine.Policy) { p.MaxReplicas = 12 }, "maxReplicas 9 → 12: up to 3 more replicas"},
		"fewer at most":     {func(p *engine.Policy) { p.MaxReplicas = 8 }, "maxReplicas 9 → 8: at most 8, 1 fewer"},
		"more at least":     {func(p *engine.Policy) { p.MinReplicas = 3 }, "minReplicas 2 → 3: at least 1 more replica"},
		"fewer at least":    {func(p *engine.Policy) { p.MinReplicas = 1 }, "minReplicas 2 → 1: down to 1 fewer replica"},
		"no largest step":   {func(p *engine.Policy) { p.MaxStep = 0 }, "maxStep 3 → none: one decision may add or remove any number"},
		"raise sooner":      {func(p *engine.Policy) { p.Cooldown.Up = 30 * time.Second }, "cooldown.up 1m → 30s: a second raise may come 30s earlier"},
		"lower later":       {func(p *engine.Policy) { p.Cooldown.Down = time.Hour }, "cooldown.down 2m → 1h: a lowering may come 58m later"},
		"scaleUp":           {func(p *engine.Policy) { p.Thresholds[0].ScaleUp = 80 }, "thresholds[cpu].scaleUp 70 → 80: raises later"},
		"scaleDown":         {func(p *engine.Policy) { p.Thresholds[0].ScaleDown = 30 }, "thresholds[cpu].scaleDown 25 → 30: lowers earlier"},
		"target":            {func(p *engine.Policy) { p.Targets[0].Value = 80 }, "thresholds[cpu].target 60 → 80: about 25 % fewer replicas for the same load"},
		"lower target":      {func(p *engine.Policy) { p.Targets[0].Value = 40 }, "thresholds[cpu].target 60 → 40: about 50 % more replicas for the same load"},
		"band":              {func(p *engine.Policy) { p.Bands[0].Bands[0].Add = 3 }, "thresholds[cpu].above 90 add 2 → add 3"},
		"another strategy":  {func(p *engine.Policy) { p.Strategies = []string{"step"} }, "strategy threshold → step: step in the place of threshold"},
		"one strategy more": {func(p *engine.Policy) { p.Strategies = []string{"threshold", "step"} }, "strategy threshold → threshold, step: step has a say too, and the highest answer wins"},
		"rate":              {func(p *engine.Policy) { p.Rates.Up.Limits[1].Percent = 100 }, "rates.up[percent a 1m] 50 → 100: at most 100 % more within 1m"},
		"select":            {func(p *engine.Policy) { p.Rates.Down.Least = true }, "rates.select.down most → least: of several limits the one that allows the least holds"},
		"a rate less":       {func(p *engine.Policy) { p.Rates.Down.Limits = p.Rates.Down.Limits[:1] }, "rates.down[percent a 1m] 50 → none\nrates.select.down most → none"},
		"scaleUpBy":         {func(p *engine.Policy) { p.ScaleUpBy = 3 }, "scaleUpBy 2 → 3: threshold adds 3 at once"},
		"floor":             {func(p *engine.Policy) { p.Metrics[0].Floor = 2 }, "metrics[cpu].floor 1 → 2: at least 2 replicas while it is not ok"},
		"drain":             {func(p *engine.Policy) { p.Rollout.Drain.Exec = []string{"a", "b c"} }, "rollout.drain.exec [\"drain\"] → [\"a\", \"b c\"]"},
		"stabilization":     {func(p *engine.Policy) { p.Stabilization.Down = 0 }, "stabilization.down 1m → 0s: a lowering need be wished for 1m less long"},
		"onMissing":         {func(p *engine.Policy) { p.Metrics[0].OnMissing = "ignore" }, "metrics[cpu].onMissing hold → ignore: may scale down while it is not ok"},
		"window alone":      {func(p *engine.Policy) { p.Metrics[0].Window, p.Metrics[0].StaleAfter = 5*time.Minute, 10*time.Minute }, "metrics[cpu].window 1m → 5m: follows the load slower"},
		"a metric more": {func(p *engine.Policy) {
			p.Metrics = append(p.Metrics, engine.Metric{Name: "m", Type: "memory", Source: "system", Aggregation: "avg", Window: time.Minute})
		}, "metrics[m] none → memory of system, avg of 1m"},
		"no threshold":           {func(p *engine.Policy) { p.Thresholds = nil }, "thresholds[cpu] scaleUp 70, scaleDown 25, greater_than → none"},
		"the service":            {func(p *engine.Policy) { p.Service, p.Metrics[0].Service = "api", "api" }, "service web → api"},
		"a window's minimum":     {func(p *engine.Policy) { p.Schedule[0].MinReplicas = 5 }, "schedule[office].minReplicas 3 → 5: at least 2 more replicas"},
		"a longer window":        {func(p *engine.Policy) { p.Schedule[0].To = 19 * time.Hour }, "schedule[office].to 18:00 → 19:00: lasts 1h longer"},
		"a window over midnight": {func(p *engine.Policy) { p.Schedule[0].To = 2 * time.Hour }, "schedule[office].to 18:00 → 02:00: lasts 8h longer"},
		"a shorter window":       {func(p *engine.Policy) { p.Schedule[0].To = 17*time.Hour + 30*time.Minute }, "schedule[office].to 18:00 → 17:30: lasts 30m less long"},
		"an earlier window":      {func(p *engine.Policy) { p.Schedule[0].From = 7 * time.Hour }, "schedule[office].from 08:00 → 07:00: begins 1h earlier"},
		"a target for a threshold": {func(p *engine.Policy) {
			p.Thresholds, p.Targets = nil, append(p.Targets, engine.Target{Metric: "cpu", Value: 50})
		}, "thresholds[cpu] none → target 50, tolerance 0\nthresholds[cpu] scaleUp 70, scaleDown 25, greater_than → none"},
		"a window's zone": {func(p *engine.Policy) { p.Schedule[0].Zone, _ = engine.ParseZone("Europe/Prague") }, "schedule[office].timeZone UTC → Europe/Prague"},
		"all of the week": {func(p *engine.Policy) { p.Schedule[0].Days = []time.Weekday{0, 1, 2, 3, 4, 5, 6} }, "schedule[office].days mon, tue → none"},
	} {
		t.Run(name, func(t *testing.T) {
			p := whole()
			c.change(&p)
			if got := said(of(whole(), p)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func said(found []Policy) string {
	var lines []string
	for _, p := range found {
		for _, c := range p.Changes {
			line := fmt.Sprintf("%s %s → %s", c.Field, Text(c.Old), Text(c.New))
			if c.Means != "" {
				line += ": " + c.Means
			}
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func TestCooldownOfBothDirections(t *testing.T) {
	a, b := whole(), whole()
	a.Cooldown = engine.UpDown{Up: 5 * time.Minute, Down: 5 * time.Minute}
	b.Cooldown = engine.UpDown{Up: time.Minute, Down: time.Minute}
	if got, want := said(of(a, b)), "cooldownPeriod 5m → 1m: the next change may come 4m earlier"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestLessThanIsTheOtherWayRound(t *testing.T) {
	a, b := whole(), whole()
	a.Thresholds[0] = engine.Threshold{Metric: "cpu", ScaleUp: 10, ScaleDown: 50, Comparison: engine.LessThan}
	b.Thresholds[0] = engine.Threshold{Metric: "cpu", ScaleUp: 20, ScaleDown: 60, Comparison: engine.LessThan}
	want := "thresholds[cpu].scaleUp 10 → 20: raises earlier\nthresholds[cpu].scaleDown 50 → 60: lowers later"
	if got := said(of(a, b)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Of several thresholds of one metric the one that stayed is not told of, wherever it stands now.
func TestThresholdsOfOneMetric(t *testing.T) {
	a, b := whole(), whole()
	one, two, three := a.Thresholds[0], a.Thresholds[0], a.Thresholds[0]
	two.ScaleUp, three.ScaleUp = 80, 90
	a.Thresholds, b.Thresholds = []engine.Threshold{one, two}, []engine.Threshold{three, one}
	if got, want := said(of(a, b)), "thresholds[cpu].scaleUp 80 → 90: raises later"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A window without a name of its own is called by its times, and stays the same one when they change.
func TestWindowsWithoutNames(t *testing.T) {
	a, b := whole(), whole()
	a.Schedule = []engine.Window{{Name: "08:00 to 18:00 UTC", From: 8 * time.Hour, To: 18 * time.Hour, MinReplicas: 3}}
	b.Schedule = []engine.Window{{Name: "08:00 to 20:00 UTC", From: 8 * time.Hour, To: 20 * time.Hour, MinReplicas: 3}}
	if got, want := said(of(a, b)), "schedule[08:00 to 20:00 UTC].to 18:00 → 20:00: lasts 2h longer"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	b.Schedule[0].To, b.Schedule[0].Name = 0, "08:00 to 00:00 UTC"
	a.Schedule[0].To, a.Schedule[0].Name = 24*time.Hour, "08:00 to 24:00 UTC"
	if got := said(of(a, b)); got != "" {
		t.Errorf("midnight, either way, is told as %s", got)
	}
}

func TestRules(t *testing.T) {
	pkg := func(limit string) []Package {
		return []Package{{Name: "shop.checkout", Files: []string{"shop.rego"}, Rules: map[string]string{"limit": limit, "recommendation": "r"},
			Lines: map[string]string{"limit": "# by hand\n" + limit, "recommendation": "r"}}}
	}
	side := func(rules []Package) Side {
		return Side{Policies: []engine.Policy{whole()}, Rules: map[string][]Package{"web": rules}}
	}
	if got := Of(side(pkg("limit := 1")), side(pkg("limit := 1"))); len(got) != 0 {
		t.Errorf("the same rules are told as %+v", got)
	}
	got := Of(side(pkg("limit := 1")), side(pkg("limit := 2")))
	if len(got) != 1 || got[0].Changes[0].Field != "rules[shop.checkout]" || got[0].Changes[0].Means != "shop.rego: another limit" {
		t.Errorf("got %+v", got)
	}
	if want := []string{" # by hand", "-limit := 1", "+limit := 2"}; len(got) == 1 && !slices.Equal(got[0].Changes[0].Lines, want) {
		t.Errorf("the lines are %q, want %q", got[0].Changes[0].Lines, want)
	}
	if got := Of(side(nil), side(pkg("limit := 2"))); len(got) != 1 || got[0].Changes[0].Old != nil || got[0].Changes[0].New == nil {
		t.Errorf("a package that came is told as %+v", got)
	}
}

func TestDecisions(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	record := func(from, to int, reason string) engine.Record {
		return engine.Record{At: at, Decision: engine.Decision{Action: engine.Between(from, to), From: from, To: to, Reason: reason}}
	}
	calm, busy, cooling, stuck := record(2, 2, "Calm"), record(2, 3, "Busy"), record(2, 2, "CooldownActive"), record(2, 2, "Stuck")
	d := Decisions{Limit: 3}
	for minute, new := range []engine.Record{calm, cooling, busy, busy, busy, calm, busy, busy, stuck, stuck} {
		old := calm
		old.At, new.At = at.Add(time.Duration(minute)*time.Minute), old.At
		d.Add(old, new)
	}
	d.Sort()
	if d.Total != 10 || d.Differ != 8 || d.Replicas != 5 || d.Stretches != 4 {
		t.Errorf("got %+v", d)
	}
	hold := Answer{"hold", "Calm"}
	want := []Group{{hold, Answer{"scale_up", "Busy"}, 5, 2}, {hold, Answer{"hold", "Stuck"}, 2, 1}, {hold, Answer{"hold", "CooldownActive"}, 1, 1}}
	if !slices.Equal(d.Groups, want) {
		t.Errorf("groups are %+v", d.Groups)
	}
	var first []string
	for _, s := range d.First {
		first = append(first, fmt.Sprintf("%d to %d: %d %s", s.From.Minute(), s.To.Minute(), s.Count, s.New.Decision.Reason))
	}
	if want := []string{"1 to 1: 1 CooldownActive", "2 to 4: 3 Busy", "6 to 7: 2 Busy"}; !slices.Equal(first, want) {
		t.Errorf("the first are %q, want %q", first, want)
	}
}

// Every decision that differs is in one stretch, and in one group.
func TestStretchesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Decisions{Limit: 1000}
		for _, reason := range rapid.SliceOf(rapid.SampledFrom([]string{"Calm", "Busy", "Stuck"})).Draw(t, "reasons") {
			d.Add(engine.Record{Decision: engine.Decision{Reason: "Calm"}}, engine.Record{Decision: engine.Decision{Reason: reason}})
		}
		inStretches, inGroups, stretches := 0, 0, 0
		for _, s := range d.First {
			inStretches += s.Count
		}
		for _, g := range d.Groups {
			inGroups, stretches = inGroups+g.Count, stretches+g.Stretches
		}
		if inStretches != d.Differ || inGroups != d.Differ || stretches != d.Stretches || len(d.First) != d.Stretches {
			t.Fatalf("%+v", d)
		}
	})
}
