package compose

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

// The labels by which compose knows what is its own, and those of flyball.
const (
	projectLabel = "com.docker.compose.project"
	serviceLabel = "com.docker.compose.service"
	numberLabel  = "com.docker.compose.container-number"
	hashLabel    = "com.docker.compose.config-hash"
	imageLabel   = "com.docker.compose.image"
	oneoffLabel  = "com.docker.compose.oneoff"
	replaceLabel = "com.docker.compose.replace"
	slugLabel    = "com.docker.compose.slug"
	hookLabel    = "com.docker.compose.hook" // on a container that runs a command of the service's before it starts
	folderLabel  = "com.docker.compose.project.working_dir"
	filesLabel   = "com.docker.compose.project.config_files"
	envFileLabel = "com.docker.compose.project.environment_file"

	eventLabel   = "flyball.event"   // on a clone: the event that made it
	protectLabel = "flyball.protect" // set to true by a user: never removed
)

// settled is how long a container runs after a restart until Docker itself calls it steady and resets its backoff.
const settled = 10 * time.Second

// replica is one container of a service.
type replica struct {
	id        string
	name      string
	project   string
	service   string
	number    int
	state     container.ContainerState
	created   time.Time
	revision  string // what compose made it from: configuration and image
	event     string // empty: made by compose
	protected bool
	labels    map[string]string

	detail *container.InspectResponse // nil: not asked, or no answer
}

// listed is a replica as the list shows it, which is quick and never blocks.
func listed(c container.Summary) replica {
	r := replica{
		id:        c.ID,
		project:   c.Labels[projectLabel],
		service:   c.Labels[serviceLabel],
		state:     c.State,
		created:   time.Unix(c.Created, 0),
		revision:  c.Labels[hashLabel] + " " + c.Labels[imageLabel],
		event:     c.Labels[eventLabel],
		protected: c.Labels[protectLabel] == "true",
		labels:    c.Labels,
	}
	r.number, _ = strconv.Atoi(c.Labels[numberLabel])
	for _, name := range c.Names {
		// A name with a second slash is how a linked container calls this one.
		if name = strings.TrimPrefix(name, "/"); !strings.Contains(name, "/") {
			r.name = name
		}
	}
	return r
}

// current are the replicas that count: running, starting, restarting, and paused.
func (s service) current() []replica {
	var current []replica
	for _, r := range s.replicas {
		if r.counts() {
			current = append(current, r)
		}
	}
	return current
}

func (r replica) counts() bool {
	return r.state == container.StateRunning || r.state == container.StateRestarting || r.state == container.StatePaused
}

// highest is the highest number in use. Stopped containers keep theirs.
func (s service) highest() int {
	n := 0
	for _, r := range s.replicas {
		n = max(n, r.number)
	}
	return n
}

// rollout says that compose is recreating the service: only then does a container have a name of the form
// <12 hex digits>_<name>.
func (s service) rollout() string {
	for _, r := range s.replicas {
		if id, _, found := strings.Cut(r.name, "_"); found && isHex(id, 12) {
			return fmt.Sprintf("docker compose is recreating service %s: container %s has a temporary name", s.name, r.name)
		}
	}
	return ""
}

// revision is the newest one.
func (s service) revision() string { return s.newest().revision }

// newest is the youngest container that compose made itself, for a clone may be younger than what it was cloned from.
func (s service) newest() replica {
	var newest replica
	for _, r := range s.replicas {
		switch {
		case newest.id == "", newest.event != "" && r.event == "":
			newest = r
		case newest.event == "" && r.event != "":
		case r.created.After(newest.created):
			newest = r
		}
	}
	return newest
}

// view is the service as the engine knows it, at an instant.
func (s service) view(current []replica, p engine.Policy, now time.Time) engine.Service {
	v := engine.Service{Name: s.name, Project: s.project, Rollout: s.rollout()}
	revision := s.revision()
	left := leftovers(current, p.Rollout, now)
	for _, r := range current {
		if left[r.id] {
			continue
		}
		v.Replicas = append(v.Replicas, engine.Replica{
			ID: r.id, Name: r.name, Number: r.number, Started: r.started(), Ready: r.ready(now, p.Rollout.MinReady),
			Addresses: addresses(r), Ports: r.ports(),
		})
		if r.detail != nil && r.revision == revision {
			v.Memory = r.detail.HostConfig.Memory
		}
	}
	return v
}

// ports are the TCP ports that the image or the service says it listens at.
func (r replica) ports() []int {
	if r.detail == nil || r.detail.Config == nil {
		return nil
	}
	var ports []int
	for port := range r.detail.Config.ExposedPorts {
		if port.Proto() == "tcp" {
			ports = append(ports, port.Int())
		}
	}
	slices.Sort(ports)
	return ports
}

// started is when the container last started; where that is not known, when it was created.
func (r replica) started() time.Time {
	if r.detail != nil {
		if at, err := time.Parse(time.RFC3339Nano, r.detail.State.StartedAt); err == nil {
			return at
		}
	}
	return r.created
}

// ready: healthy, or running for minReady where there is no health check. After a restart it must also have settled,
// or the time between two crashes would count as ready.
func (r replica) ready(now time.Time, minReady time.Duration) bool {
	if r.detail == nil || r.state != container.StateRunning {
		return false
	}
	state := r.detail.State
	switch {
	case !state.Running || state.Restarting || state.Paused:
		return false
	case docker.Checked(r.detail.Config.Healthcheck):
		return state.Health != nil && state.Health.Status == container.Healthy
	case r.detail.RestartCount > 0:
		minReady = max(minReady, settled)
	}
	return now.Sub(r.started()) >= minReady
}

// unhealthy says that the health check gave up on the replica.
func (r replica) unhealthy() bool {
	return r.detail != nil && r.detail.State.Health != nil && r.detail.State.Health.Status == container.Unhealthy
}

// isHex says whether s is n lower-case hexadecimal digits, as Docker's ids are.
func isHex(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdef") == ""
}
