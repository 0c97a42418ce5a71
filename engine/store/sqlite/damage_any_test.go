package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/storetest"
)

// told is what decisions stand on, as a store tells it.
type told struct {
	states  []engine.State
	pauses  map[string]engine.Pause
	enabled bool
	open    []store.Intent
}

func cooling(n int) engine.Policy {
	name := fmt.Sprint("service ", n)
	return engine.Policy{Name: name, Service: name, Mode: engine.Live, Cooldown: engine.UpDown{Up: time.Minute, Down: time.Hour}}
}

const coolers = 12

func tell(t *testing.T, s *Store) (all told) {
	t.Helper()
	ctx := t.Context()
	for n := range coolers {
		state, err := s.State(ctx, cooling(n))
		check(t, err)
		all.states = append(all.states, state)
	}
	var err error
	all.pauses, err = s.Pauses(ctx)
	check(t, err)
	is, _, err := s.Switch(ctx)
	check(t, err)
	all.enabled = is.On
	all.open, err = s.OpenEvents(ctx)
	check(t, err)
	return all
}

// TestDamageOfAnyKind flips and cuts at random. What a store then tells is right, or it says that it can't: a store whose
// decisions would stand on anything else is begun anew.
func TestDamageOfAnyKind(t *testing.T) {
	tries := 80
	if os.Getenv("FLYBALL_SOAK") != "" {
		tries = 5000
	}
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "flyball.db")
	s := openAt(t, path)
	storetest.Use(t, s, "web")
	for n := range coolers {
		r := web(start.Add(time.Duration(n) * time.Second))
		r.Policy, r.Service = cooling(n).Name, cooling(n).Service
		wait := engine.Deadline{Until: start.Add(time.Hour), Wait: time.Hour}
		check(t, s.Record(ctx, r, engine.State{Virtual: n, Cooldown: engine.Deadlines{Up: wait, Down: wait}}))
	}
	check(t, s.SetEnabled(ctx, false, "anna", start))
	want, all := tell(t, s), storetest.Everything(t, s)
	samples, err := s.Samples(ctx, engine.Range{Subject: "live/web", From: always.From, To: always.To})
	check(t, err)
	check(t, s.Shutdown())
	file, err := os.ReadFile(path)
	check(t, err)

	kinds := map[string]int{}
	for seed := range uint64(tries) {
		dice := rand.New(rand.NewPCG(41, seed))
		damaged, what := spoil(dice, bytes.Clone(file))
		folder := t.TempDir()
		path := filepath.Join(folder, "flyball.db")
		check(t, os.WriteFile(path, damaged, 0o600))
		var log bytes.Buffer
		began := time.Now()
		s, err := Open(path, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil { // the few bytes of the header that say whose file it is
			if !strings.Contains(err.Error(), "another program") && !strings.Contains(err.Error(), "newer flyball") {
				t.Fatalf("seed %d, %s: %v", seed, what, err)
			}
			kinds["refused"]++
			continue
		}
		if aside, _ := filepath.Glob(path + ".corrupt-*Z"); len(aside) > 0 {
			kinds["begun anew"]++
			begunAnewAt(t, s, began, &log)
		} else {
			kinds["right"]++
			if got := tell(t, s); !reflect.DeepEqual(got, want) {
				t.Errorf("seed %d, %s: it tells\n%+v\nwant\n%+v", seed, what, got, want)
			}
			rightOrDamaged(t, s, all, samples)
		}
		if t.Failed() {
			t.Fatalf("seed %d, %s", seed, what)
		}
		check(t, s.Shutdown())
		check(t, os.RemoveAll(folder))
	}
	t.Log(kinds)
	if kinds["right"] == 0 || kinds["begun anew"] == 0 {
		t.Errorf("all damage was of one kind: %v", kinds)
	}
}

// spoil damages a file, and says how.
func spoil(dice *rand.Rand, file []byte) ([]byte, string) {
	at := dice.IntN(len(file))
	switch dice.IntN(5) {
	case 0:
		return file[:at], fmt.Sprint("cut at ", at)
	case 1:
		n := min(len(file)-at, 1<<dice.IntN(14))
		for i := range n {
			file[at+i] = byte(dice.Uint32())
		}
		return file, fmt.Sprintf("%d bytes of chance at %d", n, at)
	case 2:
		n := min(len(file)-at, 1<<dice.IntN(14))
		clear(file[at : at+n])
		return file, fmt.Sprintf("%d zeros at %d", n, at)
	}
	flips := 1 << dice.IntN(4)
	for range flips {
		file[dice.IntN(len(file))] ^= 1 << dice.IntN(8)
	}
	return file, fmt.Sprintf("%d bits flipped", flips)
}

func begunAnewAt(t *testing.T, s *Store, began time.Time, log *bytes.Buffer) {
	t.Helper()
	if !strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("log %q does not say it loudly", log)
	}
	if is, known, err := s.Switch(t.Context()); is.On || !known || err != nil {
		t.Errorf("switch is %v, known %v, %v; want off", is.On, known, err)
	}
	for n := range coolers {
		state, err := s.State(t.Context(), cooling(n))
		if up, down := state.Cooldown.Up.Until, state.Cooldown.Down.Until; err != nil || up.Before(began.Add(time.Minute)) || down.Before(began.Add(time.Hour)) {
			t.Errorf("cooldown is %+v, %v; want a full one", state.Cooldown, err)
		}
	}
	if entries, err := s.Audited(t.Context(), store.Filter{}); err != nil || len(entries) != 1 || entries[0].Kind != store.OfStore {
		t.Errorf("audit log is %+v, %v", entries, err)
	}
}

// rightOrDamaged wants the history as it was, or an error that says that it is damaged. Of damaged samples the log tells.
func rightOrDamaged(t *testing.T, s *Store, all store.Part, samples []engine.Series) {
	t.Helper()
	fine := func(what string, err error) bool {
		if err != nil && !Damaged(err) {
			t.Errorf("%s: %v", what, err)
		}
		return err == nil
	}
	rows, err := s.Decisions(t.Context(), "", 0)
	if fine("decisions", err) {
		for i, row := range rows {
			if want := all.Rows[len(all.Rows)-1-i]; !reflect.DeepEqual(row.Record, want.Record) {
				t.Errorf("a decision is %+v, want %+v", row.Record, want.Record)
			}
		}
	}
	events, err := s.History(t.Context(), "", 0)
	if fine("history", err) && len(events) != len(all.Events) {
		t.Errorf("there are %d events, want %d", len(events), len(all.Events))
	}
	entries, err := s.Audited(t.Context(), store.Filter{})
	if fine("audit log", err) && !reflect.DeepEqual(entries, all.Entries) {
		t.Errorf("audit log is %+v, want %+v", entries, all.Entries)
	}
	if r, known, err := s.Revision(t.Context(), all.Revisions[0].ID); fine("revision", err) && known && !reflect.DeepEqual(r, all.Revisions[0]) {
		t.Errorf("revision is %+v", r)
	}
	tokens, err := s.Tokens(t.Context())
	slices.SortFunc(tokens, func(a, b store.Token) int { return strings.Compare(a.ID, b.ID) })
	if fine("tokens", err) && !reflect.DeepEqual(tokens, all.Tokens) {
		t.Errorf("tokens are %+v, want %+v", tokens, all.Tokens)
	}
	for _, want := range all.Tokens {
		if one, found, err := s.Token(t.Context(), want.ID); fine("token", err) && (!found || !reflect.DeepEqual(one, want)) {
			t.Errorf("token %s is %+v, there: %v", want.ID, one, found)
		}
	}
	users, err := s.Users(t.Context())
	if fine("people", err) && !reflect.DeepEqual(users, all.Users) {
		t.Errorf("people are %+v, want %+v", users, all.Users)
	}
	documents, err := s.Documents(t.Context())
	if fine("policies by the API", err) && !reflect.DeepEqual(documents, all.Documents) {
		t.Errorf("policies are %+v, want %+v", documents, all.Documents)
	}
	upTo, known, err := s.Posted(t.Context())
	if fine("end of what was told", err) && known && upTo != all.Posted {
		t.Errorf("it was told up to %d, want %d", upTo, all.Posted)
	}
	got, err := s.Samples(t.Context(), engine.Range{Subject: "live/web", From: always.From, To: always.To})
	if fine("samples", err) {
		for i, series := range got {
			of := map[time.Time]float64{}
			for _, p := range samples[i].Points {
				of[p.At] = p.Value
			}
			for _, p := range series.Points {
				if v, there := of[p.At]; !there || v != p.Value {
					t.Fatalf("a sample is %+v, which was never there", p)
				}
			}
		}
	}
	if _, err := s.Check(t.Context()); err != nil {
		t.Errorf("check: %v", err)
	}
}

// A file that turns out to be damaged while it is open is an error for whoever asks, until the next start.
func TestDamageWhileItIsOpen(t *testing.T) {
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "flyball.db")
	s := openAt(t, path)
	for n := range coolers {
		r := web(start)
		r.Policy, r.Service = cooling(n).Name, cooling(n).Service
		check(t, s.Record(ctx, r, engine.State{Virtual: n}))
	}
	var busy, pages, moved int
	check(t, s.write.QueryRow("PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved))
	file, err := os.ReadFile(path)
	check(t, err)
	for at := 4096; at < len(file); at += 4096 {
		clear(file[at : at+100])
	}
	check(t, os.WriteFile(path, file, 0o600))
	s.read.SetMaxIdleConns(0) // none that has read it before
	_, err = s.write.Exec("PRAGMA shrink_memory")
	check(t, err)

	_, err = s.State(ctx, cooling(1))
	wantError(t, err, "read state of policy service 1", "malformed", "start flyball again")
	r := web(start)
	r.Policy, r.Service = cooling(1).Name, cooling(1).Service
	wantError(t, s.Record(ctx, r, engine.State{}), "record decision of policy service 1", "malformed", "start flyball again")
	wantError(t, s.SetEnabled(ctx, false, "anna", start), "malformed", "start flyball again")
	found, err := s.Check(ctx)
	if err != nil || len(found.Problems) == 0 || !strings.Contains(found.Problems[0], "malformed") {
		t.Errorf("a check finds %q, %v", found.Problems, err)
	}
	_ = s.Shutdown()

	var log bytes.Buffer
	began := time.Now()
	s, err = Open(path, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	check(t, err)
	t.Cleanup(func() { s.Shutdown() })
	begunAnewAt(t, s, began, &log)
}

// One state whose text is another, in a file that is sound, is as bad.
func TestDamagedTextWhileItIsOpen(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
	check(t, s.Record(t.Context(), web(start), engine.State{Virtual: 3}))
	_, err := s.write.Exec(`UPDATE state SET state = replace(state, '"virtual":3', '"virtual":7')`)
	check(t, err)
	_, err = s.State(t.Context(), engine.Policy{Name: "web", Service: "shop", Mode: engine.Live})
	wantError(t, err, "read state of policy web", "the file is damaged: its checksum differs", "start flyball again")
	if !errors.Is(err, errDamaged) {
		t.Errorf("%v is not damage", err)
	}
}
