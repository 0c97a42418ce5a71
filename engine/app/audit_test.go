package app

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/schema"
)

// logged is a store of which the audit log and the revisions alone are asked.
type logged struct {
	store.Store
	entries   []store.Entry
	revisions map[string]store.Revision
}

func (l logged) Audited(_ context.Context, f store.Filter) ([]store.Entry, error) {
	var found []store.Entry
	for _, e := range l.entries {
		if f.Has(e) && (f.Limit == 0 || len(found) < f.Limit) {
			found = append(found, e)
		}
	}
	return found, nil
}

func (l logged) Revision(_ context.Context, id string) (store.Revision, bool, error) {
	r, found := l.revisions[id]
	return r, found, nil
}

func TestPolicyEntries(t *testing.T) {
	policy := func(most int) engine.Policy {
		return engine.Policy{
			Name: "web", Service: "shop", Enabled: true, Mode: engine.Live, MinReplicas: 1, MaxReplicas: most,
			Strategies: []string{"threshold"}, Revision: fmt.Sprint("most ", most),
		}
	}
	noted := func(number int64, revision string) store.Entry {
		return store.Entry{Number: number, Kind: store.OfPolicy, Policy: "web", Service: "shop", Revision: revision}
	}
	known := map[string]store.Revision{"most 3": {ID: "most 3", Policy: policy(3)}}
	tests := []struct {
		name    string
		entries []store.Entry
		now     []engine.Policy
		want    string // policy service revision: message
	}{
		{"the first start", nil, []engine.Policy{policy(3)}, "web shop most 3: added: begins to act on service shop: 1 to 3 replicas, by threshold"},
		{"a restart", []store.Entry{noted(1, "most 3")}, []engine.Policy{policy(3)}, ""},
		{"a change", []store.Entry{noted(1, "most 3")}, []engine.Policy{policy(5)},
			"web shop most 5: changed: acts on service shop; maxReplicas 3 → 5, up to 2 more replicas"},
		{"a change back", []store.Entry{noted(1, "most 3"), noted(2, "most 5")}, []engine.Policy{policy(3)},
			"web shop most 3: changed; what it was before is not on record"},
		{"it goes", []store.Entry{noted(1, "most 3")}, nil, "web shop : removed: stops acting on service shop"},
		{"it goes, and is forgotten", []store.Entry{noted(1, "most 5")}, nil, "web shop : removed"},
		{"it is gone", []store.Entry{noted(1, "most 3"), noted(2, "")}, nil, ""},
		{"it comes back", []store.Entry{noted(1, "most 3"), noted(2, "")}, []engine.Policy{policy(3)},
			"web shop most 3: added: begins to act on service shop: 1 to 3 replicas, by threshold"},
		{"a log without its beginning", []store.Entry{{Number: 7, Kind: store.OfDaemon}}, []engine.Policy{policy(3)},
			"web shop most 3: there, and the entry that would tell since when is past its retention"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := policyEntries(t.Context(), logged{entries: tt.entries, revisions: known}, Loaded{Set: schema.Set{Policies: tt.now}})
			var said []string
			for _, e := range got {
				said = append(said, fmt.Sprintf("%s %s %s: %s", e.Policy, e.Service, e.Revision, e.Message))
			}
			if text := strings.Join(said, "\n"); err != nil || text != tt.want {
				t.Errorf("%q, %v\nwant %q", text, err, tt.want)
			}
		})
	}
}

func TestLongChangesAreCutShort(t *testing.T) {
	old, new := engine.Policy{Name: "web", Revision: "a"}, engine.Policy{
		Name: "web", Service: strings.Repeat("s", 200), Enabled: true, Mode: engine.Shadow, MinReplicas: 1, MaxReplicas: 2, ScaleUpBy: 3, ScaleDownBy: 4, Revision: "b",
	}
	ledger := logged{
		entries:   []store.Entry{{Number: 1, Kind: store.OfPolicy, Policy: "web", Revision: "a"}},
		revisions: map[string]store.Revision{"a": {Policy: old}},
	}
	got, err := policyEntries(t.Context(), ledger, Loaded{Set: schema.Set{Policies: []engine.Policy{new}}})
	if err != nil || len(got) != 1 || !strings.HasSuffix(got[0].Message, "; and 1 more") || !strings.Contains(got[0].Message, strings.Repeat("s", 79)+"…") {
		t.Errorf("%+v, %v", got, err)
	}
}

// What a person did not get is noted; what could never be, or is so already, is not.
func TestRefusedIsNoted(t *testing.T) {
	o, _ := place(t)
	a := begin(t, o)
	wish := engine.Request{Kind: engine.Scale, Replicas: 9, Force: true, Actor: "ana"}
	held := api.Begun{Decision: engine.Decision{From: 4, To: 4, Reason: "BudgetExhausted", Message: "no room"}}
	for _, c := range []struct {
		name  string
		begun api.Begun
		err   error
		want  string
	}{
		{"held", held, nil, "scale to 9 by force, refused: it stays at 4: BudgetExhausted: no room"},
		{"refused", api.Begun{}, refusal(409, "web is being changed"), "scale to 9 by force, refused: web is being changed"},
		{"as it is already", api.Begun{Decision: engine.Decision{From: 9, To: 9, Reason: "Requested"}}, nil, ""},
		{"begun", api.Begun{Decision: engine.Decision{From: 4, To: 9}, Event: &engine.Event{}}, nil, ""},
		{"no number", api.Begun{}, refusal(400, "replicas is 0"), ""},
		{"no service", api.Begun{}, refusal(404, "no policy scales it"), ""},
		{"nobody waited", api.Begun{}, context.Canceled, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, err := a.Audit(t.Context(), store.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			a.refused(t.Context(), "web", wish, c.begun, c.err)
			after, err := a.Audit(t.Context(), store.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			switch added := after[len(before):]; {
			case c.want == "" && len(added) > 0:
				t.Errorf("noted is %+v", added)
			case c.want != "" && (len(added) != 1 || added[0].Message != c.want || added[0].Actor != "ana" || added[0].Kind != store.OfDecision || added[0].Policy != "web" || added[0].Revision == ""):
				t.Errorf("noted is %+v, want %q", added, c.want)
			}
		})
	}
}
