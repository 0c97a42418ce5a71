package compose

import (
	"net/http"
	"slices"
	"testing"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// Behind a socket proxy that hides files a clone might lack a secret, and no service says that it has none: it is refused,
// with what to allow.
func TestLiveHiddenFilesAreRefused(t *testing.T) {
	for hidden, fault := range map[docker.Call]dockertest.Fault{
		docker.ListChanges: {Path: "/changes$"},
		docker.LookAtFile:  {Path: "/archive$", Method: http.MethodHead},
		docker.ReadFile:    {Path: "/archive$", Method: http.MethodGet},
		docker.WriteFiles:  {Path: "/archive$", Method: http.MethodPut},
	} {
		t.Run(string(hidden), func(t *testing.T) {
			s := up(t, "services:\n  web:\n    image: $IMAGE\n    configs: [plain]\nconfigs: {plain: {content: one}}\n")
			p, before := s.proxied(), s.ids()
			fault.Do = dockertest.Answer(http.StatusForbidden, "no")
			p.Fault(fault)
			result := engine.Failed
			if hidden == docker.WriteFiles { // found out once the replica was made
				result = engine.RolledBack
			}
			s.mentions(s.scale(1, 2, result, 1).Error, "forbids "+string(hidden)+" (403)", "allow GET /containers/{id}/changes, "+
				"HEAD /containers/{id}/archive, GET /containers/{id}/archive and PUT /containers/{id}/archive, or "+fallback)
			if after := s.ids(); !slices.Equal(before, after) {
				t.Errorf("before %v, after %v", before, after)
			}
			p.Release()
			p.Fault(dockertest.Fault{Path: "/(changes|archive)$", Method: http.MethodGet, Do: fault.Do})
			s.driver = cliDriver
			s.scale(1, 2, engine.Succeeded, 2)
		})
	}
}

// Logs and commands are for what went wrong and for hooks: without them all else works.
func TestLiveWithoutLogsAndCommands(t *testing.T) {
	s := up(t, withHealth)
	s.proxied().Fault(dockertest.Fault{Path: "/(logs|exec)$", Do: dockertest.Answer(http.StatusForbidden, "no")})
	s.scale(1, 2, engine.Succeeded, 2)
	s.mustRun("1", "write", "/bound/settings", "READY_AFTER=never")
	s.mentions(s.scale(2, 3, engine.RolledBack, 2).Log, "(no log: read the log of", "health check, exit code 1: ")
	s.scale(2, 1, engine.Succeeded, 1)
}
