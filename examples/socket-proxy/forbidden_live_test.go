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
	s := up(t, plainImage)
	for _, n := range needs("compose") {
		t.Run(string(n.Call), func(t *testing.T) {
			t.Parallel()
			p := s.engine.Proxy(t)
			p.Fault(fault(n.Call))
			named(t, n, doctor(t, s.dir, p.Host()))
		})
	}
}

// Of a scaling that lacks a call the outcome names it, and nothing half done is left behind. Without all calls that it does
// not take it goes well.
func TestLiveNothingHalfDone(t *testing.T) {
	t.Parallel()
	s := up(t, plainImage)
	raises := []docker.Call{docker.InspectImage, docker.ListChanges, docker.LookAtFile, docker.ReadFile, docker.WriteFiles, docker.CreateContainer, docker.ConnectNetwork, docker.StartContainer}
	lowers := []docker.Call{docker.StopContainer, docker.CreateExec, docker.StartExec, docker.InspectExec}
	for _, way := range []struct {
		name     string
		from, to int
		takes    []docker.Call
		others   []docker.Call
		ping     docker.Call // one of the two must be allowed
	}{{"raise", 1, 2, raises, lowers, docker.HeadPing}, {"lower", 2, 1, lowers, raises, docker.GetPing}} {
		p := s.engine.Proxy(t)
		for _, n := range needs("compose") {
			spared := slices.Contains(way.others, n.Call) || n.Without != "" && !slices.Contains(way.takes, n.Call)
			if spared && n.Call != way.ping {
				p.Fault(fault(n.Call))
			}
			if !spared {
				t.Run(way.name+" "+string(n.Call), func(t *testing.T) { s.refused(t, n.Call, way.from, way.to) })
			}
		}
		s.mustScale(s.target(p.Host()), way.from, way.to)
	}
}

// refused checks that a scaling without a call names it, and leaves everything as it was.
func (s *site) refused(t *testing.T, call docker.Call, from, to int) {
	p := s.engine.Proxy(t)
	p.Fault(fault(call))
	before := s.replicas()
	out := s.scale(s.target(p.Host()), from, to)
	if out.Result != engine.Failed && out.Result != engine.RolledBack || !strings.Contains(out.Error, "forbids "+string(call)+" (403); allow it in the socket proxy") {
		t.Errorf("%s: %s, want that %s is forbidden", out.Result, out.Error, call)
	}
	if after := s.replicas(); !slices.Equal(before, after) {
		t.Errorf("it left %v, and before there were %v", after, before)
	}
}

// A log that can't be read is no reason not to say what happened.
func TestLiveNoLog(t *testing.T) {
	t.Parallel()
	s := up(t, checkedImage)
	p := s.engine.Proxy(t)
	p.Fault(fault(docker.ReadLog))
	s.write("bound/settings", failing)
	out := s.scale(s.target(p.Host()), 1, 2)
	if out.Result != engine.RolledBack || !strings.Contains(out.Log, "forbids "+string(docker.ReadLog)+" (403)") {
		t.Errorf("%s: %s; log %q", out.Result, out.Error, out.Log)
	}
}
