package control

import (
	"context"
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
		go func() {
			_, _, err := c.Run(t.Context(), policy("web"), Moment{At: time.Now()})
			first <- err
		}()
		synctest.Wait() // it is acting

		goOn, err := c.Still(t.Context())
		if took := time.Since(begun); err != nil || took != time.Minute {
			t.Fatalf("still after %s, %v; want the minute of the change", took, err)
		}
		if err := <-first; err != nil || len(w.closed) != 1 {
			t.Fatalf("the change ended with %v, and %d ends are on record", err, len(w.closed))
		}

		second := make(chan time.Duration, 1)
		w.act = nil
		go func() {
			_, _, err := c.Run(t.Context(), policy("api"), Moment{At: time.Now()})
			if err != nil {
				t.Error(err)
			}
			second <- time.Since(begun)
		}()
		synctest.Wait()
		before := len(w.diary)
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(w.diary) != before {
			t.Errorf("while all was still: %v", w.diary[before:])
		}
		goOn()
		if at := <-second; at != time.Hour+time.Minute {
			t.Errorf("the next pass ended after %s, want it as soon as all goes on", at)
		}
	})
}

func TestStillGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newPaper(1)
		w.act = slow
		c := w.cycle(rule(1))
		done := make(chan error, 2)
		pass := func(name string) {
			_, _, err := c.Run(t.Context(), policy(name), Moment{At: time.Now()})
			done <- err
		}
		go pass("web")
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Still(short); err == nil || !strings.Contains(err.Error(), "web: a change is under way") {
			t.Errorf("got %v", err)
		}
		go pass("api") // nothing holds it up
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

// Whoever does not want to wait any more is told so.
func TestAPassThatMayNotBegin(t *testing.T) {
	w := newPaper(1)
	c := w.cycle(rule(1))
	goOn, err := c.Still(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer goOn()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, event, err := c.Run(ctx, policy("web"), Moment{At: start}); err == nil || event != nil {
		t.Errorf("event %v, %v", event, err)
	}
	if err := c.Settle(ctx, policy("web"), Moment{At: start}); err == nil {
		t.Error("it settled")
	}
	w.expect(t)
}
