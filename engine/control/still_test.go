package control

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// slow is an act that takes a minute.
func slow(_ context.Context, o engine.Order) engine.Outcome {
	time.Sleep(time.Minute)
	return engine.Outcome{Result: engine.Succeeded, Reached: o.To, Ended: time.Now()}
}

func TestStillWaitsForAChangeUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newPaper(1)
		w.act = slow
		c := w.cycle(rule(1))
		begun := time.Now()
		first := make(chan error, 1)
		go func() { first <- pass(c, "web") }()
		synctest.Wait() // it is acting

		goOn, err := c.Still(t.Context())
		if took := time.Since(begun); err != nil || took != time.Minute {
			t.Fatalf("still after %s, %v; want the minute of the change", took, err)
		}
		if err := <-first; err != nil || len(w.closed) != 1 {
			t.Fatalf("the change ended with %v, and %d ends are on record", err, len(w.closed))
		}

		before := len(w.diary)
		for _, ask := range []error{
			pass(c, "api"), c.Settle(t.Context(), policy("api"), Moment{At: time.Now()}),
		} {
			if !errors.Is(ask, ErrStill) {
				t.Errorf("while all is still: %v", ask)
			}
		}
		if len(w.diary) != before {
			t.Errorf("while all was still: %v", w.diary[before:])
		}
		goOn()
		w.act = nil
		if err := pass(c, "api"); err != nil || len(w.closed) != 2 {
			t.Errorf("then it does not go on: %v, %d ends", err, len(w.closed))
		}
	})
}

func pass(c *Cycle, name string) error {
	_, _, err := c.Run(context.Background(), policy(name), Moment{At: time.Now()})
	return err
}

// A loop passes over what it may not begin, and says nothing of it.
func TestLoopWhileAllIsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		l := newLoop(newPaper(2), &d)
		goOn, err := l.Cycle.Still(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Second)
		defer cancel()
		sets := make(chan []engine.Policy, 1)
		sets <- []engine.Policy{policy("web")}
		time.AfterFunc(90*time.Second, goOn)
		l.Run(ctx, sets)
		if want := []time.Duration{2 * time.Minute}; !slices.Equal(d.runs["web"], want) {
			t.Errorf("it ran at %v, want %v", d.runs["web"], want)
		}
	})
}

func TestStillGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newPaper(1)
		w.act = slow
		c := w.cycle(rule(1))
		done := make(chan error, 2)
		go func() { done <- pass(c, "web") }()
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Still(short); err == nil || !strings.Contains(err.Error(), "web: a change is under way") {
			t.Errorf("got %v", err)
		}
		go func() { done <- pass(c, "api") }() // nothing holds it up
		synctest.Wait()
		if !c.Acting(policy("api").Subject()) {
			t.Error("after it gave up nothing begins")
		}
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if goOn, err := c.Still(t.Context()); err != nil {
			t.Errorf("once nothing is under way: %v", err)
		} else {
			goOn()
		}
	})
}
