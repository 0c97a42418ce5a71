package setup

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/flyball-dev/flyball/engine"
)

// replaced warns of what the compose files say of a service by now, and the overlay says otherwise: the overlay's counts.
func (c *check) replaced() {
	before, after := c.before.AllServices(), c.after.AllServices()
	for _, name := range slices.Sorted(maps.Keys(before)) {
		was, is := before[name], after[name]
		warn := func(key, format string, args ...any) {
			c.atOverlay([]string{"services", name, key}, engine.Problem{Warning: true, Message: fmt.Sprintf(format, args...)})
		}
		if its, ours := cpuLimit(was), cpuLimit(is); its > 0 && ours > 0 && its != ours {
			warn("deploy", "service %s: its limit of %s in the compose file has no effect, because the one of %s here wins; remove the limit from %s", name, CPUs(its), CPUs(ours), short(c.overlay))
		}
		if h := was.HealthCheck; h != nil && len(h.Test) > 0 && !reflect.DeepEqual(h, is.HealthCheck) {
			warn("healthcheck", "service %s: its healthcheck in the compose file has no effect, because the one here wins; remove the healthcheck from %s", name, short(c.overlay))
		}
		if was.Logging != nil && !reflect.DeepEqual(was.Logging, is.Logging) {
			warn("logging", "service %s: its logging in the compose file is not what it gets, because the one here wins; remove the logging from %s", name, short(c.overlay))
		}
	}
}

// mismatched are the reasons, in what has become of the compose files since the overlay was written, for which docker compose
// does not take them together.
func mismatched(ctx context.Context, files, env []string, dir string, before *types.Project) check {
	if before == nil {
		return check{}
	}
	after, err := load(ctx, files, env, lax)
	if err != nil {
		return check{}
	}
	c := newCheck(before, after, dir)
	was, is := before.AllServices(), after.AllServices()
	for _, name := range slices.Sorted(maps.Keys(is)) {
		s := is[name]
		_, there := was[name]
		limits := limitsOf(s)
		switch {
		case !there && s.Image == "" && s.Build == nil && s.Provider == nil:
			c.inOverlay([]string{"services", name}, "service %q is not in %s (any more)%s; where it has a new name, write that here, %s, and where it is gone remove it there", name, fileNames(before), meant(name, was), c.alsoNamed())
		case there && s.CPUS > 0 && limits != nil && limits.NanoCPUs > 0 && s.CPUS != float32(limits.NanoCPUs):
			c.inOverlay([]string{"services", name, "deploy"}, "service %s: docker compose refuses its limit of %s in the compose file beside the one of %s here; remove the limit from %s", name, CPUs(cores(float64(s.CPUS))), CPUs(cpuLimit(s)), short(c.overlay))
		}
	}
	return c
}

// alsoNamed says where else a service of the overlay has its name.
func (c *check) alsoNamed() string {
	config := filepath.Join(c.dir, BalancerFile)
	if _, err := os.Stat(config); err != nil {
		return "and in its policy"
	}
	return "in its policy and in " + short(config)
}

// meant is the service whose name is near, as a question.
func meant(name string, services types.Services) string {
	if n := engine.Nearest(name, slices.Sorted(maps.Keys(services))); n != "" {
		return fmt.Sprintf("; did you mean %q?", n)
	}
	return ""
}
