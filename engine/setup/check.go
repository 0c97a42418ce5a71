package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/flyball-dev/flyball/engine"
)

// Check holds the policies of a folder to the compose application of the current one, with its overlay: that they merge, that
// each policy's service is there and can scale, that flyball is given the folder and the socket, and that the balancer knows
// every port and has room for every replica. A Problem of a policy stands where the policy does.
func Check(ctx context.Context, files, env []string, dir string, policies []engine.Policy) ([]engine.Problem, error) {
	before, err := load(ctx, files, env, alone)
	if err == nil {
		_, err = os.Stat(filepath.Join(before.WorkingDir, OverlayName))
		if errors.Is(err, os.ErrNotExist) {
			return []engine.Problem{{File: short(filepath.Join(before.WorkingDir, OverlayName)), Message: "there is no overlay; flyball init writes one, in a folder without policies or with --force"}}, nil
		}
	}
	var after *types.Project
	if err == nil {
		after, err = load(ctx, files, env, overlaid)
	}
	var f Flaw
	switch {
	case errors.As(err, &f):
		if c := mismatched(ctx, files, env, dir, before); len(c.problems) > 0 {
			return c.problems, nil
		}
		return []engine.Problem{f.Problem}, nil
	case err != nil:
		return nil, err
	}
	c := newCheck(before, after, dir)
	c.flyball()
	c.replaced()
	for _, p := range policies {
		if project := p.Target.Project; strings.HasPrefix(p.Target.Driver, "compose") && (project == "" || project == before.Name) {
			c.policy(p)
		}
	}
	return c.problems, nil
}

// check is a folder under way through Check.
type check struct {
	before, after *types.Project // without the overlay, and with it
	overlay, dir  string
	problems      []engine.Problem
}

func newCheck(before, after *types.Project, dir string) check {
	return check{before: before, after: after, dir: dir, overlay: after.ComposeFiles[len(after.ComposeFiles)-1]}
}

// inOverlay adds an error at a key of the overlay, as far as that is there.
func (c *check) inOverlay(path []string, format string, args ...any) {
	c.atOverlay(path, engine.Problem{Message: fmt.Sprintf(format, args...)})
}

func (c *check) atOverlay(path []string, p engine.Problem) {
	p.File = short(c.overlay)
	p.Line, p.Column, _ = place(c.overlay, path)
	c.problems = append(c.problems, p)
}

// flyball looks at the overlay's service that runs it.
func (c *check) flyball() {
	var a Application
	for _, name := range append(c.before.ServiceNames(), c.before.DisabledServiceNames()...) {
		a.Services = append(a.Services, Service{Name: name})
	}
	name := a.Daemon()
	s, ok := c.after.Services[name]
	if !ok {
		c.inOverlay([]string{"services"}, "there is no service %s, so nothing scales the others", name)
		return
	}
	at := func(key string) []string { return []string{"services", name, key} }
	dir, err := filepath.Abs(c.dir)
	if err != nil {
		dir = c.dir
	}
	if !slices.ContainsFunc(s.Volumes, func(v types.ServiceVolumeConfig) bool {
		return v.Type == types.VolumeTypeBind && (v.Source == dir || strings.HasPrefix(dir, v.Source+string(filepath.Separator)))
	}) {
		c.inOverlay(at("volumes"), "flyball is not given these policies; mount %s, read-only", short(dir))
	}
	if host := s.Environment["DOCKER_HOST"]; !slices.ContainsFunc(s.Volumes, socket) && (host == nil || strings.HasPrefix(*host, "unix:")) {
		c.inOverlay(at("volumes"), "flyball is given no socket of Docker, and can't scale anything; mount /var/run/docker.sock, or set DOCKER_HOST to a proxy of it")
	}
	if on := s.Environment["AUTOSCALING_ENABLED"]; on != nil && !slices.Contains([]string{"", "true", "false", "1", "0", "yes", "no", "on", "off"}, strings.ToLower(*on)) {
		c.inOverlay(at("environment"), "AUTOSCALING_ENABLED is %q; allowed is true or false", *on)
	}
}

// policy looks at the service that a policy is for.
func (c *check) policy(p engine.Policy) {
	add := func(warning bool, format string, args ...any) {
		file, line := p.File, 0
		if i := strings.LastIndexByte(file, ':'); i >= 0 {
			if n, err := strconv.Atoi(file[i+1:]); err == nil {
				file, line = file[:i], n
			}
		}
		c.problems = append(c.problems, engine.Problem{File: file, Line: line, Column: 1, Warning: warning, Policy: p.Name, Path: "service", Message: fmt.Sprintf(format, args...)})
	}
	all := c.after.AllServices()
	s, ok := all[p.Service]
	if !ok {
		add(false, "service %q is not in %s%s", p.Service, fileNames(c.after), meant(p.Service, c.after.Services))
		return
	}
	if _, off := c.after.DisabledServices[p.Service]; off {
		add(true, "service %s is in the profile %s, which is not active; set COMPOSE_PROFILES in .env", p.Service, strings.Join(s.Profiles, " or "))
	}
	img, _ := imageOf(s)
	if p.Target.Driver == "compose" { // docker compose itself can do more
		for _, why := range append(obstacles(s), fixedPorts(s)...) {
			add(false, "service %s can't have more replicas: %s", p.Service, why)
		}
	}
	if reason := purpose(c.after, s, img); reason != "" {
		add(true, "service %s may not be one to scale: %s", p.Service, reason)
	}
	for _, why := range shared(s) {
		add(true, "service %s may not be one to scale: %s", p.Service, why)
	}
	if cpuLimit(s) == 0 && slices.ContainsFunc(p.Metrics, func(m engine.Metric) bool {
		return m.Type == "cpu" && m.Source == "system" && (m.Service == "" || m.Service == p.Service)
	}) {
		add(true, "service %s has no CPU limit, so its CPU is measured against the whole machine; write deploy.resources.limits.cpus", p.Service)
	}
	c.balanced(p, func(format string, args ...any) { add(false, format, args...) })
}

// fixedPorts are the TCP ports of the host that a service still has to itself.
func fixedPorts(s types.ServiceConfig) []string {
	var why []string
	for _, port := range s.Ports {
		if n := fixed(port); n != 0 && tcp(port) {
			why = append(why, fmt.Sprintf("host port %d is fixed, and two replicas can't share it; have the overlay give it to the balancer (ports: !reset []), publish a range such as \"%d-%d:%d\", or leave the host port out", n, n, n+9, port.Target))
		}
	}
	return why
}

// slots is a server-template of HAProxy: its number of servers, and where they are.
var slots = regexp.MustCompile(`(?m)^\s*server-template\s+\S+\s+(?:(\d+)-)?(\d+)\s+([\w.-]+):(\d+)`)

// balanced looks for the ports that the overlay took from a service.
func (c *check) balanced(p engine.Policy, add func(format string, args ...any)) {
	routes, _ := published(c.before.AllServices()[p.Service])
	config := filepath.Join(c.dir, BalancerFile)
	text, err := os.ReadFile(config)
	for _, r := range routes {
		if slices.ContainsFunc(c.after.AllServices()[p.Service].Ports, func(port types.ServicePortConfig) bool { return fixed(port) == r.Published }) {
			continue // which is an obstacle, and said
		}
		if !c.isPublished(r.Published) {
			add("host port %d of service %s is published by nobody any more; have the balancer publish it", r.Published, p.Service)
			continue
		}
		if err != nil { // a balancer of the author's own
			continue
		}
		room, found := 0, false
		for _, m := range slots.FindAllStringSubmatch(string(text), -1) {
			if m[3] == p.Service && m[4] == strconv.Itoa(r.Target) {
				first, _ := strconv.Atoi(m[1])
				last, _ := strconv.Atoi(m[2])
				room, found = last-max(first, 1)+1, true
			}
		}
		switch {
		case !found:
			add("%s has no server-template for %s:%d, so nothing reaches host port %d", short(config), p.Service, r.Target, r.Published)
		case room < p.MaxReplicas:
			add("%s has room for %d replicas of %s:%d, and maxReplicas is %d; raise the number in its server-template", short(config), room, p.Service, r.Target, p.MaxReplicas)
		}
	}
}

func (c *check) isPublished(port int) bool {
	for _, s := range c.after.Services {
		if slices.ContainsFunc(s.Ports, func(p types.ServicePortConfig) bool { return slices.Contains(taken(p), port) }) {
			return true
		}
	}
	return false
}

// fileNames are the compose files of a project in words.
func fileNames(p *types.Project) string {
	var names []string
	for _, file := range p.ComposeFiles {
		names = append(names, short(file))
	}
	return strings.Join(names, " or ")
}
