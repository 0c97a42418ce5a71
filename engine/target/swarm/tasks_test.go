package swarm

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/swarm"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func node(id string, state swarm.NodeState, memory int64) swarm.Node {
	n := swarm.Node{ID: id, Status: swarm.NodeStatus{State: state}, Spec: swarm.NodeSpec{Availability: swarm.NodeAvailabilityActive}}
	n.Description.Resources.MemoryBytes = memory
	return n
}

// task is one of service web, made after seconds; options change it.
func task(id string, slot int, state, desired swarm.TaskState, seconds int, options ...func(*swarm.Task)) swarm.Task {
	t := swarm.Task{ID: id, ServiceID: "web", Slot: slot, NodeID: "n1", DesiredState: desired}
	t.CreatedAt = noon.Add(time.Duration(seconds) * time.Second)
	t.Status = swarm.TaskStatus{State: state, Timestamp: t.CreatedAt}
	for _, o := range options {
		o(&t)
	}
	return t
}

func on(node string) func(*swarm.Task)  { return func(t *swarm.Task) { t.NodeID = node } }
func err(text string) func(*swarm.Task) { return func(t *swarm.Task) { t.Status.Err = text } }
func takes40(t *swarm.Task) {
	t.Spec.Resources = &swarm.ResourceRequirements{Reservations: &swarm.Resources{MemoryBytes: 40}}
}
func exited(code int) func(*swarm.Task) {
	return func(t *swarm.Task) {
		t.Status.ContainerStatus = &swarm.ContainerStatus{ContainerID: "c", ExitCode: code}
	}
}

const (
	run     = swarm.TaskStateRunning
	delayed = swarm.TaskStateReady
	pending = swarm.TaskStatePending
	failed  = swarm.TaskStateFailed
	shut    = swarm.TaskStateShutdown
)

func TestWhatCounts(t *testing.T) {
	nodes := []swarm.Node{node("n1", swarm.NodeStateReady, 100), node("n2", swarm.NodeStateDown, 100)}
	for name, c := range map[string]struct {
		tasks   []swarm.Task
		want    []string // ids that stand for their slots
		waiting string
	}{
		"none":     {nil, nil, ""},
		"running":  {[]swarm.Task{task("a", 1, run, run, 0), task("b", 2, run, run, 0)}, []string{"a", "b"}, ""},
		"starting": {[]swarm.Task{task("a", 1, swarm.TaskStatePreparing, run, 0)}, []string{"a"}, ""},
		"not looked at by the scheduler yet": {
			[]swarm.Task{task("a", 1, pending, run, 0, on(""))}, []string{"a"}, ""},
		"waits for a node": {
			[]swarm.Task{task("a", 1, run, run, 0), task("b", 2, pending, run, 0, on(""), err("no suitable node"))},
			[]string{"a"}, "no suitable node"},
		"was asked to stop": {[]swarm.Task{task("a", 1, run, run, 0), task("b", 2, run, shut, 0)}, []string{"a"}, ""},
		"restarting, in the delay": {
			[]swarm.Task{task("a", 1, failed, shut, 0), task("b", 1, delayed, delayed, 1)}, []string{"b"}, ""},
		"failed and not restarted":       {[]swarm.Task{task("a", 1, failed, shut, 0)}, nil, ""},
		"replaced while it runs":         {[]swarm.Task{task("a", 1, run, run, 0), task("b", 1, delayed, delayed, 1)}, []string{"a"}, ""},
		"the newer of two":               {[]swarm.Task{task("b", 1, run, run, 1), task("a", 1, run, run, 0)}, []string{"b"}, ""},
		"on a node that is down":         {[]swarm.Task{task("a", 1, run, run, 0, on("n2")), task("b", 2, run, run, 0)}, []string{"b"}, ""},
		"on a node that nobody knows of": {[]swarm.Task{task("a", 1, run, run, 0, on("n3"))}, nil, ""},
		"of another service": {
			[]swarm.Task{task("a", 1, run, run, 0, func(t *swarm.Task) { t.ServiceID = "db" })}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			slots := cluster{nodes, c.tasks}.slots("web")
			var got []string
			for _, n := range numbers(slots) {
				if !unplaced(slots[n]) {
					got = append(got, slots[n].ID)
				}
			}
			n, waiting := tally(slots)
			if !slices.Equal(got, c.want) || n != len(c.want) || waiting != c.waiting {
				t.Errorf("%v, counted %d, waiting %q; want %v, %q", got, n, waiting, c.want, c.waiting)
			}
		})
	}
}

func TestReady(t *testing.T) {
	check := &container.HealthConfig{Test: []string{"CMD", "x"}}
	for name, c := range map[string]struct {
		task  swarm.Task
		check *container.HealthConfig
		want  bool
	}{
		"healthy":                     {task("a", 1, run, run, 0), check, true},
		"has run for minReady":        {task("a", 1, run, run, -10), nil, true},
		"has not run for minReady":    {task("a", 1, run, run, -9), nil, false},
		"still starting":              {task("a", 1, swarm.TaskStateStarting, run, -60), check, false},
		"running, and asked to stop":  {task("a", 1, run, shut, -60), check, false},
		"waits out a restart's delay": {task("a", 1, delayed, delayed, -60), nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ready(c.task, c.check, 10*time.Second, noon); got != c.want {
				t.Errorf("ready: %t", got)
			}
		})
	}
}

func TestFree(t *testing.T) {
	up, down := swarm.NodeStateReady, swarm.NodeStateDown
	drained := node("n3", up, 100)
	drained.Spec.Availability = swarm.NodeAvailabilityDrain
	for name, c := range map[string]struct {
		nodes   []swarm.Node
		tasks   []swarm.Task
		replica int64
		want    int64
	}{
		"not known":                          {nil, nil, 10, 0},
		"no size":                            {[]swarm.Node{node("n1", up, 100)}, nil, 0, 100},
		"whole replicas":                     {[]swarm.Node{node("n1", up, 100)}, nil, 40, 80},
		"a replica fits on one node only":    {[]swarm.Node{node("n1", up, 30), node("n2", up, 30)}, nil, 40, 1},
		"each node's share":                  {[]swarm.Node{node("n1", up, 100), node("n2", up, 50)}, nil, 40, 120},
		"what is reserved is not free":       {[]swarm.Node{node("n1", up, 100)}, []swarm.Task{task("a", 1, run, run, 0, takes40)}, 0, 60},
		"an ended task takes nothing":        {[]swarm.Node{node("n1", up, 100)}, []swarm.Task{task("a", 1, failed, run, 0, takes40)}, 0, 100},
		"down and drained nodes don't count": {[]swarm.Node{node("n1", down, 100), drained, node("n2", up, 50)}, nil, 0, 50},
		"full is not the same as not known":  {[]swarm.Node{node("n1", up, 40)}, []swarm.Task{task("a", 1, run, run, 0, takes40)}, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (cluster{c.nodes, c.tasks}).free(c.replica); got != c.want {
				t.Errorf("%d bytes are free, want %d", got, c.want)
			}
		})
	}
}

func TestCondition(t *testing.T) {
	for want, task := range map[string]swarm.Task{
		"failed: task: non-zero exit (3)":             task("a", 1, failed, shut, 0, err("task: non-zero exit (3)"), exited(3)),
		"complete: exit code 0":                       task("a", 1, swarm.TaskStateComplete, shut, 0, exited(0)),
		"rejected: No such image: x":                  task("a", 1, swarm.TaskStateRejected, shut, 0, err("No such image: x")),
		"waits for a node: no suitable node (1 node)": task("a", 1, pending, run, 0, on(""), err("no suitable node (1 node)")),
		"starting: pulled":                            task("a", 1, swarm.TaskStateStarting, run, 0, func(t *swarm.Task) { t.Status.Message = "pulled" }),
	} {
		if got := condition(task); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestDeadlineAndHold(t *testing.T) {
	s := service{}
	s.Spec.UpdateConfig = &swarm.UpdateConfig{Monitor: 2 * time.Second}
	check := &container.HealthConfig{Test: []string{"CMD", "x"}, StartPeriod: time.Second, Interval: 2 * time.Second, Timeout: 3 * time.Second, Retries: 4}
	for name, c := range map[string]struct {
		service        service
		check          *container.HealthConfig
		rollout        engine.Rollout
		deadline, hold time.Duration
	}{
		"no health check":    {s, nil, engine.Rollout{MinReady: 7 * time.Second}, 17 * time.Second, 7 * time.Second},
		"health check":       {s, check, engine.Rollout{MinReady: 7 * time.Second}, 31 * time.Second, 2 * time.Second},
		"Docker's defaults":  {service{}, &container.HealthConfig{Test: []string{"CMD", "x"}}, engine.Rollout{}, 190 * time.Second, 5 * time.Second},
		"the policy says so": {s, check, engine.Rollout{ReadyDeadline: time.Second}, time.Second, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if d, h := docker.Deadline(c.check, c.rollout), c.service.hold(c.check, c.rollout); d != c.deadline || h != c.hold {
				t.Errorf("deadline %s, hold %s; want %s, %s", d, h, c.deadline, c.hold)
			}
		})
	}
	own := &container.HealthConfig{Retries: 9}
	if m := merge(own, check); m.Retries != 9 || m.Interval != 2*time.Second || len(m.Test) != 2 {
		t.Errorf("merged %+v", m)
	}
	if checked(&container.HealthConfig{Test: []string{"NONE"}}) != nil {
		t.Error("NONE is no health check")
	}
}

func TestWhatRemainsOfAnInterruptedRaise(t *testing.T) {
	slots := cluster{[]swarm.Node{node("n1", swarm.NodeStateReady, 0)}, []swarm.Task{
		task("a", 1, run, run, 0),
		task("b", 2, swarm.TaskStateStarting, run, 0),
		task("c", 3, swarm.TaskStatePreparing, run, 0),
		task("d", 4, pending, run, 0, on(""), err("no suitable node")),
		task("e", 5, delayed, delayed, 0),
	}}.slots("web")
	if early, late := remaining(slots, false), remaining(slots, true); early != 4 || late != 1 {
		t.Errorf("%d may stay, and %d beyond the deadline; want 4 and 1", early, late)
	}
}

func TestWithAnotherNumber(t *testing.T) {
	inspected := `{"ID":"x","Spec":{"Name":"web","Mode":{"Replicated":{"Replicas":1}},"Future":{"a":[1,"<b>"]},"TaskTemplate":{"ContainerSpec":{"Image":"web"}}},"Endpoint":{}}`
	got, err := with([]byte(inspected), 3)
	if err != nil {
		t.Fatal(err)
	}
	var was struct{ Spec map[string]any }
	var is map[string]any
	if err := json.Unmarshal([]byte(strings.Replace(inspected, `"Replicas":1`, `"Replicas":3`, 1)), &was); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(got, &is); err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(was.Spec)
	b, _ := json.Marshal(is)
	if string(a) != string(b) {
		t.Errorf("got  %s\nwant %s", b, a)
	}
}
