package app

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestWatch(t *testing.T) {
	tests := []struct {
		name  string
		looks []uint64       // what each second shows; the last one stays. 1 was loaded at the start
		edits map[int]uint64 // during the load of that second: what every later look shows
		loads []int          // the seconds
	}{
		{name: "nothing changes", looks: []uint64{1}},
		{name: "one change", looks: []uint64{1, 2}, loads: []int{3}},
		{name: "a folder half copied", looks: []uint64{2, 3, 4, 4}, loads: []int{4}},
		{name: "a change that is taken back", looks: []uint64{2, 1}},
		{name: "changed since it was loaded, before the first look", looks: []uint64{2}, loads: []int{2}},
		{name: "one after the other", looks: []uint64{2, 2, 3, 3, 2}, loads: []int{2, 4, 6}},
		{name: "an edit in the middle of a load", looks: []uint64{2}, edits: map[int]uint64{2: 5}, loads: []int{2, 4}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				second := func() int { return int(time.Since(begun) / time.Second) }
				edited := uint64(0)
				look := func() uint64 {
					if edited != 0 {
						return edited
					}
					return tt.looks[min(second(), len(tt.looks))-1]
				}
				var loads []int
				ctx, stop := context.WithTimeout(t.Context(), 9500*time.Millisecond)
				defer stop()
				watch(ctx, nil, nil, 1, look, func() {
					loads = append(loads, second())
					if to := tt.edits[second()]; to != 0 {
						edited = to
					}
				})
				if !slices.Equal(loads, tt.loads) {
					t.Errorf("loaded at %v s, want %v", loads, tt.loads)
				}
			})
		})
	}
}

func TestSignalReloadsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		reload := make(chan os.Signal, 1)
		loads := 0
		var watching sync.WaitGroup
		watching.Go(func() { watch(ctx, reload, nil, 1, func() uint64 { return 2 }, func() { loads++ }) })
		reload <- syscall.SIGHUP
		synctest.Wait()
		if loads != 1 {
			t.Errorf("%d loads right after the signal", loads)
		}
		time.Sleep(5 * settle)
		stop()
		watching.Wait()
		if loads != 1 {
			t.Errorf("what the signal loaded was loaded %d times", loads)
		}
	})
}

func TestFollow(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "a.cue"), []byte(text), 0o600); err != nil {
			t.Error(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var runs atomic.Int32
		var following sync.WaitGroup
		following.Go(func() {
			Follow(ctx, dir, func() {
				if runs.Add(1) == 2 {
					write("in the middle of a run")
				}
			})
		})
		for _, want := range []int32{1, 3} {
			time.Sleep(10 * settle)
			synctest.Wait()
			if got := runs.Load(); got != want {
				t.Errorf("ran %d times, want %d", got, want)
			}
			write("a change")
		}
		stop()
		following.Wait()
	})
}

// Every way in which files are changed shows.
func TestFingerprint(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) error { return os.WriteFile(path(name), []byte(text), 0o600) }
	same := func(name string) error { return os.Chtimes(path(name), time.Unix(0, 0), time.Unix(0, 0)) }
	relink := func(to, name string) error {
		_ = os.Remove(path(name))
		return os.Symlink(to, path(name))
	}
	must := func(errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	// as Kubernetes mounts a ConfigMap: v1 and v2 differ in their text alone
	must(os.MkdirAll(path("mount/..v1"), 0o700), os.Mkdir(path("mount/..v2"), 0o700),
		write("mount/..v1/web.cue", "a: 1"), write("mount/..v2/web.cue", "a: 2"),
		same("mount/..v1/web.cue"), same("mount/..v2/web.cue"),
		relink("..v1", "mount/..data"), relink("..data/web.cue", "mount/web.cue"), relink("mount", "link"))
	changes := []struct {
		name string
		do   func() error
	}{
		{"the ..data of a mount", func() error { return relink("..v2", "mount/..data") }},
		{"a new file", func() error { return write("mount/api.cue", "") }},
		{"a longer file", func() error { return write("mount/api.cue", "a: 1") }},
		{"a removed file", func() error { return os.Remove(path("mount/api.cue")) }},
		{"the folder behind the link", func() error { return relink("mount/..v2", "link") }},
		{"no folder", func() error { return os.Remove(path("link")) }},
	}
	for _, c := range changes {
		before := fingerprint(path("link"))
		if fingerprint(path("link")) != before {
			t.Errorf("%s: changed by itself", c.name)
		}
		must(c.do())
		if fingerprint(path("link")) == before {
			t.Errorf("%s is not noticed", c.name)
		}
	}
}
