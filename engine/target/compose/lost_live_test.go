package compose

import (
	"slices"
	"testing"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

const (
	creating = "/containers/create$"
	starting = "/containers/[0-9a-f]+/start$"
)

// The engine does what it is asked for, and the reply is lost.
func TestLiveLostReplyIsNotAppliedTwice(t *testing.T) {
	for name, c := range map[string]struct {
		path string
		want engine.Result
	}{"of a creation": {creating, engine.Failed}, "of a start": {starting, engine.RolledBack}} {
		t.Run(name, func(t *testing.T) {
			s := up(t, plainFile)
			p, before := s.proxied(), s.ids()
			p.Fault(dockertest.Fault{Method: "POST", Path: c.path, Times: 1, Do: dockertest.DropReply})
			s.scale(1, 2, c.want, 1)
			if got := p.Seen("POST", c.path); got != 1 {
				t.Errorf("the engine saw %d such calls, want 1", got)
			}
			if after := s.ids(); !slices.Equal(before, after) {
				t.Errorf("before %v, after %v", before, after)
			}
			s.scale(1, 2, engine.Succeeded, 2)
			s.expectNumbers("1", "2")
		})
	}
}

// The engine does what it is asked for, and is gone before the reply. Whatever the call was, the next order finds one new
// replica, or none, and leaves one.
func TestLiveEngineGoneBeforeTheReply(t *testing.T) {
	for name, c := range map[string]struct {
		path     string
		observed int
	}{"of a creation": {creating, 1}, "of a start": {starting, 2}} {
		t.Run(name, func(t *testing.T) {
			s := up(t, plainFile)
			p := s.proxied()
			p.Fault(dockertest.Fault{Method: "POST", Path: c.path, Times: 1, Do: func(x *dockertest.Exchange) {
				p.Fault(dockertest.Fault{Do: dockertest.Refuse})
				dockertest.DropReply(x)
			}})
			s.mentions(s.scale(1, 2, engine.Interrupted, 1).Error, "may still be there")
			p.Release()
			if got := len(s.observe().Replicas); got != c.observed {
				t.Errorf("%d replicas, want %d", got, c.observed)
			}
			s.scale(1, 2, engine.Succeeded, 2)
			s.expectNumbers("1", "2")
			if got, want := p.Seen("POST", creating), 3-c.observed; got != want {
				t.Errorf("the engine saw %d creations, want %d", got, want)
			}
		})
	}
}
