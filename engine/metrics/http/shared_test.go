package httpjson

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// fetches counts, and takes its time.
type fetches struct {
	count, ended atomic.Int64
	takes        time.Duration
	err          error
}

func (f *fetches) do(ctx context.Context) (any, error) {
	n := f.count.Add(1)
	select {
	case <-time.After(f.takes):
		return n, f.err
	case <-ctx.Done():
		f.ended.Add(1)
		return nil, ctx.Err()
	}
}

func TestSharedByThoseWhoAskTogether(t *testing.T) {
	for name, c := range map[string]struct {
		takes time.Duration
		asked []time.Duration // since the begin
		want  []int64         // the number of the fetch that each is given
	}{
		"at once":               {time.Second, []time.Duration{0, 0, 0}, []int64{1, 1, 1}},
		"under way":             {3 * time.Second, []time.Duration{0, 2 * time.Second, 2900 * time.Millisecond}, []int64{1, 1, 1}},
		"shortly after":         {100 * time.Millisecond, []time.Duration{0, 200 * time.Millisecond, 499 * time.Millisecond}, []int64{1, 1, 1}},
		"later":                 {100 * time.Millisecond, []time.Duration{0, 500 * time.Millisecond, 999 * time.Millisecond}, []int64{1, 2, 2}},
		"after one that lasted": {800 * time.Millisecond, []time.Duration{0, 900 * time.Millisecond}, []int64{1, 2}},
		"once a second":         {time.Millisecond, []time.Duration{0, time.Second, 2 * time.Second}, []int64{1, 2, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, f := &shared{}, &fetches{takes: c.takes}
				for i, at := range c.asked {
					time.AfterFunc(at, func() {
						if got, err := s.get(t.Context(), f.do); err != nil || got != c.want[i] {
							t.Errorf("asked at %s: fetch %v, %v; want %d", at, got, err, c.want[i])
						}
					})
				}
				time.Sleep(time.Minute)
			})
		})
	}
}

func TestSharedErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := &shared{}, &fetches{err: errors.New("no")}
		for range 3 {
			if _, err := s.get(t.Context(), f.do); err != f.err {
				t.Errorf("error %v; want %v", err, f.err)
			}
		}
		if n := f.count.Load(); n != 1 {
			t.Errorf("%d fetches; want 1", n)
		}
	})
}

// One who has no more patience goes alone; the fetch goes on for the others, and ends with the last of them.
func TestSharedPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := &shared{}, &fetches{takes: 10 * time.Second}
		hurried, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() {
			if got, err := s.get(t.Context(), f.do); err != nil || got != int64(1) {
				t.Errorf("the patient one got %v, %v", got, err)
			}
		}()
		if _, err := s.get(hurried, f.do); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the hurried one got %v", err)
		}
		time.Sleep(time.Minute)
		if f.count.Load() != 1 || f.ended.Load() != 0 {
			t.Errorf("%d fetches, %d ended early; want 1 and 0", f.count.Load(), f.ended.Load())
		}
	})
}

func TestSharedEndsWithTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := &shared{}, &fetches{takes: 10 * time.Second}
		for range 2 {
			hurried, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			go func() { _, _ = s.get(hurried, f.do) }() // how it ends is told above
		}
		time.Sleep(2 * time.Second)
		if f.count.Load() != 1 || f.ended.Load() != 1 {
			t.Errorf("%d fetches, %d ended early; want 1 and 1", f.count.Load(), f.ended.Load())
		}
		if got, err := s.get(t.Context(), f.do); err != nil || got != int64(2) {
			t.Errorf("who asks then got %v, %v; want a fetch of their own", got, err)
		}
	})
}
