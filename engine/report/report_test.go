package report

import (
	"reflect"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// hold is a row of holds of policy web, every ten seconds from first to last.
func hold(first, last int, change ...func(r *engine.Record)) Row {
	r := engine.Record{
		At: at(first), Policy: "web", Service: "web", Mode: engine.Live,
		Terms:          engine.Terms{Min: 1, Max: 4, Every: 10 * time.Second, Load: engine.LoadWithin},
		Recommendation: engine.Recommendation{Action: engine.Hold},
		Decision:       engine.Decision{Action: engine.Hold, From: 2, To: 2, Reason: "WithinBounds"},
	}
	for _, c := range change {
		c(&r)
	}
	return Row{First: at(first), Last: at(last), Count: 1 + (last-first)/10, Record: r}
}

// raise is the decision on one replica more.
func raise(second int) Row {
	return hold(second, second, func(r *engine.Record) {
		r.Recommendation = engine.Recommendation{Action: engine.ScaleUp, Replicas: 3, Confidence: 0.8}
		r.Decision = engine.Decision{Action: engine.ScaleUp, From: 2, To: 3, Reason: "ScaleUpCrossed"}
	})
}

func change(started, ended, from, to int, result engine.Result) engine.Event {
	e := engine.Event{Policy: "web", Service: "web", Mode: engine.Live, Action: engine.Between(from, to), From: from, To: to,
		Started: at(started), Ended: at(ended), Result: result, Reached: to}
	if result == engine.Failed || result == engine.RolledBack {
		e.Reached = from
	}
	return e
}

func asked(e engine.Event, kind engine.RequestKind) engine.Event {
	e.Request = &engine.Request{Kind: kind}
	return e
}

// only is the one account of a report on the first so many seconds.
func only(t *testing.T, seconds int, rows []Row, events ...engine.Event) Account {
	t.Helper()
	r := Make(rows, events, at(0), at(seconds))
	if len(r.Services) != 1 || len(r.Services[0].Policies) != 1 {
		t.Fatalf("the report is %+v", r)
	}
	return r.Services[0].Policies[0]
}

// How long a decision stands, and how many replicas there are meanwhile.
func TestWhatIsWatched(t *testing.T) {
	open := change(50, 0, 2, 3, "")
	open.Ended, open.Reached = time.Time{}, 0
	tests := []struct {
		name           string
		rows           []Row
		events         []engine.Event
		watched        float64
		replicaSeconds float64
	}{
		{"until the next", []Row{hold(0, 40), hold(50, 90)}, nil, 100, 200},
		{"some looks were missed", []Row{hold(0, 10), hold(70, 90)}, nil, 100, 200},
		{"nobody looked", []Row{hold(0, 10), hold(71, 90)}, nil, 20 + 29, 2 * (20 + 29)},
		{"before the range", []Row{hold(-100, -10), hold(5, 90)}, nil, 100, 200},
		{"up to the range's beginning", []Row{hold(-100, -5)}, nil, 5, 10},
		{"the last look stands for one interval", []Row{hold(0, 40)}, nil, 50, 100},
		{"during a raise the new ones are there", []Row{hold(0, 40), raise(50), hold(80, 90)},
			[]engine.Event{change(50, 70, 2, 3, engine.Succeeded)}, 100, 2*50 + 3*20 + 3*10 + 2*20},
		{"a raise of which nothing came", []Row{raise(50)}, []engine.Event{change(50, 70, 2, 3, engine.RolledBack)}, 30, 3*20 + 2*10},
		{"a long rollout is no gap", []Row{hold(-500, -400), raise(-390), hold(50, 90)},
			[]engine.Event{change(-390, 40, 2, 3, engine.Succeeded)}, 100, 3*50 + 2*50},
		{"the end of an interrupted one is a guess", []Row{raise(-390), hold(50, 90)},
			[]engine.Event{change(-390, 40, 2, 3, engine.Interrupted)}, 50, 100},
		{"an open one", []Row{raise(50)}, []engine.Event{open}, 10, 30},
		{"one that is not on record any more", []Row{raise(50)}, nil, 10, 30},
		{"a clock that was put back", []Row{hold(50, 90), hold(20, 40)}, nil, 80, 160},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := only(t, 100, tt.rows, tt.events...)
			if a.Watched.Seconds != tt.watched || !near(a.ReplicaHours*3600, tt.replicaSeconds) {
				t.Errorf("%v s watched with %v replica-seconds, want %v and %v", a.Watched.Seconds, a.ReplicaHours*3600, tt.watched, tt.replicaSeconds)
			}
		})
	}
}

func TestVetoes(t *testing.T) {
	wants := func(action engine.Action, stage, reason string) func(r *engine.Record) {
		return func(r *engine.Record) {
			r.Recommendation.Action, r.Decision.Reason = action, reason
			r.Decision.Trace = []engine.Step{{Stage: "bounds", From: 2, To: 2}, {Stage: stage, Reason: reason}}
		}
	}
	byBounds := func(r *engine.Record) {
		r.Decision.Reason = "CooldownActive"
		r.Decision.Trace = []engine.Step{{Stage: "bounds", From: 2, To: 3, Reason: "BelowMinimum"}, {Stage: "cooldown", Reason: "CooldownActive"}}
	}
	byHand := func(r *engine.Record) { r.Request = &engine.Request{Kind: engine.Scale} }
	a := only(t, 100, []Row{
		hold(0, 10, wants(engine.ScaleUp, "cooldown", "CooldownActive")), hold(20, 20, wants(engine.ScaleDown, "cooldown", "CooldownActive")),
		hold(30, 30, byBounds), hold(40, 40, wants(engine.ScaleDown, "bounds", "AtMinimum")),
		hold(50, 50, wants(engine.Hold, "enabled", "Disabled")), // nothing to hold back
		hold(60, 60, wants(engine.ScaleUp, "bounds", "AtMaximum"), byHand),
		hold(70, 90, wants(engine.ScaleUp, "rego", "")), // the rules contradict themselves
	})
	want := []Veto{{"CooldownActive", engine.ScaleUp, Time{30, 0.3}}, {"CooldownActive", engine.ScaleDown, Time{10, 0.1}}}
	if !reflect.DeepEqual(a.Vetoes, want) {
		t.Errorf("vetoes are %+v, want %+v", a.Vetoes, want)
	}
}

func TestTimes(t *testing.T) {
	with := func(replicas int, load engine.Load, alone string) func(r *engine.Record) {
		return func(r *engine.Record) {
			r.Decision.From, r.Terms.Load, r.Terms.Alone = replicas, load, alone
		}
	}
	old := func(r *engine.Record) { r.Terms = engine.Terms{} }
	a := only(t, 110, []Row{
		hold(0, 0, with(1, engine.LoadWithin, "cpu")), hold(10, 20, with(2, engine.LoadWithin, "cpu")), hold(30, 30, with(4, engine.LoadPast, "")),
		hold(40, 40, with(6, engine.LoadPast, "")), hold(50, 50, with(3, engine.LoadUnknown, "queue")), hold(60, 60, with(0, "", "")),
		hold(70, 70, old), hold(80, 90), hold(100, 100, with(2, engine.LoadPast, "")),
	})
	got := [...]Time{a.Watched, a.AtMin, a.AtMax, a.Past, a.PastAtMax, a.Unknown}
	if want := [...]Time{{110, 1}, {20, 2. / 11}, {20, 2. / 11}, {30, 3. / 11}, {20, 2. / 11}, {20, 2. / 11}}; got != want {
		t.Errorf("watched, at min, at max, past, past at max, unknown: %v, want %v", got, want)
	}
	if want := []Alone{{"cpu", Time{20, 2. / 11}}, {"queue", Time{10, 1. / 11}}}; !reflect.DeepEqual(a.Alone, want) {
		t.Errorf("alone: %+v, want %+v", a.Alone, want)
	}
	if a.Least != 0 || a.Most != 6 {
		t.Errorf("%d to %d replicas, want 0 to 6", a.Least, a.Most)
	}
}

func TestEvents(t *testing.T) {
	restored := asked(change(70, 75, 2, 3, engine.Succeeded), engine.Restore)
	open := change(90, 90, 2, 3, "")
	shadow := hold(0, 90)
	rows := []Row{shadow}
	all := []engine.Event{
		change(-20, -10, 2, 3, engine.Succeeded), // before the range
		change(0, 10, 2, 3, engine.Succeeded), change(10, 40, 2, 3, engine.Succeeded), change(20, 22, 3, 2, engine.Succeeded),
		change(30, 31, 2, 3, engine.RolledBack), change(40, 41, 2, 3, engine.Failed), change(45, 46, 2, 4, engine.Partial),
		change(50, 51, 4, 3, engine.Interrupted), change(60, 60, 3, 2, engine.Seen), restored,
		asked(change(80, 84, 3, 5, engine.Succeeded), engine.Scale), asked(change(85, 86, 5, 3, engine.Succeeded), engine.Rollback), open,
		change(100, 101, 2, 3, engine.Succeeded), // after it
	}
	a := only(t, 100, rows, all...)
	want := Events{Up: 6, Down: 2, ByHand: 2, Restored: 1, Seen: 1, Partial: 1, Failed: 1, RolledBack: 1, Interrupted: 1, Open: 1}
	if a.Events != want {
		t.Errorf("events are\n%+v, want\n%+v", a.Events, want)
	}
	if *a.SuccessRate != 0.6 { // of ten that ended
		t.Errorf("success rate %v, want 0.6", *a.SuccessRate)
	}
	if *a.ReadySeconds != 7.5 { // of 4, 5, 10 and 30 s
		t.Errorf("ready after %v s, want 7.5", *a.ReadySeconds)
	}
	for i := range all {
		all[i].Mode = engine.Shadow
	}
	rows[0].Record.Mode = engine.Shadow
	if a := only(t, 100, rows, all...); a.SuccessRate != nil || a.ReadySeconds != nil {
		t.Errorf("on paper %v succeed within %v s", *a.SuccessRate, *a.ReadySeconds)
	}
}

func TestFlaps(t *testing.T) {
	tests := []struct {
		name   string
		events []engine.Event
		flaps  int
	}{
		{"there and back", []engine.Event{change(10, 20, 2, 3, engine.Succeeded), change(620, 621, 3, 2, engine.Succeeded)}, 1},
		{"back later", []engine.Event{change(10, 20, 2, 3, engine.Succeeded), change(621, 622, 3, 2, engine.Succeeded)}, 0},
		{"further the same way", []engine.Event{change(10, 20, 2, 3, engine.Succeeded), change(30, 40, 3, 4, engine.Succeeded)}, 0},
		{"to and fro", []engine.Event{change(10, 20, 2, 3, engine.Succeeded), change(30, 40, 3, 2, engine.Succeeded), change(50, 60, 2, 3, engine.Succeeded)}, 2},
		{"nothing came of it", []engine.Event{change(10, 20, 2, 3, engine.RolledBack), change(30, 40, 2, 1, engine.Succeeded)}, 0},
		{"by hand", []engine.Event{change(10, 20, 2, 3, engine.Succeeded), asked(change(30, 40, 3, 2, engine.Succeeded), engine.Scale)}, 0},
		{"somebody else", []engine.Event{change(10, 20, 2, 3, engine.Succeeded), change(30, 30, 3, 2, engine.Seen)}, 0},
		{"the first was before the range", []engine.Event{change(-20, -10, 2, 3, engine.Succeeded), change(30, 40, 3, 2, engine.Succeeded)}, 1},
		{"both were", []engine.Event{change(-20, -15, 2, 3, engine.Succeeded), change(-10, -5, 3, 2, engine.Succeeded)}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := only(t, 3600, []Row{hold(0, 3590)}, tt.events...)
			if a.Flaps != tt.flaps || a.FlapsPerHour != float64(tt.flaps) {
				t.Errorf("%d flaps, %v an hour, want %d", a.Flaps, a.FlapsPerHour, tt.flaps)
			}
		})
	}
}

func TestDecisions(t *testing.T) {
	fails := func(r *engine.Record) { r.Recommendation.Error = "it loops" }
	toMinimum := raise(90)
	toMinimum.Record.Recommendation = engine.Recommendation{Action: engine.Hold, Confidence: 0.1}
	byHand := raise(91)
	byHand.Record.Request = &engine.Request{Kind: engine.Scale}
	a := only(t, 100, []Row{hold(-40, 20), hold(30, 60, fails), raise(70), raise(80), toMinimum, byHand})
	if a.Evaluations != 3+4+4 || a.RulesFailed != 4 || *a.Confidence != 0.8 {
		t.Errorf("%d evaluations, %d without an answer, confidence %v; want 11, 4 and 0.8", a.Evaluations, a.RulesFailed, *a.Confidence)
	}
}

// The live policy's account is the service's, whatever it was called; shadows stand beside it, and services apart.
func TestServicesAndPolicies(t *testing.T) {
	named := func(policy, service, project string, mode engine.Mode) func(r *engine.Record) {
		return func(r *engine.Record) {
			r.Policy, r.Service, r.Mode = policy, service, mode
			r.Target = engine.Place{Driver: "compose", Project: project}
		}
	}
	r := Make([]Row{
		hold(0, 10, named("zeal", "web", "", engine.Shadow)), hold(0, 10, named("old", "web", "", engine.Live)),
		hold(20, 30, named("new", "web", "", engine.Live)), hold(0, 10, named("eager", "web", "", engine.Shadow)),
		hold(0, 10, named("api", "api", "", engine.Live)), hold(0, 10, named("other", "web", "shop", engine.Live)),
		hold(-500, -400, named("gone", "mail", "", engine.Live)),
	}, nil, at(0), at(100))
	var got []string
	for _, s := range r.Services {
		for _, a := range s.Policies {
			got = append(got, s.Service+" "+s.Target.Project+" "+a.Policy)
		}
	}
	want := []string{"api  api", "web  new", "web  eager", "web  zeal", "web shop other"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the report is of %q, want %q", got, want)
	}
}
