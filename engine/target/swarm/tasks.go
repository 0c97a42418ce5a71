package swarm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/swarm"
)

// cluster is what the swarm has at one instant.
type cluster struct {
	nodes []swarm.Node
	tasks []swarm.Task
}

// slots are the places of a service that the swarm means to keep filled, by number, each with its newest task. Left out
// are those whose task is on a node that is down: the swarm makes another one elsewhere.
func (c cluster) slots(service string) map[int]swarm.Task {
	up := c.up()
	filled := map[int]swarm.Task{}
	for _, t := range c.tasks {
		if t.ServiceID != service || !meant(t) || !up[t.NodeID] {
			continue
		}
		if other, taken := filled[t.Slot]; !taken || better(t, other) {
			filled[t.Slot] = t
		}
	}
	return filled
}

// up says of each node whether it is there. The empty one is that of tasks that have none yet.
func (c cluster) up() map[string]bool {
	up := map[string]bool{"": true}
	for _, n := range c.nodes {
		up[n.ID] = n.Status.State == swarm.NodeStateReady
	}
	return up
}

// meant says that the swarm means to keep the task: to run it, or to start it once the delay after a failure has passed.
func meant(t swarm.Task) bool {
	return t.DesiredState == swarm.TaskStateRunning || t.DesiredState == swarm.TaskStateReady
}

// better says which of two tasks in one slot stands for it: one that is to run before one that waits to replace it, then
// the newer.
func better(a, b swarm.Task) bool {
	if a.DesiredState != b.DesiredState {
		return a.DesiredState == swarm.TaskStateRunning
	}
	return a.CreatedAt.After(b.CreatedAt)
}

// unplaced says that the scheduler found no node for a task. One that it has not looked at yet has no error.
func unplaced(t swarm.Task) bool { return t.NodeID == "" && t.Status.Err != "" }

// tally counts what runs, starts or is being restarted, and says why others wait; empty: none does. A task that waits for
// a node does not count: raising on and on brings nothing where there is no place.
func tally(slots map[int]swarm.Task) (n int, waiting string) {
	for _, number := range numbers(slots) {
		if t := slots[number]; !unplaced(t) {
			n++
		} else {
			waiting = cmp.Or(waiting, t.Status.Err)
		}
	}
	return n, waiting
}

func numbers[T any](slots map[int]T) []int {
	var all []int
	for n := range slots {
		all = append(all, n)
	}
	slices.Sort(all)
	return all
}

// active counts the nodes that take new tasks.
func (c cluster) active() int {
	n := 0
	for _, node := range c.nodes {
		if takes(node) {
			n++
		}
	}
	return n
}

func takes(n swarm.Node) bool {
	return n.Status.State == swarm.NodeStateReady && n.Spec.Availability == swarm.NodeAvailabilityActive
}

// ended says that a task is over, however it ended.
func ended(t swarm.Task) bool {
	switch t.Status.State {
	case swarm.TaskStateComplete, swarm.TaskStateShutdown, swarm.TaskStateFailed, swarm.TaskStateRejected, swarm.TaskStateRemove, swarm.TaskStateOrphaned:
		return true
	}
	return false
}

// broke says that a task ended though nobody asked it to.
func broke(t swarm.Task) bool {
	switch t.Status.State {
	case swarm.TaskStateComplete, swarm.TaskStateFailed, swarm.TaskStateRejected:
		return true
	}
	return false
}

// condition says in words what is the matter with a task.
func condition(t swarm.Task) string {
	var parts []string
	for _, text := range []string{t.Status.Err, exit(t)} {
		if text != "" {
			parts = append(parts, text)
		}
	}
	if len(parts) == 0 && t.Status.Message != "" {
		parts = append(parts, t.Status.Message)
	}
	if unplaced(t) {
		return "waits for a node: " + strings.Join(parts, ", ")
	}
	return fmt.Sprintf("%s: %s", t.Status.State, strings.Join(parts, ", "))
}

// exit is the exit code, where the error does not have it already.
func exit(t swarm.Task) string {
	c := t.Status.ContainerStatus
	if !broke(t) || c == nil || c.ContainerID == "" || strings.Contains(t.Status.Err, fmt.Sprintf("(%d)", c.ExitCode)) {
		return ""
	}
	return fmt.Sprintf("exit code %d", c.ExitCode)
}
