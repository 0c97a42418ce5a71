package sqlite

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

func TestDamagedFileIsReplaced(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(file []byte) []byte
	}{
		{"emptied", func([]byte) []byte { return nil }},
		{"cut in the middle", func(file []byte) []byte { return file[:len(file)/2] }},
		{"cut in the header", func(file []byte) []byte { return file[:50] }},
		{"overwritten", func(file []byte) []byte { return bytes.Repeat([]byte("junk"), len(file)/4) }},
		{"no table", func(file []byte) []byte { clear(file[103:105]); return file }},
		{"a page of zeros", func(file []byte) []byte { clear(file[4096:8192]); return file }},
		{"bits flipped in every page but the first", func(file []byte) []byte {
			for at := 4096; at < len(file); at += 4096 {
				file[at] ^= 0xff
			}
			return file
		}},
		{"a switch turned on", func(file []byte) []byte {
			at := bytes.LastIndex(file, []byte("\x05\x00\x08")) // of a row: header, the key, 0
			file[at+2] = 9
			return file
		}},
		{"a cooldown shortened", func(file []byte) []byte {
			return bytes.ReplaceAll(file, []byte("2026-03-01T13"), []byte("2026-03-01T12"))
		}},
		{"a column of another name", func(file []byte) []byte {
			return bytes.ReplaceAll(file, []byte("    at      INTEGER"), []byte("    av      INTEGER"))
		}},
		{"a state that nobody finds", func(file []byte) []byte {
			at := bytes.Index(file, []byte("live///service 1\x02")) // in the index: the key, and its row
			file[at+5] ^= 1
			return file
		}},
		{"bits flipped in a state", func(file []byte) []byte {
			at := bytes.LastIndex(file, []byte(`"enabled"`))
			file[at] ^= 0x10
			return file
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, path := t.Context(), filepath.Join(t.TempDir(), "flyball.db")
			old := openAt(t, path)
			for n := range 40 {
				r := web(start.Add(time.Duration(n) * time.Second))
				r.Policy, r.Service = fmt.Sprint("policy ", n), fmt.Sprint("service ", n)
				wait := engine.Deadline{Until: start.Add(time.Hour), Wait: time.Hour}
				check(t, old.Record(ctx, r, engine.State{Virtual: n, Cooldown: engine.Deadlines{Up: wait}}))
			}
			check(t, old.SetEnabled(ctx, false, "anna", start))
			check(t, old.Shutdown())
			file, err := os.ReadFile(path)
			check(t, err)
			file = c.damage(file)
			check(t, os.WriteFile(path, file, 0o600))

			var log bytes.Buffer
			began := time.Now()
			s, err := Open(path, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
			check(t, err)
			t.Cleanup(func() { s.Shutdown() })
			aside, err := filepath.Glob(path + ".corrupt-*Z")
			check(t, err)
			if len(aside) != 1 {
				t.Fatalf("moved aside are %v, want one file", aside)
			}
			if kept, err := os.ReadFile(aside[0]); err != nil || !bytes.Equal(kept, file) {
				t.Errorf("what was moved aside is not what was there (%v)", err)
			}
			for _, say := range []string{"level=ERROR", path, aside[0], "damaged"} {
				if !bytes.Contains(log.Bytes(), []byte(say)) {
					t.Errorf("log %q does not say %q", log.String(), say)
				}
			}

			if is, known, err := s.Switch(ctx); is.On || !known || err != nil {
				t.Errorf("the switch is %v, known %v, %v; want off: it may have been", is.On, known, err)
			}
			entries, err := s.Audited(ctx, store.Filter{})
			check(t, err)
			if len(entries) != 1 || entries[0].Kind != store.OfStore || !strings.Contains(entries[0].Message, aside[0]) || entries[0].At.Before(began) {
				t.Errorf("audit log is %+v, want one entry that says what was done", entries)
			}
			p := engine.Policy{Name: "policy 1", Mode: engine.Live, Cooldown: engine.UpDown{Up: time.Minute}}
			state, err := s.State(ctx, p)
			check(t, err)
			if left := state.Cooldown.Up.Until.Sub(began); left < time.Minute || left > 2*time.Minute || state.Cooldown.Up.Wait != time.Minute {
				t.Errorf("cooldown %+v ends %s after the rebuild, want the full minute", state.Cooldown.Up, left)
			}
			if state.Cooldown.Down != (engine.Deadline{}) {
				t.Errorf("a policy without a cooldown down waits until %s", state.Cooldown.Down.Until)
			}
			check(t, s.Record(ctx, web(start), engine.State{Virtual: 5}))
			if state, err := s.State(ctx, engine.Policy{Name: "web", Service: "shop", Mode: engine.Live}); err != nil || state.Virtual != 5 {
				t.Errorf("the new file answers %+v, %v", state, err)
			}
			check(t, s.Shutdown())
			check(t, openAt(t, path).Shutdown())
			if again, _ := filepath.Glob(path + ".corrupt-*Z"); len(again) != 1 {
				t.Errorf("moved aside again: %v", again)
			}
		})
	}
}

// A process that is killed, or runs out of space, in the middle of beginning anew leaves that to the next one.
func TestReplacingThatWasInterrupted(t *testing.T) {
	for name, done := range map[string]func(t *testing.T, path string){
		"before the file was moved": func(t *testing.T, path string) { check(t, os.WriteFile(path, []byte("junk"), 0o600)) },
		"once it was":               func(*testing.T, string) {},
		"once there was a new one":  func(t *testing.T, path string) { check(t, openAt(t, path).Shutdown()) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "flyball.db")
			done(t, path)
			check(t, os.WriteFile(path+".damaged", []byte(path+".corrupt-then"), 0o600))
			began := time.Now()
			var log bytes.Buffer
			s, err := Open(path, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
			check(t, err)
			p := engine.Policy{Name: "web", Service: "web", Mode: engine.Live, Cooldown: engine.UpDown{Up: time.Hour, Down: time.Hour}}
			state, err := s.State(t.Context(), p)
			if check(t, err); state.Cooldown.Up.Until.Before(began.Add(time.Hour)) {
				t.Errorf("cooldown is %+v; want a full one", state.Cooldown)
			}
			if is, known, err := s.Switch(t.Context()); is.On || !known || err != nil {
				t.Errorf("switch is %v, known %v, %v; want it off", is.On, known, err)
			}
			if entries, err := s.Audited(t.Context(), store.Filter{}); err != nil || len(entries) != 1 {
				t.Errorf("audit log is %+v, %v", entries, err)
			}
			if !strings.Contains(log.String(), "store damaged") {
				t.Errorf("the log has %q", log.String())
			}
			check(t, s.Shutdown())
			log.Reset()
			s, err = Open(path, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
			if check(t, err); log.Len() > 0 {
				t.Errorf("the log has %q once it was begun anew", log.String())
			}
			check(t, s.Shutdown())
		})
	}
}
