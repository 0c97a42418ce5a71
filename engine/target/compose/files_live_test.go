package compose

import (
	"net/http"
	"slices"
	"testing"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// Behind a socket proxy that hides files a clone might lack a secret, and no service says that it has none: it is refused,
// with what to allow.
func TestLiveHiddenFilesAreRefused(t *testing.T) {
	for name, hidden := range map[string]dockertest.Fault{
		"changes": {Path: "/changes$"},
		"archive": {Path: "/archive$", Method: http.MethodHead},
		"files":   {Path: "/archive$", Method: http.MethodGet},
	} {
		t.Run(name, func(t *testing.T) {
			s := up(t, "services:\n  web:\n    image: $IMAGE\n    configs: [plain]\nconfigs: {plain: {content: one}}\n")
			p, before := s.proxied(), s.ids()
			hidden.Do = dockertest.Answer(http.StatusForbidden, "no")
			p.Fault(hidden)
			s.mentions(s.scale(1, 2, engine.Failed, 1).Error, "forbids it (403)", "GET /containers/{id}/changes",
				"GET, HEAD and PUT /containers/{id}/archive", fallback)
			if after := s.ids(); !slices.Equal(before, after) {
				t.Errorf("before %v, after %v", before, after)
			}
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
