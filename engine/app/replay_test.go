package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/sqlite"
)

// once is a record of a cycle of a policy that a rule of the author's answers, the store in which it is, and the policies.
func once(tb testing.TB, o Options) engine.Record {
	tb.Helper()
	write(tb, filepath.Join(o.Policies, "policies.cue"), ruled)
	write(tb, filepath.Join(o.Policies, "decide.rego"), wants("2"))
	a, err := New(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	defer a.Close()
	if err := a.Once(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	rows, err := a.store.Decisions(tb.Context(), "", 0)
	if err != nil || len(rows) != 1 {
		tb.Fatalf("%d rows, %v", len(rows), err)
	}
	return rows[0].Record
}

func write(tb testing.TB, path, text string) {
	tb.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}

// folder is a place whose policies are a folder.
func folder(tb testing.TB) Options {
	o, _ := place(tb)
	o.Policies, o.Enabled = filepath.Dir(o.Policies), true
	return o
}

// Whatever is on record is told of: what came out the same, what did not, and what can't be made again and why.
func TestReplay(t *testing.T) {
	o := folder(t)
	synctest.Test(t, func(t *testing.T) {
		r := once(t, o)
		ledger, err := sqlite.Open(o.Store, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		put := func(seconds int, change func(r *engine.Record)) {
			t.Helper()
			one := r
			one.At = r.At.Add(time.Duration(seconds) * time.Second)
			change(&one)
			if err := ledger.Record(t.Context(), one, engine.State{}); err != nil {
				t.Fatal(err)
			}
		}
		then, _, err := ledger.Revision(t.Context(), r.Revision)
		if err != nil {
			t.Fatal(err)
		}
		broken := then
		broken.ID, broken.Rules = "r1", []store.Rule{{Name: "decide.rego", Text: "package shop.decide\n\nrecommendation := http.send({})"}}
		if err := ledger.Learn(t.Context(), broken); err != nil {
			t.Fatal(err)
		}
		for i := range 2 * page { // more than a page, and the same but for the time, which nothing here looks at
			put(i, func(*engine.Record) {})
		}
		put(1000, func(r *engine.Record) { r.Decision.To = 4 })
		put(1001, func(r *engine.Record) { r.Revision = "r0" })
		put(1002, func(r *engine.Record) { r.Revision = "r0" })
		put(1003, func(r *engine.Record) { r.Revision = "r1" })
		put(1004, func(r *engine.Record) { r.Recommendation.Reasons = []engine.Reason{{Code: "RuleTimeout"}} })
		put(1005, func(r *engine.Record) { r.Policy, r.Service = "other", "api" })
		if err := ledger.Shutdown(); err != nil {
			t.Fatal(err)
		}

		offline, err := Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		far := 0.0
		asked := Replay{From: r.At.Add(-time.Hour), To: r.At.Add(time.Hour), Most: 5, Told: func(share float64) {
			if share < far || share > 1 {
				t.Errorf("told %v after %v", share, far)
			}
			far = share
		}}
		done, err := asked.Run(t.Context(), offline)
		if err != nil || done.Decisions != 2*page+7 || done.Same != 2*page+2 || done.Differ != 1 || done.Unproved != 4 || done.Proved() {
			t.Fatalf("%+v, %v", done, err)
		}
		if far == 0 {
			t.Error("nobody was told how far it was")
		}
		if d := done.First[0]; d.Differences[0].String() != "decision.to was 4, is 2" || len(d.Differences) != 1 {
			t.Errorf("differs %+v", d)
		}
		var why []string
		for _, m := range done.Missing {
			why = append(why, fmt.Sprintf("%d %s", m.Decisions, m.Why))
		}
		for i, want := range []string{
			"2 revision r0 is not on record",
			"1 the rules of revision r1 can't be used any more: decide.rego:3:19: error: http.send is not allowed in rules",
			"1 the rules gave no answer in time then, which was the machine's doing",
		} {
			if i >= len(why) || !strings.HasPrefix(why[i], want) {
				t.Errorf("missing %q, want %q", why, want)
			}
		}

		asked.Of, asked.From = "api", r.At.Add(1005*time.Second)
		if done, err = asked.Run(t.Context(), offline); err != nil || done.Decisions != 1 || !done.Proved() {
			t.Errorf("of one service: %+v, %v", done, err)
		}
		asked.Of = "api2"
		refused := api.Refusal{}
		if _, err := asked.Run(t.Context(), offline); !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
			t.Errorf("of nothing: %v", err)
		}

		write(t, filepath.Join(o.Policies, "decide.rego"), wants("3"))
		write(t, filepath.Join(o.Policies, "policies.cue"), strings.Replace(ruled, `"cpu_usage", type: "cpu"`, `"memory_usage", type: "memory"`, 1))
		current, err := load(t.Context(), o, lookout{})
		if err != nil {
			t.Fatal(err)
		}
		asked = Replay{From: r.At, To: r.At.Add(time.Hour), Current: &current, Most: 1}
		done, err = asked.Run(t.Context(), offline)
		if err != nil || done.Turned != 2*page+6 || done.Unproved != 1 || done.Missing[0].Why != "there is no policy other any more" {
			t.Errorf("by what is there now: %+v, %v", done, err)
		}
		if want := "policy web: metric memory_usage was not measured then, so it is missing in the replay"; len(done.Notes) != 1 || done.Notes[0] != want {
			t.Errorf("notes %q, want %q", done.Notes, want)
		}
	})
}

// More revisions than are compiled at a time are replayed all the same.
func TestReplayOfManyRevisions(t *testing.T) {
	all := &revisions{ledger: everyNumber{}}
	for i := range 3 * mostKnown {
		m, missing, err := all.find(t.Context(), engine.Record{Revision: fmt.Sprint(i)})
		if err != nil || missing != "" || m.Policy.MinReplicas != i || m.Rules == nil {
			t.Fatalf("%+v, %q, %v", m, missing, err)
		}
		if len(all.known) > mostKnown || len(all.shipped) != 1 {
			t.Fatalf("%d revisions are kept, and %d sets of rules", len(all.known), len(all.shipped))
		}
	}
}

// everyNumber is a ledger in which every number is a revision.
type everyNumber struct{}

func (everyNumber) Revision(_ context.Context, id string) (store.Revision, bool, error) {
	p := engine.Policy{Name: "web", Service: "web", Strategies: []string{"threshold"}}
	_, err := fmt.Sscan(id, &p.MinReplicas)
	return store.Revision{ID: id, Policy: p}, true, err
}

func BenchmarkReplay(b *testing.B) {
	o := folder(b)
	r := once(b, o)
	ledger, err := sqlite.Open(o.Store, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	const rows = 2000
	for i := range rows {
		one := r
		one.At = r.At.Add(time.Duration(i) * time.Second)
		if err := ledger.Record(b.Context(), one, engine.State{}); err != nil {
			b.Fatal(err)
		}
	}
	if err := ledger.Shutdown(); err != nil {
		b.Fatal(err)
	}
	offline, err := Open(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		done, err := Replay{From: r.At, To: r.At.Add(time.Hour)}.Run(b.Context(), offline)
		if err != nil || !done.Proved() {
			b.Fatal(done, err)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "decisions/s")
}
