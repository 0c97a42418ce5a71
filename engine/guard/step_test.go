package guard

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// rated is a service of so many replicas that nothing but its rates slows down.
func rated(current int, rates engine.Rates) drawn {
	in := calm()
	in.p.MaxReplicas, in.p.Cooldown, in.p.Rates = 1000, engine.UpDown{}, rates
	in.p.Metrics[0].Scope = engine.Total
	in.s.Service.Replicas = engine.Replicas{Current: current, Ready: current}
	return in
}

// pursue decides every so often on one wish, each decision applied at once, and gives the counts.
func pursue(in drawn, wish, times int, every time.Duration) []int {
	var counts []int
	for i := range times {
		in.s.At = start.Add(time.Duration(i) * every)
		in.wish(wish)
		d, st := Decide(in.p, in.s, in.r, in.st)
		if d.Action != engine.Hold {
			e := engine.Event{Action: d.Action, From: d.From, To: d.To, Started: in.s.At, Ended: in.s.At, Reached: d.To, Result: engine.Succeeded}
			st = End(Begin(st, in.p, e), in.p, e)
		}
		in.st, in.s.Service.Replicas = st, engine.Replicas{Current: d.To, Ready: d.To}
		counts = append(counts, d.To)
	}
	return counts
}

// The worked examples of Kubernetes' documentation of HPA behavior, and some beside them.
func TestRates(t *testing.T) {
	fast := engine.Pace{Limits: []engine.Rate{{Percent: 100, Period: 15 * time.Second}, {Replicas: 4, Period: 15 * time.Second}}}
	slow := engine.Pace{Limits: []engine.Rate{{Percent: 10, Period: time.Minute}}}
	either := engine.Pace{Limits: []engine.Rate{{Replicas: 4, Period: time.Minute}, {Percent: 10, Period: time.Minute}}}
	least := func(p engine.Pace) engine.Pace { return engine.Pace{Limits: p.Limits, Least: true} }
	for name, c := range map[string]struct {
		from, wish int
		rates      engine.Rates
		every      time.Duration
		want       []int
	}{
		"up: twice as many, or 4 more":               {1, 100, engine.Rates{Up: fast}, 15 * time.Second, []int{5, 10, 20, 40, 80, 100, 100}},
		"up: the least of both":                      {1, 100, engine.Rates{Up: least(fast)}, 15 * time.Second, []int{2, 4, 8, 12, 16}},
		"up: looked at more often than the period":   {1, 100, engine.Rates{Up: fast}, 5 * time.Second, []int{5, 5, 5, 10, 10, 10, 20}},
		"up: a wish within the rate":                 {4, 6, engine.Rates{Up: fast}, 15 * time.Second, []int{6, 6}},
		"down: 10 % a minute":                        {80, 1, engine.Rates{Down: slow}, time.Minute, []int{72, 64, 57, 51, 45, 40, 36}},
		"down: 10 % of the count at the beginning":   {80, 1, engine.Rates{Down: slow}, 30 * time.Second, []int{72, 72, 64, 64, 57}},
		"down: 10 %, or 4":                           {80, 1, engine.Rates{Down: either}, time.Minute, []int{72, 64, 57, 51, 45, 40, 36, 32, 28}},
		"down: the least of both":                    {80, 1, engine.Rates{Down: least(either)}, time.Minute, []int{76, 72, 68, 64, 60, 56, 52, 48, 44, 40, 36, 32, 28, 25, 22}},
		"down: a small percentage is no standstill":  {3, 1, engine.Rates{Down: slow}, time.Minute, []int{2, 1, 1}},
		"down: none at all":                          {8, 1, engine.Rates{Down: engine.Pace{Limits: []engine.Rate{{Period: time.Minute}}}}, time.Hour, []int{8, 8}},
		"up: a rate for the other direction":         {1, 100, engine.Rates{Down: slow}, time.Minute, []int{100}},
		"up: two periods, the shorter holds first":   {10, 100, engine.Rates{Up: engine.Pace{Least: true, Limits: []engine.Rate{{Replicas: 2, Period: time.Minute}, {Replicas: 5, Period: 10 * time.Minute}}}}, time.Minute, []int{12, 14, 15, 15, 15, 15, 15, 15, 15, 15, 17}},
		"up: in steps that are shorter than allowed": {10, 100, engine.Rates{Up: fast}, 15 * time.Second, []int{20, 40, 80, 100}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := pursue(rated(c.from, c.rates), c.wish, len(c.want), c.every); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestStep(t *testing.T) {
	up := func(r ...engine.Rate) engine.Rates { return engine.Rates{Up: engine.Pace{Limits: r}} }
	four := engine.Rate{Replicas: 4, Period: time.Minute}
	ago := func(d time.Duration, by int) []engine.Change { return []engine.Change{{At: start.Add(-d), By: by}} }
	for name, c := range map[string]struct {
		wish    int
		with    func(in *drawn)
		to      int
		reason  string
		message string
	}{
		"no rate":                       {50, func(*drawn) {}, 50, "RuleSaidSo", ""},
		"limited":                       {50, func(in *drawn) { in.p.Rates = up(four) }, 14, "RateLimited", "wished for 50, rates.up is 4 replicas every 1m0s"},
		"limited by one replica":        {50, func(in *drawn) { in.p.Rates = up(engine.Rate{Replicas: 1, Period: time.Hour}) }, 11, "RateLimited", "rates.up is 1 replica every 1h0m0s"},
		"limited by a percentage":       {50, func(in *drawn) { in.p.Rates = up(engine.Rate{Percent: 50, Period: time.Minute}) }, 15, "RateLimited", "rates.up is 50 % every 1m0s"},
		"the one that allows the most":  {50, func(in *drawn) { in.p.Rates = up(four, engine.Rate{Percent: 50, Period: time.Minute}) }, 15, "RateLimited", "50 %"},
		"used up":                       {50, func(in *drawn) { in.p.Rates, in.st.Changes = up(four), ago(30*time.Second, 4) }, 10, "RateLimited", ""},
		"used in part":                  {50, func(in *drawn) { in.p.Rates, in.st.Changes = up(four), ago(30*time.Second, 1) }, 13, "RateLimited", ""},
		"used a period ago":             {50, func(in *drawn) { in.p.Rates, in.st.Changes = up(four), ago(time.Minute, 4) }, 14, "RateLimited", ""},
		"more than used up":             {50, func(in *drawn) { in.p.Rates, in.st.Changes = up(four), ago(30*time.Second, 9) }, 10, "RateLimited", ""},
		"what went in between is given": {50, func(in *drawn) { in.p.Rates, in.st.Changes = up(four), ago(30*time.Second, -2) }, 16, "RateLimited", ""},
		"maxStep is tighter":            {50, func(in *drawn) { in.p.Rates, in.p.MaxStep = up(four), 2 }, 12, "StepLimited", "maxStep is 2"},
		"the rate is tighter":           {50, func(in *drawn) { in.p.Rates, in.p.MaxStep = up(four), 20 }, 14, "RateLimited", "wished for 50"},
		"the minimum does not wait":     {50, func(in *drawn) { in.p.Rates, in.p.MinReplicas = up(four), 30 }, 30, "RateLimited", "but the minimum holds"},
	} {
		t.Run(name, func(t *testing.T) {
			in := rated(10, engine.Rates{})
			c.with(&in)
			in.wish(c.wish)
			d, _ := Decide(in.p, in.s, in.r, in.st)
			if d.To != c.to || d.Reason != c.reason || !strings.Contains(d.Message, c.message) {
				t.Errorf("got %d (%s: %s), want %d (%s: …%s…)", d.To, d.Reason, d.Message, c.to, c.reason, c.message)
			}
		})
	}
}

func TestChanged(t *testing.T) {
	rates := engine.Rates{
		Up:   engine.Pace{Limits: []engine.Rate{{Replicas: 1, Period: time.Minute}}},
		Down: engine.Pace{Limits: []engine.Rate{{Replicas: 1, Period: time.Minute}, {Percent: 10, Period: 5 * time.Minute}}},
	}
	at := func(ago time.Duration, by int) engine.Change { return engine.Change{At: start.Add(-ago), By: by} }
	for name, c := range map[string]struct {
		earlier []engine.Change
		rates   engine.Rates
		event   engine.Event
		want    []engine.Change
	}{
		"added":                            {nil, rates, engine.Event{From: 2, To: 4, Reached: 4}, []engine.Change{at(0, 2)}},
		"removed":                          {nil, rates, engine.Event{From: 4, To: 1, Reached: 1}, []engine.Change{at(0, -3)}},
		"in part":                          {nil, rates, engine.Event{From: 2, To: 6, Reached: 3}, []engine.Change{at(0, 1)}},
		"nothing came of it":               {nil, rates, engine.Event{From: 2, To: 6, Reached: 2}, nil},
		"after others":                     {[]engine.Change{at(4*time.Minute, 1)}, rates, engine.Event{From: 2, Reached: 3}, []engine.Change{at(4*time.Minute, 1), at(0, 1)}},
		"the longest period counts":        {[]engine.Change{at(5*time.Minute, 1), at(299*time.Second, 2)}, rates, engine.Event{From: 2, Reached: 3}, []engine.Change{at(299*time.Second, 2), at(0, 1)}},
		"the service is gone":              {nil, rates, engine.Event{From: 2, To: 6, Result: engine.Interrupted}, nil},
		"nobody asks":                      {[]engine.Change{at(time.Second, 1)}, engine.Rates{}, engine.Event{From: 2, Reached: 3}, nil},
		"nothing came, others are kept on": {[]engine.Change{at(time.Second, 1)}, rates, engine.Event{From: 2, Reached: 2}, []engine.Change{at(time.Second, 1)}},
	} {
		t.Run(name, func(t *testing.T) {
			before := slices.Clone(c.earlier)
			c.event.Ended = start
			st := End(engine.State{Changes: c.earlier}, engine.Policy{Rates: c.rates}, c.event)
			if !reflect.DeepEqual(st.Changes, c.want) {
				t.Errorf("got %v, want %v", st.Changes, c.want)
			}
			if !slices.Equal(before, c.earlier) {
				t.Error("the state before was changed")
			}
		})
	}
}

// Two states that went on from one do not write into each other's changes.
func TestChangesAreNotShared(t *testing.T) {
	p := engine.Policy{Rates: engine.Rates{Up: engine.Pace{Limits: []engine.Rate{{Replicas: 1, Period: time.Hour}}}}}
	was := engine.State{Changes: append(make([]engine.Change, 0, 8), engine.Change{At: start, By: 1})}
	one := End(was, p, engine.Event{From: 2, Reached: 4, Ended: start})
	other := End(was, p, engine.Event{From: 2, Reached: 7, Ended: start})
	if one.Changes[1].By != 2 || other.Changes[1].By != 5 {
		t.Errorf("%v and %v", one.Changes, other.Changes)
	}
}

func TestRebaseChanges(t *testing.T) {
	booted := engine.Boot{ID: "a", Started: start.Add(-time.Hour)}
	was := engine.State{Boot: booted, Changes: []engine.Change{{At: start.Add(-time.Minute), By: 3}}}
	for name, c := range map[string]struct {
		boot engine.Boot
		at   time.Time
		ago  time.Duration
	}{
		"nothing happened":              {booted, start, time.Minute},
		"the clock was set ahead":       {engine.Boot{ID: "a", Started: start}, start.Add(time.Hour), time.Minute},
		"the clock was set back":        {engine.Boot{ID: "a", Started: start.Add(-2 * time.Hour)}, start.Add(-time.Hour), time.Minute},
		"another boot, for all we know": {engine.Boot{ID: "b", Started: start}, start.Add(time.Minute), 0},
	} {
		t.Run(name, func(t *testing.T) {
			st := Rebase(was, c.boot, c.at)
			if got := c.at.Sub(st.Changes[0].At); got != c.ago || st.Changes[0].By != 3 {
				t.Errorf("changed by %d, %s ago, want 3, %s ago", st.Changes[0].By, got, c.ago)
			}
			if was.Changes[0].At != start.Add(-time.Minute) {
				t.Error("the state before was changed")
			}
		})
	}
}
