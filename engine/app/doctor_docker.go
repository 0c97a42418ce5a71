package app

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"

	"github.com/containerd/errdefs"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

// docker tries the engine, where a policy needs one.
func (d doctor) docker(ctx context.Context, policies []engine.Policy) []Check {
	drivers := map[string]bool{}
	for _, p := range policies {
		drivers[p.Target.Driver] = true
	}
	var checks []Check
	if drivers["compose"] || drivers["compose-cli"] || drivers["swarm"] {
		checks = append(checks, d.engine(ctx, policies)...)
	}
	if drivers["compose-cli"] {
		if out, err := exec.CommandContext(ctx, "docker", "compose", "version", "--short").Output(); err != nil {
			checks = append(checks, Check{"docker compose", failed, err.Error(), "install the compose plugin; the driver compose-cli runs it"})
		} else {
			checks = append(checks, Check{"docker compose", fine, strings.TrimSpace(string(out)), ""})
		}
	}
	return checks
}

func (d doctor) engine(ctx context.Context, policies []engine.Policy) []Check {
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	mend := "start it, give this user access to its socket, or name another with --docker-host"
	e, err := docker.Dial(d.o.DockerHost)
	if err != nil {
		return []Check{{"docker", failed, err.Error(), mend}}
	}
	defer func() { _ = e.Close() }() // nothing is lost with it
	err = e.Settle(ctx)
	switch {
	case errdefs.IsPermissionDenied(err):
		return append([]Check{{"docker", failed, err.Error(), "see the calls below"}}, calls(ctx, e, policies)...)
	case err != nil:
		return []Check{{"docker", failed, err.Error(), mend}}
	}
	found := Check{"docker", fine, "API " + e.ClientVersion(), ""}
	v, err := e.ServerVersion(ctx)
	if err == nil {
		found.Detail = fmt.Sprintf("engine %s, API %s", v.Version, e.ClientVersion())
	} else if !errdefs.IsPermissionDenied(err) {
		return []Check{{"docker", failed, err.Error(), mend}}
	}
	if bytes, err := d.to.stats.HostMemory(); err != nil || bytes == 0 {
		found.Result = warning
		found.Detail += "; how much memory its host has left is not known, so the budget does not hold any back"
		found.Mend = "run flyball on the engine's host"
	}
	return append([]Check{found}, calls(ctx, e, policies)...)
}

// calls tries each call that the policies take, and says which the engine, or what stands before it, forbids.
func calls(ctx context.Context, e *docker.Engine, policies []engine.Policy) []Check {
	needs := taken(policies)
	errs := make([]error, len(needs))
	var wg sync.WaitGroup
	for i, n := range needs {
		wg.Go(func() { errs[i] = e.Try(ctx, n.For, n.Call) })
	}
	wg.Wait()
	const allow = "allow it in the socket proxy or authorization plugin"
	var checks []Check
	for i, n := range needs {
		switch err := errs[i]; {
		case err == nil:
		case !errdefs.IsPermissionDenied(err):
			checks = append(checks, Check{"docker calls", failed, fmt.Sprintf("%s: %v", n.Call, err), "try again"})
		case n.Without == "":
			checks = append(checks, Check{"docker calls", failed, fmt.Sprintf("%s is forbidden; it is needed to %s", n.Call, n.For), allow})
		default:
			checks = append(checks, Check{"docker calls", warning, fmt.Sprintf("%s is forbidden; lost without it: %s", n.Call, n.Without), allow})
		}
	}
	if len(checks) == 0 {
		checks = append(checks, Check{"docker calls", fine, fmt.Sprintf("all %d that the policies take are allowed", len(needs)), ""})
	}
	return checks
}

// taken are the calls that policies take, each once. What one of them can't do without is needed.
func taken(policies []engine.Policy) []docker.Need {
	var all []docker.Need
	for _, n := range docker.Needs() {
		if !slices.ContainsFunc(policies, n.Of) {
			continue
		}
		at := slices.IndexFunc(all, func(other docker.Need) bool { return other.Call == n.Call })
		switch {
		case at < 0:
			all = append(all, n)
		case n.Without == "":
			all[at] = n
		}
	}
	return all
}
