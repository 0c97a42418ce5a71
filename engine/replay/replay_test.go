package replay

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/store"
)

// kept is a value as a ledger gives it back.
func kept[T any](t interface{ Fatal(...any) }, value T) (back T) {
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, &back)
	}
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// made runs cycles as the daemon does, with what a person may ask for meanwhile, and answers what is on record then.
func made(t *rapid.T, rules control.Recommender, p engine.Policy) []engine.Record {
	w := looked(t, p)
	c := w.cycle(rules)
	ctx := context.Background()
	for i := range rapid.IntRange(1, 3).Draw(t, "cycles") {
		now := control.Moment{At: start.Add(time.Duration(i) * p.EvaluationInterval), Boot: engine.Boot{ID: "b", Started: start.Add(-time.Hour)}}
		w.snapshot.At = now.At
		var err error
		if rapid.IntRange(0, 4).Draw(t, "by hand") == 0 {
			wish := &engine.Request{Kind: engine.Scale, Replicas: rapid.IntRange(1, 9).Draw(t, "asked for"), Actor: "ben", Force: rapid.Bool().Draw(t, "force")}
			ask := func(engine.Policy, engine.Snapshot, engine.State) (*engine.Request, error) { return wish, nil }
			_, _, err = c.Obey(ctx, p, now, ask, func(engine.Record, *engine.Event) {})
		} else {
			_, _, err = c.Run(ctx, p, now)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return w.recorded
}

// Whatever a cycle records is replayed to the same bytes, with the policy as it was learned: through JSON, requests, drifts,
// pauses and conflicts included.
func TestWhatIsOnRecordComesOutAgain(t *testing.T) {
	then, now := compiled(t, own), compiled(t, own)
	asked, conflicts := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t)
		records := made(t, then, p)
		for i, r := range records {
			if r.Request != nil {
				asked++
			}
			if i > 0 && r.At.Sub(records[i-1].At) == time.Second {
				conflicts++
			}
			back := kept(t, r)
			is := Again(context.Background(), Maker{kept(t, p), now}, back)
			told, more, err := Differences(back, is)
			if err != nil || len(told)+more > 0 {
				t.Fatalf("%v, %v\n was %+v\n  is %+v", told, err, back.Decision, is.Decision)
			}
		}
	})
	if asked == 0 || conflicts == 0 {
		t.Errorf("%d requests and %d conflicts were replayed", asked, conflicts)
	}
}

// A record of which anything that is compared was changed is found, by its field.
func TestAChangedRecordIsFound(t *testing.T) {
	rules := compiled(t, own)
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(t)
		records := made(t, rules, p)
		r := kept(t, records[len(records)-1])
		var want string
		change := map[string]func(){
			"recommendation.replicas":   func() { r.Recommendation.Replicas++ },
			"recommendation.confidence": func() { r.Recommendation.Confidence += 1e-9 },
			"recommendation.priority":   func() { r.Recommendation.Priority = "none" },
			"decision.to":               func() { r.Decision.To-- },
			"decision.reason":           func() { r.Decision.Reason = "" },
			"decision.message":          func() { r.Decision.Message += " " },
			"decision.trace[" + r.Decision.Trace[0].Stage + "].message": func() { r.Decision.Trace[0].Message += "." },
		}
		want = rapid.SampledFrom(slices.Sorted(keys(change))).Draw(t, "field")
		change[want]()
		told, more, err := Differences(r, Again(context.Background(), Maker{p, rules}, r))
		if err != nil || len(told) != 1 || more != 0 || told[0].Field != want {
			t.Fatalf("told %v and %d more, %v; want %s", told, more, err, want)
		}
	})
}

func keys[V any](all map[string]V) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for name := range all {
			if !yield(name) {
				return
			}
		}
	}
}

// A policy or a rule that is another one answers otherwise, whatever was answered before: nothing is remembered of that.
func TestAnotherRuleIsAnotherAnswer(t *testing.T) {
	rules := compiled(t, own)
	p := engine.Policy{
		Name: "p", Service: "web", Enabled: true, Mode: engine.Live, MinReplicas: 1, MaxReplicas: 9, EvaluationInterval: time.Minute,
		Strategies: []string{"shop.checkout"}, Metrics: []engine.Metric{{Name: "a", Service: "web", OnMissing: "hold"}},
	}
	w := &world{snapshot: engine.Snapshot{At: start, Policy: "p", Metrics: map[string]engine.Reading{"a": engine.Reads(75)},
		Service: engine.ServiceView{Name: "web", Replicas: engine.Replicas{Current: 2, Ready: 2}}}}
	w.state.Enabled = true
	if _, _, err := w.cycle(rules).Run(t.Context(), p, control.Moment{At: start}); err != nil {
		t.Fatal(err)
	}
	r := w.recorded[0]
	changed := compiled(t, strings.Replace(own, "n + 2", "n + 3", 1))
	wider := p
	wider.MinReplicas = 6
	for _, c := range []struct {
		name string
		with Maker
		want []string
	}{
		{"the same", Maker{p, rules}, nil},
		{"another rule", Maker{p, changed}, []string{
			"recommendation.replicas was 4, is 5", "decision.to was 4, is 5",
			"decision.trace[bounds].from was 4, is 5", "decision.trace[bounds].to was 4, is 5",
		}},
		{"another policy", Maker{wider, rules}, []string{
			`decision.message was "at 2026-03-01T12:00:00.123456789Z", is "2 replicas, below the minimum of 6"`,
			"decision.reason was Busy, is BelowMinimum",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			told, _, err := Differences(r, Again(t.Context(), c.with, r))
			if err != nil || (len(told) == 0) != (c.want == nil) {
				t.Fatalf("told %v, %v", told, err)
			}
			var all []string
			for _, d := range told {
				all = append(all, d.String())
			}
			for _, want := range c.want {
				if !slices.Contains(all, want) {
					t.Errorf("no %q in\n%s", want, strings.Join(all, "\n"))
				}
			}
		})
	}
}

func TestWritten(t *testing.T) {
	was := engine.Record{Recommendation: engine.Recommendation{Reasons: []engine.Reason{{Code: "A", Message: strings.Repeat("x", 500)}}}}
	is := engine.Record{Recommendation: engine.Recommendation{Reasons: []engine.Reason{{Code: "B", Value: new(0.1)}, {Code: "C"}}, Error: "broke"},
		Request: &engine.Request{Kind: engine.Restore, Replicas: 3}}
	for i := range 30 {
		was.Decision.Trace = append(was.Decision.Trace, engine.Step{Stage: strings.Repeat("s", i+1)})
		is.Decision.Trace = append(is.Decision.Trace, engine.Step{Stage: strings.Repeat("t", i+1)})
	}
	told, more, err := Differences(was, is)
	var lines []string
	for _, d := range told {
		if len([]rune(d.Was)) > 120 {
			t.Errorf("%s is %d runes long", d.Field, len([]rune(d.Was)))
		}
		lines = append(lines, d.String())
	}
	text := strings.Join(lines, "\n")
	if err != nil || len(told) != 20 || more != 6+60-20 {
		t.Errorf("%d told, %d more, %v", len(told), more, err)
	}
	for _, want := range []string{
		"request was none, is {\"actor\":\"\",\"kind\":\"restore\",\"replicas\":3}", "recommendation.reasons[0].code was A, is B", "recommendation.reasons[0].value was not there, is 0.1",
		"recommendation.reasons[0].message was " + strings.Repeat("x", 119) + "…, is \"\"", "recommendation.reasons[1] was not there, is {\"code\":\"C\"",
		"recommendation.error was not there, is broke", `decision.trace[ss] was {"from":0,"stage":"ss","to":0}, is not there`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// A tally counts everything, and keeps the first of what differs: what turned before what is only said otherwise.
func TestTally(t *testing.T) {
	rules := compiled(t, own)
	p := engine.Policy{
		Name: "p", Service: "web", Enabled: true, Mode: engine.Live, MinReplicas: 1, MaxReplicas: 9, EvaluationInterval: time.Minute,
		Strategies: []string{"shop.checkout"}, Metrics: []engine.Metric{{Name: "a", Service: "web", OnMissing: "hold"}}, Revision: "r1",
	}
	find := func(_ context.Context, r engine.Record) (Maker, string, error) {
		if r.Revision != "r1" {
			return Maker{}, "revision " + r.Revision + " is not known", nil
		}
		return Maker{p, rules}, "", nil
	}
	row := func(id int64, value float64, change func(r *engine.Record)) store.Row {
		w := &world{snapshot: engine.Snapshot{At: start, Policy: "p", Metrics: map[string]engine.Reading{"a": engine.Reads(value)},
			Service: engine.ServiceView{Name: "web", Replicas: engine.Replicas{Current: 2, Ready: 2}}}}
		w.state.Enabled = true
		at := start.Add(time.Duration(id) * time.Minute)
		if _, _, err := w.cycle(rules).Run(t.Context(), p, control.Moment{At: at}); err != nil {
			t.Fatal(err)
		}
		r := kept(t, w.recorded[0])
		change(&r)
		return store.Row{ID: id, First: at, Last: at.Add(30 * time.Second), Count: 2, Record: r}
	}
	said := func(r *engine.Record) { r.Decision.Message = "otherwise" }
	turned := func(r *engine.Record) { r.Decision.To = 7 }
	tally := Tally{Most: 2}
	for _, r := range []store.Row{
		row(1, 75, func(*engine.Record) {}), row(2, 20, said), row(3, 20, said), row(4, 75, turned),
		row(5, 75, func(r *engine.Record) { r.Revision = "r0" }), row(7, 75, func(r *engine.Record) { r.Revision = "r0" }),
		row(6, 5, func(r *engine.Record) { r.Policy = "q" }),
	} {
		if err := tally.Add(t.Context(), r, find); err != nil {
			t.Fatal(err)
		}
	}
	if tally.Decisions != 7 || tally.Alike != 7 || tally.Same != 2 || tally.Differ != 3 || tally.Turned != 1 || tally.Unproved != 2 || tally.Proved() {
		t.Errorf("%+v", tally)
	}
	if !slices.Equal(tally.Policies, []string{"p", "q"}) || !slices.Equal(tally.Revisions, []string{"r0", "r1"}) {
		t.Errorf("policies %v, revisions %v", tally.Policies, tally.Revisions)
	}
	if !tally.From.Equal(start.Add(time.Minute)) || !tally.To.Equal(start.Add(7*time.Minute+30*time.Second)) {
		t.Errorf("from %s to %s", tally.From, tally.To)
	}
	if want := []Missing{{"revision r0 is not known", 2, 5, 7}}; !slices.Equal(tally.Missing, want) {
		t.Errorf("missing %+v, want %+v", tally.Missing, want)
	}
	if len(tally.First) != 2 || tally.First[0].Decision != 2 || tally.First[1].Decision != 4 || !tally.First[1].Turned() ||
		tally.First[1].Was.String() != "scale_up from 2 to 7 (Busy)" || tally.First[1].Is.String() != "scale_up from 2 to 4 (Busy)" {
		t.Errorf("the first are %+v", tally.First)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := tally.Add(gone, row(8, 75, func(*engine.Record) {}), find); !errors.Is(err, context.Canceled) {
		t.Errorf("goes on for a caller that has left: %v", err)
	}
}

func BenchmarkAgain(b *testing.B) {
	rules := compiled(b, own).Afresh()
	for _, strategy := range []string{"threshold", "shop.checkout"} {
		b.Run(strategy, func(b *testing.B) {
			p := rapid.Custom(drawn).Example(7)
			p.Enabled, p.Strategies = true, []string{strategy}
			w := rapid.Custom(func(t *rapid.T) *world { return looked(t, p) }).Example(7)
			if _, _, err := w.cycle(rules).Run(b.Context(), p, control.Moment{At: start}); err != nil {
				b.Fatal(err)
			}
			r := kept(b, w.recorded[0])
			for b.Loop() {
				told, _, err := Differences(r, Again(b.Context(), Maker{p, rules}, r))
				if err != nil || told != nil {
					b.Fatal(told, err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "decisions/s")
		})
	}
}
