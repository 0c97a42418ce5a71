package socketproxy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

// The doctor names what is forbidden, whatever it is.
func TestLiveTheDoctorNamesWhatIsForbidden(t *testing.T) {
	t.Parallel()
	s := up(t)
	for _, n := range needs("compose") {
		t.Run(string(n.Call), func(t *testing.T) {
			t.Parallel()
			p := s.engine.Proxy(t)
			p.Fault(fault(n.Call))
			named(t, n, doctor(t, s.dir, p.Host()))
		})
	}
}

// Of a scaling that lacks a call the outcome names it, and nothing half done is left behind.
func TestLiveNothingHalfDone(t *testing.T) {
	t.Parallel()
	s := up(t)
	direct := s.target(s.engine.Host())
	copies := []docker.Call{docker.ReadFile, docker.WriteFiles, docker.ConnectNetwork} // which this service can't do without
	raises := []docker.Call{docker.InspectImage, docker.ListChanges, docker.LookAtFile, docker.ReadFile, docker.WriteFiles, docker.CreateContainer, docker.ConnectNetwork, docker.StartContainer}
	lowers := []docker.Call{docker.StopContainer, docker.CreateExec, docker.StartExec, docker.InspectExec}
	for _, n := range needs("compose") {
		t.Run(string(n.Call), func(t *testing.T) {
			p := s.engine.Proxy(t)
			p.Fault(fault(n.Call))
			target := s.target(p.Host())
			works := n.Without != "" && !slices.Contains(copies, n.Call)
			for _, way := range []struct {
				from, to int
				works    bool
			}{{1, 2, works || slices.Contains(lowers, n.Call)}, {2, 1, works || slices.Contains(raises, n.Call)}} {
				if len(s.replicas()) < way.from {
					s.mustScale(direct, 1, way.from)
				}
				before := s.replicas()
				out := s.scale(target, way.from, way.to)
				switch {
				case way.works && out.Result != engine.Succeeded:
					t.Errorf("%d to %d: %s: %s", way.from, way.to, out.Result, out.Error)
				case way.works:
				case out.Result != engine.Failed && out.Result != engine.RolledBack, !strings.Contains(out.Error, "forbids "+string(n.Call)+" (403); allow it in the socket proxy"):
					t.Errorf("%d to %d: %s: %s, want that %s is forbidden", way.from, way.to, out.Result, out.Error, n.Call)
				case !slices.Equal(before, s.replicas()):
					t.Errorf("%d to %d left %v, and before there were %v", way.from, way.to, s.replicas(), before)
				}
				if way.to == 1 && len(s.replicas()) > 1 {
					s.mustScale(direct, 2, 1)
				}
			}
		})
	}
}

// A log that can't be read is no reason not to say what happened.
func TestLiveNoLog(t *testing.T) {
	t.Parallel()
	s := up(t)
	p := s.engine.Proxy(t)
	p.Fault(fault(docker.ReadLog))
	s.write("bound/settings", "EXIT_AFTER=0s\n")
	out := s.scale(s.target(p.Host()), 1, 2)
	if out.Result != engine.RolledBack || !strings.Contains(out.Log, "forbids "+string(docker.ReadLog)+" (403)") {
		t.Errorf("%s: %s; log %q", out.Result, out.Error, out.Log)
	}
}
