package docker

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// The last look has its time from whenever the order's ends: before it, in the middle of it, or never.
func TestLastLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			told, asked time.Duration // when the order is told to stop, and when the look begins
			ends        time.Duration // when the look is given up, from its beginning
		}{
			"long after it was told":               {0, StopGrace + time.Minute, LookDeadline},
			"as its time ends":                     {0, StopGrace, LookDeadline},
			"a moment before its time ends":        {0, StopGrace - time.Millisecond, LookDeadline + time.Millisecond},
			"as it is told":                        {0, 0, StopGrace + LookDeadline},
			"it is told in the middle of the look": {time.Second, 0, time.Second + StopGrace + LookDeadline},
			"it is told an hour into it":           {time.Hour, 0, time.Hour + StopGrace + LookDeadline},
		} {
			ctx, stop := context.WithCancel(t.Context())
			after, done := Outlive(ctx)
			time.AfterFunc(c.told, stop)
			time.Sleep(c.asked)
			synctest.Wait()
			begun := time.Now()
			last, over := LastLook(after)
			<-last.Done()
			if took := time.Since(begun); took != c.ends {
				t.Errorf("%s: given up after %s, want %s", name, took, c.ends)
			}
			over()
			done()
		}
	})
}

// A look that is over holds up nothing, and nobody.
func TestLastLookIsOver(t *testing.T) {
	after, done := Outlive(t.Context())
	defer done()
	last, over := LastLook(after)
	over()
	if last.Err() == nil || after.Err() != nil {
		t.Errorf("the look has %v, what it was given %v", last.Err(), after.Err())
	}
}
