package scrape

import (
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// slow is a page that takes a while, and counts how many are read at once.
type slow struct {
	io.Reader
	at    *atomic.Int32
	most  *atomic.Int32
	begun bool
}

func (s *slow) Read(p []byte) (int, error) {
	if !s.begun {
		s.begun = true
		for n := s.at.Add(1); ; {
			if most := s.most.Load(); n <= most || s.most.CompareAndSwap(most, n) {
				break
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	return s.Reader.Read(p)
}

func (s *slow) Close() error {
	if s.begun {
		s.at.Add(-1)
	}
	return nil
}

// Of many replicas few pages at a time are in memory. Those that hang are in nobody's way.
func TestFewPagesAreInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &town{}
		service := web(200)
		var at, most atomic.Int32
		for i, r := range service.Replicas {
			w.answers(r.Addresses[0], func(r *http.Request) (*http.Response, error) {
				if i%5 == 4 {
					<-r.Context().Done()
					return nil, r.Context().Err()
				}
				a := answer(200, "", "")
				a.Body = &slow{Reader: strings.NewReader("x 1\n"), at: &at, most: &most}
				return a, nil
			})
			service.Replicas[i].Ready = i%5 != 4
		}
		samples, err := w.source(t).Sample(t.Context(), asks("sum(x)"), service)
		check(t, samples, err, "=160", "")
		if most.Load() > 16 || at.Load() != 0 {
			t.Errorf("%d pages at once, %d for ever", most.Load(), at.Load())
		}
	})
}

// A page goes where one was before.
func TestPagesLeaveLittleBehind(t *testing.T) {
	w := &town{}
	page := "x 1\n#" + strings.Repeat(" ", pageSize-6) + "\n"
	w.shows("a1", page)
	s := w.source(t)
	svc := s.service(web(1), time.Now())
	if _, err := svc.ask(asks("sum(x)"), time.Now()); err != nil {
		t.Fatal(err)
	}
	known, _ := svc.sees(web(1).Replicas, time.Now())
	look := func() {
		if _, err := s.fetch(t.Context(), web(1).Replicas[0], known[0], svc.selected); err != nil {
			t.Fatal(err)
		}
	}
	for range buffers {
		look()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 20 {
		look()
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / 20; each > pageSize/8 {
		t.Errorf("%d bytes a page of %d", each, len(page))
	}
}
