package storetest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// fields fills every field of the nouns, also those that will be added later, and wants them back.
func (s Suite) fields(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)

	var record engine.Record
	var state engine.State
	fill(reflect.ValueOf(&record).Elem(), new(int))
	fill(reflect.ValueOf(&state).Elem(), new(int))
	record.State.Epoch, state.Epoch = 0, 0 // that is not kept
	p := engine.Policy{Name: record.Policy, Service: record.Service, Target: record.Target, Mode: record.Mode}
	check(t, ledger.Record(ctx, record, state))

	want := state
	want.Enabled, want.Pauses, want.Budget = false, nil, engine.Budget{} // none is the policy's own
	same(t, "state", must(ledger.State(ctx, p))(t), want)
	same(t, "newest record", must(ledger.Latest(ctx))(t), []engine.Record{record})
	rows := must(ledger.Decisions(ctx, record.Policy, 0))(t)
	if len(rows) != 1 {
		t.Fatalf("%d rows of decisions, want 1", len(rows))
	}
	same(t, "record", rows[0].Record, record)
	open := must(ledger.OpenEvents(ctx))(t)
	if len(open) != 1 {
		t.Fatalf("%d open events, want 1", len(open))
	}
	same(t, "open event", open[0].Event, *state.Open)
	same(t, "mode of the open event", open[0].Mode, record.Mode)

	same(t, "interrupted events", must(ledger.Halfway(ctx))(t), []engine.Event{*state.Halfway})

	event := *state.Open
	check(t, ledger.Close(ctx, event, p, engine.State{}))
	same(t, "closed event", must(ledger.History(ctx, "", 0))(t), []engine.Event{event})

	check(t, ledger.Pause(ctx, "", state.Pauses[0]))
	same(t, "pauses", must(ledger.Pauses(ctx))(t), map[string]engine.Pause{"": state.Pauses[0]})

	var entry store.Entry
	var revision store.Revision
	var message store.Message
	fill(reflect.ValueOf(&entry).Elem(), new(int))
	fill(reflect.ValueOf(&revision).Elem(), new(int))
	fill(reflect.ValueOf(&message).Elem(), new(int))
	check(t, ledger.Audit(ctx, entry))
	entries := must(ledger.Audited(ctx, store.Filter{Limit: 1}))(t)
	if len(entries) != 1 {
		t.Fatalf("%d audit entries, want the newest", len(entries))
	}
	entry.Number = entries[0].Number
	same(t, "audit entry", entries[0], entry)
	check(t, ledger.Learn(ctx, revision))
	learned, known, err := ledger.Revision(ctx, revision.ID)
	check(t, err)
	if !known {
		t.Fatal("the revision is not known")
	}
	same(t, "revision", learned, revision)
	check(t, ledger.Post(ctx, 0, message))
	same(t, "dead message", must(ledger.Dead(ctx, 0))(t), []store.Message{message})

	var token store.Token
	var user store.User
	var document store.Document
	fill(reflect.ValueOf(&token).Elem(), new(int))
	fill(reflect.ValueOf(&user).Elem(), new(int))
	fill(reflect.ValueOf(&document).Elem(), new(int))
	check(t, ledger.PutToken(ctx, token, entry))
	check(t, ledger.PutUser(ctx, user, entry))
	check(t, ledger.PutDocument(ctx, document, "", entry))
	same(t, "tokens", must(ledger.Tokens(ctx))(t), []store.Token{token})
	same(t, "people", must(ledger.Users(ctx))(t), []store.User{user})
	same(t, "policies", must(ledger.Documents(ctx))(t), []store.Document{document})
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	got, want = kept(got), kept(want)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s came back changed:\n got %+v\nwant %+v", what, got, want)
	}
}

// kept is a state without what is not kept.
func kept(value any) any {
	if state, is := value.(engine.State); is {
		state.Epoch = 0
		return state
	}
	return value
}

// fill sets everything in a value to something that is not its zero, each time to something else.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.1)
	case reflect.String:
		v.SetString(string(rune('a'+*n%26)) + "–'\"\n")
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Uint8:
		v.SetUint(uint64(*n % 256))
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() { // kept to the byte: it may be signed
			v.SetBytes(fmt.Appendf(nil, "{ \"n\": %d.0,\n\t\"text\": \"<&\u2028\\u003e\" }", *n))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(start.Add(time.Duration(*n) * time.Second)))
			return
		}
		if v.Type() == reflect.TypeFor[engine.Zone]() {
			zone, err := engine.ParseZone("Europe/Prague")
			if err != nil {
				panic(err)
			}
			v.Set(reflect.ValueOf(zone))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	default:
		panic("storetest: no filling for " + v.Type().String())
	}
}
