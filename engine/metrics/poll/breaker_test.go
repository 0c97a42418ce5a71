package poll

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

const deadline = 5 * time.Second

// world is a source whose answer a test sets.
type world struct {
	mu     sync.Mutex
	asked  int
	answer func(ctx context.Context) error // nil: a sample
}

func (w *world) Sample(ctx context.Context, _ []engine.Metric, _ engine.Service) ([]engine.Sample, error) {
	w.mu.Lock()
	w.asked++
	answer := w.answer
	w.mu.Unlock()
	if answer == nil {
		return []engine.Sample{{Metric: "load", Value: 1}}, nil
	}
	return nil, answer(ctx)
}

func (w *world) set(answer func(ctx context.Context) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = answer
}

func (w *world) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked
}

var load = []engine.Metric{{Name: "load", Query: "q"}}

func unread(err error) error { return engine.Unread{Metric: "load", Query: "q", Err: err} }

func refused(context.Context) error {
	return unread(engine.Down{Err: errors.New("connection refused")})
}

func bad(context.Context) error { return unread(errors.New("no such key")) }

// hangs until it is ended, and says so in words of its own.
func hangs(ctx context.Context) error {
	<-ctx.Done()
	return unread(fmt.Errorf("i/o timeout: %w", context.Cause(ctx)))
}

// mute hangs, and says nothing at all.
func mute(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// afterwards answers later than at once.
func afterwards(d time.Duration, err func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		time.Sleep(d)
		return err(ctx)
	}
}

func TestBreakerOpens(t *testing.T) {
	for name, c := range map[string]struct {
		answers []func(context.Context) error
		says    string // empty: it is asked the next time, too
	}{
		"refused three times":          {[]func(context.Context) error{refused, refused, refused}, "after 3 failures in a row: connection refused"},
		"late three times":             {[]func(context.Context) error{hangs, hangs, hangs}, "after 3 failures in a row: i/o timeout: no answer within 5s"},
		"mute three times":             {[]func(context.Context) error{mute, mute, mute}, "after 3 failures in a row: no answer within 5s"},
		"now late, now refused":        {[]func(context.Context) error{hangs, refused, hangs}, "after 3 failures in a row: i/o timeout"},
		"twice":                        {[]func(context.Context) error{refused, refused}, ""},
		"not in a row":                 {[]func(context.Context) error{refused, refused, nil, refused, refused}, ""},
		"a bad query, however often":   {[]func(context.Context) error{bad, bad, bad, bad, bad}, ""},
		"a bad query between":          {[]func(context.Context) error{refused, refused, bad, refused, refused}, ""},
		"an answer just in time":       {[]func(context.Context) error{afterwards(deadline-1, bad), afterwards(deadline-1, bad), afterwards(deadline-1, bad)}, ""},
		"a bad query, and one refused": {[]func(context.Context) error{both, both, both}, "after 3 failures in a row: connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{}
				b := NewBreaker(w, deadline)
				for i, answer := range c.answers {
					w.set(answer)
					begun := time.Now()
					samples, err := b.Sample(t.Context(), load, engine.Service{})
					if took := time.Since(begun); took > deadline || (answer == nil) != (len(samples) == 1) || w.count() != i+1 {
						t.Fatalf("%d: %v, %v after %s, asked %d times", i, samples, err, took, w.count())
					}
				}
				w.set(nil)
				samples, err := b.Sample(t.Context(), load, engine.Service{})
				if c.says == "" {
					if err != nil || len(samples) != 1 {
						t.Errorf("%v, %v; want a sample", samples, err)
					}
					return
				}
				if u := (engine.Unread{}); w.count() != len(c.answers) || !errors.As(err, &u) || u.Metric != "load" || u.Query != "q" ||
					!strings.Contains(err.Error(), " UTC, "+c.says) {
					t.Errorf("asked %d times, error %v; want %q", w.count(), err, c.says)
				}
				if strings.Count(err.Error(), "metric load") != 1 {
					t.Errorf("names the metric twice: %v", err)
				}
			})
		})
	}
}

// both is what two metrics of one source say: one has a bad query, the other was refused.
func both(ctx context.Context) error { return errors.Join(bad(ctx), refused(ctx)) }

// A query that hangs is left alone by itself: the others of the source are asked, and answered, as ever.
func TestAQueryThatHangsHarmsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		e := NewEach(asking(func(ctx context.Context, query string) (float64, error) {
			if query == "slow" {
				asked.Add(1)
				return 0, engine.Down{Err: hangs(ctx)}
			}
			return 1, nil
		}), 2, deadline)
		for range 10 {
			samples, err := e.Sample(t.Context(), metrics("fast", "slow"), engine.Service{})
			if len(samples) != 1 || samples[0].Metric != "of fast" || !strings.Contains(fmt.Sprint(err), `metric of slow, query "slow": `) {
				t.Fatalf("%v, %v", samples, err)
			}
		}
		if asked.Load() != failures {
			t.Errorf("the slow one was asked %d times; want %d", asked.Load(), failures)
		}
	})
}

// The deadline of a query begins when its turn has come, and to have waited is no failure of the source.
func TestTheDeadlineBeginsWithTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := NewEach(&slow{takes: 3100 * time.Millisecond}, 1, 4*time.Second)
		samples, err := e.Sample(t.Context(), metrics("a", "b", "c", "d", "e"), engine.Service{})
		if len(samples) != 5 || err != nil {
			t.Errorf("%d samples, %v", len(samples), err)
		}
		for range 5 {
			samples, err = e.Sample(t.Context(), metrics("a", "b", "c", "d", "e", "f"), engine.Service{})
			if len(samples) != 5 || !strings.Contains(fmt.Sprint(err), "waited 15s for 1 other queries; raise atOnce") {
				t.Fatalf("%d samples, %v", len(samples), err)
			}
		}
	})
}

// It rests 10 s, and longer each time the source still does not answer, up to 30 s; one answer ends it.
func TestBreakerRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{answer: refused}
		b := NewBreaker(w, deadline)
		var gaps []time.Duration
		last, asked := time.Now(), 0
		for range 275 { // once a second
			_, _ = b.Sample(t.Context(), load, engine.Service{}) // it is refused, or not asked
			if w.count() > asked {
				gaps = append(gaps, time.Since(last))
				last, asked = time.Now(), w.count()
			}
			time.Sleep(time.Second)
		}
		want := []time.Duration{0, time.Second, time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second, 30 * time.Second,
			30 * time.Second, 30 * time.Second, 30 * time.Second, 30 * time.Second, 30 * time.Second, 30 * time.Second}
		if fmt.Sprint(gaps) != fmt.Sprint(want) {
			t.Errorf("asked after %v; want %v", gaps, want)
		}
		w.set(nil)
		time.Sleep(lastRest)
		for range 5 {
			if samples, err := b.Sample(t.Context(), load, engine.Service{}); err != nil || len(samples) != 1 {
				t.Errorf("healed: %v, %v", samples, err)
			}
		}
		w.set(refused)
		for range failures {
			_, _ = b.Sample(t.Context(), load, engine.Service{}) // it is refused
		}
		if _, err := b.Sample(t.Context(), load, engine.Service{}); !strings.Contains(fmt.Sprint(err), rests(10*time.Second)+", after 3 failures") {
			t.Errorf("after it had healed: %v; want the first rest", err)
		}
	})
}

// After the rest one asks, and the others are told that nobody does.
func TestBreakerTriesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{answer: refused}
		b := NewBreaker(w, deadline)
		open(t, b)
		time.Sleep(firstRest)
		w.set(afterwards(time.Second, refused))
		before := w.count()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { _, _ = b.Sample(t.Context(), load, engine.Service{}) }) // it is refused, or not asked
		}
		all.Wait()
		if n := w.count() - before; n != 1 {
			t.Errorf("asked %d times after the rest; want once", n)
		}
		if _, err := b.Sample(t.Context(), load, engine.Service{}); !strings.Contains(fmt.Sprint(err), rests(20*time.Second)+", after 4 failures") {
			t.Errorf("after that: %v", err)
		}
		time.Sleep(2 * firstRest)
		w.set(nil)
		for range 3 {
			if _, err := b.Sample(t.Context(), load, engine.Service{}); err != nil {
				t.Errorf("healed: %v", err)
			}
		}
	})
}

// Many policies that ask a source at the moment when it goes are one failure of it, as far as the rest goes.
func TestBreakerManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{answer: hangs}
		b := NewBreaker(w, deadline)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { _, _ = b.Sample(t.Context(), load, engine.Service{}) }) // it is late
		}
		all.Wait()
		if _, err := b.Sample(t.Context(), load, engine.Service{}); !strings.Contains(fmt.Sprint(err), rests(10*time.Second)+", after 3 failures") {
			t.Errorf("%v; want the first rest", err)
		}
	})
}

// An answer to a question of before ends the rest.
func TestBreakerHealsByALateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{answer: afterwards(time.Second, bad)}
		b := NewBreaker(w, deadline)
		var before sync.WaitGroup
		before.Go(func() { _, _ = b.Sample(t.Context(), load, engine.Service{}) }) // it is answered
		synctest.Wait()
		w.set(refused)
		open(t, b)
		before.Wait()
		w.set(nil)
		if _, err := b.Sample(t.Context(), load, engine.Service{}); err != nil {
			t.Errorf("healed: %v", err)
		}
	})
}

// What ends from outside, such as a shutdown or a policy that goes, counts for nothing: not as a failure, not as an answer,
// and not as the one try after a rest.
func TestBreakerCutFromOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{answer: hangs}
		b := NewBreaker(w, deadline)
		cut := func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, err := b.Sample(ctx, load, engine.Service{}); !strings.Contains(fmt.Sprint(err), "i/o timeout") {
				t.Errorf("cut: %v; want that it was asked", err)
			}
		}
		for range 5 {
			cut()
		}
		w.set(refused)
		for range 2 {
			_, _ = b.Sample(t.Context(), load, engine.Service{}) // it is refused
		}
		w.set(hangs)
		cut() // the two stay two
		w.set(refused)
		_, _ = b.Sample(t.Context(), load, engine.Service{}) // it is refused
		if _, err := b.Sample(t.Context(), load, engine.Service{}); !strings.Contains(fmt.Sprint(err), rests(10*time.Second)+", after 3 failures") {
			t.Errorf("after three failures: %v", err)
		}
		time.Sleep(firstRest)
		w.set(hangs)
		cut()
		w.set(nil)
		if _, err := b.Sample(t.Context(), load, engine.Service{}); err != nil {
			t.Errorf("the try was cut, and the next is not let through: %v", err)
		}
	})
}

// A try that never returns does not keep all others from it for ever.
func TestBreakerStuckTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{answer: refused}
		b := NewBreaker(w, deadline)
		open(t, b)
		time.Sleep(firstRest)
		stuck := make(chan struct{})
		w.set(func(context.Context) error { <-stuck; return nil })
		go func() { _, _ = b.Sample(t.Context(), load, engine.Service{}) }() // it does not look at its deadline
		synctest.Wait()
		w.set(nil)
		if _, err := b.Sample(t.Context(), load, engine.Service{}); !strings.Contains(fmt.Sprint(err), rests(5*time.Second)) {
			t.Errorf("while it tries: %v", err)
		}
		time.Sleep(deadline)
		if _, err := b.Sample(t.Context(), load, engine.Service{}); err != nil {
			t.Errorf("after its deadline: %v", err)
		}
		close(stuck)
	})
}

func open(t *testing.T, b *Breaker) {
	t.Helper()
	for range failures {
		_, _ = b.Sample(t.Context(), load, engine.Service{}) // it is refused
	}
	if _, err := b.Sample(t.Context(), load, engine.Service{}); !strings.Contains(fmt.Sprint(err), "not asked") {
		t.Fatalf("after %d failures: %v", failures, err)
	}
}

// rests is how the breaker says that it rests for so long from now.
func rests(rest time.Duration) string {
	return "not asked before " + time.Now().Add(rest).UTC().Format("15:04:05 MST")
}
