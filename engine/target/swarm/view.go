package swarm

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/swarm"

	"github.com/flyball-dev/flyball/engine"
)

// view is a service as the engine knows it, at an instant.
func view(s service, c cluster, check *container.HealthConfig, minReady time.Duration, now time.Time) engine.Service {
	slots := c.slots(s.ID)
	v := engine.Service{
		Name: s.name(), Project: s.stack(), Version: s.version(),
		Rollout: s.rollout(), NoRoom: s.waits(tally(slots)),
		Memory: s.memory(), Free: c.free(s.memory()),
	}
	for _, number := range numbers(slots) {
		t := slots[number]
		if unplaced(t) {
			continue
		}
		v.Replicas = append(v.Replicas, engine.Replica{
			ID: identity(t), Name: s.called(t), Number: t.Slot, Ready: ready(t, check, minReady, now), Started: since(t),
			Addresses: addresses(t), Ports: s.ports(),
		})
	}
	return v
}

// identity is the id of the task's container, by which metrics know a replica; before there is one, the task's own.
func identity(t swarm.Task) string {
	if c := t.Status.ContainerStatus; c != nil && c.ContainerID != "" {
		return c.ContainerID
	}
	return t.ID
}

// addresses are those of a task on its networks, but for the one that only published ports go over.
func addresses(t swarm.Task) []string {
	var found []string
	for _, n := range t.NetworksAttachments {
		if n.Network.Spec.Ingress {
			continue
		}
		for _, text := range n.Addresses {
			if prefix, err := netip.ParsePrefix(text); err == nil {
				found = append(found, prefix.Addr().String())
			}
		}
	}
	return found
}

// ports are the TCP ports that the service publishes: a swarm does not tell which others its tasks listen at.
func (s service) ports() []int {
	var ports []int
	for _, p := range s.Endpoint.Ports {
		if port := int(p.TargetPort); p.Protocol == swarm.PortConfigProtocolTCP && !slices.Contains(ports, port) {
			ports = append(ports, port)
		}
	}
	return ports
}

// called is a task's name as `docker service ps` shows it.
func (s service) called(t swarm.Task) string { return fmt.Sprintf("%s.%d", s.Spec.Name, t.Slot) }

// since is when a task began to run; while it starts, when it was made. It is the time of the task's node.
func since(t swarm.Task) time.Time {
	if t.Status.State == swarm.TaskStateRunning {
		return t.Status.Timestamp
	}
	return t.CreatedAt
}

// ready: the swarm calls a task running only once its health check passes; where there is none, it must have run for
// minReady.
func ready(t swarm.Task, check *container.HealthConfig, minReady time.Duration, now time.Time) bool {
	return running(t) && (check != nil || now.Sub(since(t)) >= minReady)
}

func running(t swarm.Task) bool {
	return t.DesiredState == swarm.TaskStateRunning && t.Status.State == swarm.TaskStateRunning
}

// memory is what a replica may take: what is reserved for it, else its limit; 0: neither is set.
func (s service) memory() int64 {
	need := s.Spec.TaskTemplate.Resources
	switch {
	case need == nil:
		return 0
	case reserved(s.Spec.TaskTemplate) > 0:
		return reserved(s.Spec.TaskTemplate)
	case need.Limits != nil:
		return need.Limits.MemoryBytes
	}
	return 0
}

func reserved(t swarm.TaskSpec) int64 {
	if t.Resources == nil || t.Resources.Reservations == nil {
		return 0
	}
	return t.Resources.Reservations.MemoryBytes
}

// free is the memory that is not reserved on the nodes that take new tasks. A replica fits on one node only, so each
// node's share counts in whole replicas of this size; 0: not known. Which nodes a service may run on is the scheduler's.
func (c cluster) free(replica int64) int64 {
	taken := map[string]int64{}
	for _, t := range c.tasks {
		if meant(t) && !ended(t) {
			taken[t.NodeID] += reserved(t.Spec)
		}
	}
	var sum int64
	known := false
	for _, n := range c.nodes {
		if !takes(n) || n.Description.Resources.MemoryBytes == 0 {
			continue
		}
		known = true
		left := max(0, n.Description.Resources.MemoryBytes-taken[n.ID])
		if replica > 0 {
			left -= left % replica
		}
		sum += left
	}
	if known {
		return max(1, sum) // nothing left is not the same as not known
	}
	return 0
}
