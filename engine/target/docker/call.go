package docker

import (
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

// Call is one thing that flyball asks of an engine: a method, and a path without its version, in which {id} and {name}
// stand for what varies.
type Call string

// These are all. What flyball calls must be here, or those who allow an engine's calls one by one would not know of it.
const (
	HeadPing         Call = "HEAD /_ping"
	GetPing          Call = "GET /_ping"
	GetVersion       Call = "GET /version"
	GetInfo          Call = "GET /info"
	HearEvents       Call = "GET /events"
	ListContainers   Call = "GET /containers/json"
	InspectContainer Call = "GET /containers/{id}/json"
	ReadStats        Call = "GET /containers/{id}/stats"
	ReadLog          Call = "GET /containers/{id}/logs"
	ListChanges      Call = "GET /containers/{id}/changes"
	LookAtFile       Call = "HEAD /containers/{id}/archive"
	ReadFile         Call = "GET /containers/{id}/archive"
	WriteFiles       Call = "PUT /containers/{id}/archive"
	CreateContainer  Call = "POST /containers/create"
	ConnectNetwork   Call = "POST /networks/{name}/connect"
	StartContainer   Call = "POST /containers/{id}/start"
	StopContainer    Call = "POST /containers/{id}/stop"
	RemoveContainer  Call = "DELETE /containers/{id}"
	CreateExec       Call = "POST /containers/{id}/exec"
	StartExec        Call = "POST /exec/{id}/start"
	InspectExec      Call = "GET /exec/{id}/json"
	InspectImage     Call = "GET /images/{name}/json"
	ListServices     Call = "GET /services"
	InspectService   Call = "GET /services/{id}"
	UpdateService    Call = "POST /services/{id}/update"
	ListNodes        Call = "GET /nodes"
	ListTasks        Call = "GET /tasks"
	ReadTaskLog      Call = "GET /tasks/{id}/logs"
)

// Parts are its method and its path.
func (c Call) Parts() (method, path string) {
	method, path, _ = strings.Cut(string(c), " ")
	return method, path
}

// Need is a call that policies of some drivers take.
type Need struct {
	Call    Call
	Drivers []string
	For     string // what it is for
	When    string // which policies take it; empty: all of these drivers
	Without string // what is lost where it is not allowed; empty: the policies that take it can't do without

	by func(engine.Policy) bool // nil: all of these drivers
}

// Of says whether a policy takes the call.
func (n Need) Of(p engine.Policy) bool {
	return slices.Contains(n.Drivers, p.Target.Driver) && (n.by == nil || n.by(p))
}

// Needs are all calls that flyball makes, by what they are for. Where new replicas are docker compose's to make (driver
// compose-cli), that makes calls of its own beside these.
func Needs() []Need {
	cloning, compose, swarm := []string{"compose"}, []string{"compose", "compose-cli"}, []string{"swarm"}
	every := slices.Concat(compose, swarm)
	const hooks, measured = "`rollout.drain.exec`", "metrics of source `system`"
	return []Need{
		{Call: GetPing, Drivers: every, For: "agree on the version of the API"},
		{Call: HeadPing, Drivers: every, For: "the same", Without: "nothing but a call: `GET /_ping` is made in its place"},
		{Call: GetVersion, Drivers: every, For: "`flyball doctor` names the engine", Without: "the version in `flyball doctor`"},
		{Call: HearEvents, Drivers: every, For: "hear what others do to the service", Without: "it is noticed at the next evaluation only, and new replicas of compose start one after the other"},
		{Call: ReadStats, Drivers: every, For: "CPU, memory and network of replicas", Without: "metrics of source `system`, and what a replica without a memory limit takes, where flyball can't read the kernel's files (in a container it can't)"},
		{Call: GetInfo, Drivers: every, For: "memory of the engine's host", When: "a `memory` metric", by: measures("memory"), Without: "metric `memory` of replicas that have no limit"},

		{Call: ListContainers, Drivers: compose, For: "find the replicas"},
		{Call: InspectContainer, Drivers: compose, For: "look at a replica: settings, state, health"},
		{Call: InspectImage, Drivers: cloning, For: "give new replicas the image of the others"},
		{Call: ListChanges, Drivers: cloning, For: "find inline configs and secrets"},
		{Call: LookAtFile, Drivers: cloning, For: "the same"},
		{Call: ReadFile, Drivers: cloning, For: "copy inline configs and secrets", Without: "services that have some get no new replicas"},
		{Call: CreateContainer, Drivers: cloning, For: "make a new replica"},
		{Call: WriteFiles, Drivers: cloning, For: "copy inline configs and secrets", Without: "services that have some get no new replicas"},
		{Call: ConnectNetwork, Drivers: cloning, For: "join the second network and further ones, on engines older than 25", Without: "services on several networks get no new replicas there"},
		{Call: StartContainer, Drivers: cloning, For: "start a new replica"},
		{Call: CreateExec, Drivers: compose, For: "run the drain hook", When: hooks, by: drains},
		{Call: StartExec, Drivers: compose, For: "the same", When: hooks, by: drains},
		{Call: InspectExec, Drivers: compose, For: "how the hook ended", When: hooks, by: drains},
		{Call: StopContainer, Drivers: compose, For: "end a replica"},
		{Call: RemoveContainer, Drivers: compose, For: "remove a replica that has ended, or did not become ready"},
		{Call: ReadLog, Drivers: compose, For: "why a new replica failed", Without: "its log in the event"},

		{Call: ListServices, Drivers: swarm, For: "find the service"},
		{Call: InspectService, Drivers: swarm, For: "look at it"},
		{Call: ListNodes, Drivers: swarm, For: "which nodes are there, and their memory"},
		{Call: ListTasks, Drivers: swarm, For: "find the replicas"},
		{Call: UpdateService, Drivers: swarm, For: "set the number of replicas"},
		{Call: InspectImage, Drivers: swarm, For: "the health check of the image", Without: "it is not known: where the service has none of its own a task is ready once it has run for `rollout.minReady`"},
		{Call: InspectContainer, Drivers: swarm, For: "limits and restarts of a replica", When: measured, by: measures("cpu", "network", "restarts"), Without: "metrics `cpu` and `restarts`"},
		{Call: ReadTaskLog, Drivers: swarm, For: "why a new replica failed", Without: "its log in the event, where it runs on another node"},
		{Call: ReadLog, Drivers: swarm, For: "the same, where the node keeps the log to itself", Without: "its log in the event, where the log driver can't be read from afar"},
	}
}

func drains(p engine.Policy) bool { return len(p.Rollout.Drain.Exec) > 0 }

// measures says of a policy whether it has the engine's word for a metric of one of the types.
func measures(types ...string) func(engine.Policy) bool {
	return func(p engine.Policy) bool {
		return slices.ContainsFunc(p.Metrics, func(m engine.Metric) bool {
			return m.Source == "system" && slices.Contains(types, m.Type)
		})
	}
}
