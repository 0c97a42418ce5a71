package control

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// archive is a History in memory.
type archive struct {
	kept   []engine.Series
	summed []engine.Rollups
	asked  []engine.Range // for samples, and
	older  []engine.Range // for rollups
	fail   error
}

func (a *archive) Rollups(_ context.Context, r engine.Range) ([]engine.Rollups, error) {
	a.older = append(a.older, r)
	return a.summed, a.fail
}

func (a *archive) Keep(s []engine.Series) { a.kept = append(a.kept, s...) }

func (a *archive) Samples(_ context.Context, r engine.Range) ([]engine.Series, error) {
	a.asked = append(a.asked, r)
	var found []engine.Series
	for _, s := range a.kept {
		if s.Subject == r.Subject && s.Metric == r.Metric && s.Signal == r.Signal {
			found = append(found, s)
		}
	}
	return found, a.fail
}

// saying is a source that says one value.
type saying float64

func (v saying) Sample(_ context.Context, metrics []engine.Metric, s engine.Service) ([]engine.Sample, error) {
	var samples []engine.Sample
	for _, m := range metrics {
		samples = append(samples, engine.Sample{Metric: m.Name, At: time.Now(), Value: float64(v)})
	}
	return samples, nil
}

func world(h History, s Source) *Live {
	return &Live{
		Targets: map[string]Target{"": steady{}}, Sources: map[string]Feed{"system": {Source: s}, "queue": {Source: s, Whole: true}},
		NewWindows: func(engine.Policy) Windows { return &kept{} }, History: h, Deadline: time.Second,
	}
}

// What decisions are made of is what is stored, so that it gives the same decisions again.
func TestDecisionsUseTheStoredValue(t *testing.T) {
	var a archive
	live := world(&a, saying(123.456789))
	p := policy("web")
	p.Metrics = []engine.Metric{
		{Name: "cpu", Source: "system", Service: "web"},
		{Name: "served", Source: "queue", Service: "web", Aggregation: "rate"},
	}
	sampled(t, live, p)
	s, err := live.Observe(t.Context(), p, engine.State{}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range map[int]float64{0: 123.5, 1: 123.456789} {
		stored := a.kept[i]
		if got := *s.Metrics[stored.Metric].Value; got != want || stored.Points[0].Value != want {
			t.Errorf("%s: decided on %v, stored %v, want %v", stored.Metric, got, stored.Points[0].Value, want)
		}
		if at := stored.Points[0].At; !at.Equal(at.Truncate(time.Millisecond)) {
			t.Errorf("%s is of %s, finer than it is stored", stored.Metric, at)
		}
		if m := p.Metrics[i]; stored.Subject != p.Subject() || stored.Signal != m.Signal() {
			t.Errorf("stored as %+v", stored)
		}
	}
}

// A restart finds the windows as they were, but for metrics that answer to the number of replicas.
func TestWindowsAreFilledFromTheHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := archive{}
		p := policy("web")
		p.Metrics = []engine.Metric{
			{Name: "cpu", Source: "system", Service: "web", Scope: engine.PerReplica, Window: time.Minute},
			{Name: "length", Source: "queue", Service: "web", Query: "LLEN a", Window: time.Minute},
		}
		sampled(t, world(&a, saying(7)), p)
		time.Sleep(10 * time.Second)

		again := world(&a, saying(math.NaN()))
		for range 2 {
			sampled(t, again, p)
		}
		windows := again.views[p.Subject()].windows.(*kept)
		first := slices.IndexFunc(*windows, func(s engine.Sample) bool { return s.Metric == "length" })
		if (*windows)[first].Value != 7 {
			t.Errorf("the window begins with %v", (*windows)[first])
		}
		if i := slices.IndexFunc(*windows, func(s engine.Sample) bool { return s.Metric == "cpu" && s.Value == 7 }); i >= 0 {
			t.Error("cpu was taken from another number of replicas")
		}
		if len(a.asked) != 2 { // once a start
			t.Errorf("asked %d times", len(a.asked))
		}
		other := p
		other.Metrics = slices.Clone(p.Metrics)
		other.Metrics[1].Query = "LLEN b"
		sampled(t, again, other)
		windows = again.views[p.Subject()].windows.(*kept)
		if i := slices.IndexFunc(*windows, func(s engine.Sample) bool { return s.Value == 7 }); i >= 0 {
			t.Error("samples of one query were taken for another's")
		}
	})
}

// A seasonal forecast begins with some seasons of the metrics that may be forecast.
func TestForecastsBeginWithTheHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a archive
		p := policy("web")
		p.Forecast = engine.Forecast{Season: 24 * time.Hour, Horizon: 5 * time.Minute}
		p.Metrics = []engine.Metric{
			{Name: "length", Source: "queue", Service: "web", Scope: engine.Total, Window: time.Minute},
			{Name: "wait", Source: "queue", Service: "web", Scope: engine.Independent, Window: time.Minute},
		}
		sampled(t, world(&a, saying(7)), p)
		for i, r := range a.asked { // two windows, from where a rollup begins
			if got := r.To.Sub(r.From); got < 2*time.Minute || got > 7*time.Minute+time.Millisecond {
				t.Errorf("asked for %s of samples of %s, want two windows", got, a.asked[i].Metric)
			}
		}
		if len(a.older) != 1 || a.older[0].Metric != "length" || a.older[0].From != a.asked[0].To.Add(-4*24*time.Hour) {
			t.Fatalf("asked for rollups of %+v, want four days of length", a.older)
		}
		// No moment is read twice, and none is left out.
		if last, first := a.older[0].To, a.asked[0].From.Add(time.Millisecond); !last.Equal(first.Add(-5*time.Minute)) || first.Truncate(5*time.Minute) != first {
			t.Errorf("rollups that begin up to %s, and samples from %s on", last, first)
		}
	})
}

// Another season is another forecast: it begins anew, with the history.
func TestAnotherSeasonIsRecalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a archive
		p := policy("web")
		p.Metrics = []engine.Metric{{Name: "length", Source: "queue", Service: "web", Scope: engine.Total, Window: time.Minute}}
		live := world(&a, saying(7))
		sampled(t, live, p)
		p.Forecast = engine.Forecast{Season: 168 * time.Hour, Horizon: 5 * time.Minute}
		sampled(t, live, p)
		if len(a.older) != 1 || a.older[0].From != a.asked[1].To.Add(-4*168*time.Hour) {
			t.Errorf("asked for %+v", a.older)
		}
	})
}

// Where the history can't be read, the windows fill by themselves.
func TestHistoryThatCannotBeRead(t *testing.T) {
	live := world(&archive{fail: errors.New("disk gone")}, saying(7))
	p := policy("web")
	p.Metrics = []engine.Metric{{Name: "length", Source: "queue", Service: "web"}}
	sampled(t, live, p)
	if s, err := live.Observe(t.Context(), p, engine.State{}, time.Now()); err != nil || *s.Metrics["length"].Value != 7 {
		t.Errorf("%+v, %v", s.Metrics, err)
	}
}

func TestWhyAMetricCouldNotBeRead(t *testing.T) {
	down := errors.New("refused")
	several := errors.Join(
		engine.Unread{Metric: "a", Query: "LLEN a", Err: down},
		fmt.Errorf("sweep: %w", errors.Join(engine.Unread{Metric: "b", Err: engine.Down{Err: down}})),
	)
	for _, c := range []struct {
		err                 error
		metric, query, want string
	}{
		{nil, "a", "", ""},
		{down, "a", "", "refused"},
		{several, "a", "LLEN a", "refused"},
		{several, "b", "", "refused"},
		{several, "c", "", ""},
	} {
		got := Why(c.err, c.metric)
		if (got == nil) != (c.want == "") || got != nil && (got.Metric != c.metric || got.Query != c.query || got.Err.Error() != c.want) {
			t.Errorf("%s of %v: %+v, want %q", c.metric, c.err, got, c.want)
		}
	}
}

func TestParts(t *testing.T) {
	p := engine.Policy{Metrics: []engine.Metric{
		{Name: "a", Source: "system", Service: "web"}, {Name: "b", Source: "queue", Service: "web"}, {Name: "c", Source: "system", Service: "web"},
		{Name: "d", Source: "system", Service: "db"}, {Name: "e", Source: "custom", Service: "web", Expr: "a / b"},
	}}
	var got []string
	for _, part := range Parts(p) {
		text := part.Source + " " + part.Service + ":"
		for _, m := range part.Metrics {
			text += " " + m.Name
		}
		got = append(got, text)
	}
	if want := []string{"system web: a c", "queue web: b", "system db: d"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// calculating is a recommender whose metric rules answer a number, nothing, or an error.
type calculating struct {
	rule
	value *float64
	err   error
}

func (c calculating) Calculate(context.Context, engine.Policy, string, engine.Snapshot) (*float64, error) {
	return c.value, c.err
}

func TestCompute(t *testing.T) {
	seven, nan := 7.0, math.NaN()
	p := policy("web")
	p.Metrics = append(p.Metrics,
		engine.Metric{Name: "half", Source: "custom", Expr: "cpu / 2"},
		engine.Metric{Name: "own", Source: "custom", Rule: "shop.own"},
		engine.Metric{Name: "given", Source: "custom", Expr: "cpu * 100"},
		engine.Metric{Name: "quarter", Source: "custom", Expr: "half / 2"})
	look := func(r Recommender) map[string]engine.Reading {
		s := engine.Snapshot{Metrics: map[string]engine.Reading{"cpu": engine.Reads(80), "given": engine.Reads(1)}}
		return Compute(t.Context(), r, p, s).Metrics
	}
	got := look(calculating{value: &seven})
	for name, want := range map[string]float64{"half": 40, "own": 7, "given": 1, "quarter": 20} {
		if r := got[name]; r.Status != engine.OK || *r.Value != want {
			t.Errorf("%s reads %+v, want %v", name, r, want)
		}
	}
	for want, r := range map[engine.Status]Recommender{
		engine.Missing: calculating{}, engine.Invalid: calculating{err: errors.New("shop.rego:3: it loops")},
	} {
		if own := look(r)["own"]; own.Status != want || own.Value != nil || own.Detail == "" {
			t.Errorf("own reads %+v, want %s", own, want)
		}
	}
	old := engine.Reads(80)
	old.AgeSeconds = 60
	p.Metrics[1].StaleAfter, p.Metrics[2].StaleAfter = 59*time.Second, 61*time.Second
	aged := Compute(t.Context(), calculating{value: &seven}, p, engine.Snapshot{Metrics: map[string]engine.Reading{"cpu": old}}).Metrics
	if aged["half"].Status != engine.Stale || aged["half"].Value != nil || aged["own"].Status != engine.OK || aged["own"].AgeSeconds != 60 {
		t.Errorf("of an old sample half reads %+v and own %+v", aged["half"], aged["own"])
	}
	if own := look(calculating{value: &nan})["own"]; own.Status != engine.Invalid {
		t.Errorf("NaN reads %+v", own)
	}
}
