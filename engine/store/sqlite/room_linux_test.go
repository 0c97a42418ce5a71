package sqlite

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// disk is a small one of its own, which the test's end removes.
func disk(t *testing.T, megabytes int) string {
	t.Helper()
	folder := t.TempDir()
	err := syscall.Mount("none", folder, "tmpfs", 0, fmt.Sprintf("size=%dm", megabytes))
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("a tmpfs can't be mounted: %v", err)
	default:
		t.Skipf("a tmpfs can't be mounted: %v: that takes root (CAP_SYS_ADMIN)", err)
	}
	t.Cleanup(func() { syscall.Unmount(folder, syscall.MNT_DETACH) })
	return folder
}

// fillUp takes all space that a disk has left; freeing it is to remove the file that it answers.
func fillUp(t *testing.T, folder string) string {
	t.Helper()
	f, err := os.CreateTemp(folder, "filler")
	check(t, err)
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !full(err) {
		t.Fatal(err)
	}
	return f.Name()
}

// onDisk opens a store with a ballast, as the daemon does.
func onDisk(t *testing.T, path string) (*Store, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	s, err := Open(path, Options{Ballast: true, Log: slog.New(slog.NewTextHandler(&log, nil))})
	check(t, err)
	t.Cleanup(func() { s.Shutdown() })
	return s, &log
}

// nth is a decision of some size that opens an event.
func nth(n int) (engine.Record, engine.State) {
	r := web(start.Add(time.Duration(n) * time.Minute))
	r.Recommendation.Reasons = []engine.Reason{{Code: "CpuHigh", Message: strings.Repeat("cpu is high ", 200)}}
	e := engine.Event{ID: fmt.Sprint("e", n), Policy: "web", Service: "shop", Action: engine.ScaleUp, Started: r.At}
	return r, engine.State{Virtual: n, Open: &e}
}

// untilFull records one decision after the other, from a number on, until one can't be; it answers the number of that.
func untilFull(t *testing.T, s *Store, n int) int {
	t.Helper()
	for ; n < 20_000; n++ {
		r, state := nth(n)
		if err := s.Record(t.Context(), r, state); err != nil {
			wantError(t, err, "policy web", "full")
			return n
		}
	}
	t.Fatal("the disk does not fill up")
	return n
}

// wholeUpTo wants the first n decisions, with their events and audit entries, and not a trace of another.
func wholeUpTo(t *testing.T, s *Store, n, samples int) {
	t.Helper()
	for table, want := range map[string]int{"decision": n, "event": n, "audit WHERE kind = 'decision'": n} {
		if got := rowsIn(t, s, table); got != want {
			t.Errorf("%d rows of %s, want %d", got, table, want)
		}
	}
	state, err := s.State(t.Context(), engine.Policy{Name: "web", Service: "shop", Mode: engine.Live})
	if err != nil || state.Virtual != n-1 {
		t.Errorf("state is %+v, %v; want that of decision %d", state, err, n-1)
	}
	got, err := s.Samples(t.Context(), always)
	if err != nil || len(got) != 1 || len(got[0].Points) != samples {
		t.Errorf("%d series of samples, %v; want %d", len(got), err, samples)
	}
	if found, err := s.Check(t.Context()); err != nil || len(found.Problems) > 0 {
		t.Errorf("a check finds %q, %v", found.Problems, err)
	}
}

func TestFullDisk(t *testing.T) {
	for name, warm := range map[string]int{"of a young store": 10, "of an old store": 500} {
		t.Run(name, func(t *testing.T) {
			folder := disk(t, 48)
			path := filepath.Join(folder, "flyball.db")
			s, log := onDisk(t, path)
			for n := range warm {
				r, state := nth(n)
				check(t, s.Record(t.Context(), r, state))
			}
			flush(t, s, cpu(100, start))
			if info, err := os.Stat(path + ".ballast"); err != nil || info.Size() != ballastSize {
				t.Fatalf("the ballast is %+v, %v", info, err)
			}
			filler := fillUp(t, folder)

			n := untilFull(t, s, warm)
			wholeUpTo(t, s, n, 100)
			p := engine.Policy{Name: "web", Service: "shop", Mode: engine.Live}
			e := engine.Event{ID: fmt.Sprint("e", n-1), Started: start, Ended: start, Result: engine.Failed}
			check(t, s.Close(t.Context(), e, p, engine.State{Virtual: n - 1})) // what needs no room is written
			check(t, s.SetEnabled(t.Context(), false, "anna", start))
			s.Keep([]engine.Series{cpu(50_000, start.Add(24*time.Hour))})
			wantError(t, s.Flush(t.Context(), start), "write samples", "full")
			n = untilFull(t, s, n) // in the rest of the last pages
			for range 5 {          // again and again, with nobody's help
				r, state := nth(n)
				wantError(t, s.Record(t.Context(), r, state), "full")
			}
			wholeUpTo(t, s, n, 50_100)
			reader, err := Open(path, Options{ReadOnly: true})
			check(t, err)
			wholeUpTo(t, reader, n, 100)
			check(t, reader.Shutdown())
			if said := strings.Count(log.String(), "level=ERROR"); said != 1 || !strings.Contains(log.String(), "the disk is full") {
				t.Errorf("log says %d times at error:\n%s\nwant once that the disk is full", said, log)
			}

			// What is past its retention makes room by itself.
			old := web(start.Add(retention + 400*day))
			old.Decision.Action = engine.Hold
			_ = s.Record(t.Context(), old, engine.State{Virtual: n - 1})
			if left := rowsIn(t, s, "decision"); left >= n {
				t.Errorf("%d decisions are left of %d: nothing old was dropped", left, n)
			}
			r, state := nth(n)
			r.At = old.At
			check(t, s.Record(t.Context(), r, state))
			if strings.Contains(log.String(), "room on the disk again") {
				t.Errorf("log says\n%s\nand the disk is full", log)
			}

			check(t, os.Remove(filler))
			s.room.tried = time.Time{} // a minute later
			check(t, s.Record(t.Context(), r, engine.State{Virtual: n}))
			if said := strings.Count(log.String(), "room on the disk again"); said != 1 {
				t.Errorf("log says\n%s\nwant once that there is room", log)
			}
			for n := range 1000 {
				r, state := nth(10_000 + n)
				check(t, s.Record(t.Context(), r, state))
			}
			check(t, s.Flush(t.Context(), start))
			if info, err := os.Stat(path + ".ballast"); err != nil || info.Size() != ballastSize {
				t.Errorf("the ballast is %+v, %v; want it whole again", info, err)
			}
			if found, err := s.Check(t.Context()); err != nil || len(found.Problems) > 0 {
				t.Errorf("a check finds %q, %v", found.Problems, err)
			}
			if said := strings.Count(log.String(), "level=ERROR"); said != 1 {
				t.Errorf("log says\n%s\nwant one error", log)
			}
		})
	}
}

// A store that was shut down has no log: to open it takes a little space.
func TestFullDiskAtTheStart(t *testing.T) {
	folder := disk(t, 16)
	path := filepath.Join(folder, "flyball.db")
	s, _ := onDisk(t, path)
	r, state := nth(0)
	check(t, s.Record(t.Context(), r, state))
	check(t, s.Shutdown())
	fillUp(t, folder)

	_, err := Open(path, Options{})
	if err == nil || !full(err) {
		t.Fatalf("without a ballast it is opened on a full disk: %v", err)
	}
	s, log := onDisk(t, path)
	if !strings.Contains(log.String(), "the disk is full") {
		t.Errorf("log says %q", log)
	}
	if got, err := s.Decisions(t.Context(), "", 0); err != nil || len(got) != 1 {
		t.Errorf("%d decisions, %v", len(got), err)
	}
	check(t, s.SetEnabled(t.Context(), false, "anna", start)) // whoever has to stop it can
}

func TestNoBallastWhereNobodyAsksForIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flyball.db")
	check(t, openAt(t, path).Shutdown())
	if _, err := os.Stat(path + ".ballast"); !os.IsNotExist(err) {
		t.Errorf("there is a ballast: %v", err)
	}
}
