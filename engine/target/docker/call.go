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
	const hook, system = "rollout.drain.exec", "metrics of source system"
	return []Need{
		{Call: GetPing, Drivers: every, For: "agree on the version of the API"},
		{Call: HeadPing, Drivers: every, For: "ask for that by a shorter answer", Without: "nothing: GET /_ping is asked in its place"},
		{Call: GetVersion, Drivers: every, For: "name the engine in flyball doctor", Without: "its version there"},
		{Call: HearEvents, Drivers: every, For: "hear what others do to the service", Without: "it is noticed at the next evaluation only, and new replicas of compose start one after the other"},
		{Call: ReadStats, Drivers: every, For: "measure CPU, memory and network of replicas", Without: system + ", and what a replica without a memory limit takes, where flyball can't read the kernel's files (in a container it can't)"},
		{Call: GetInfo, Drivers: every, For: "know the memory of the engine's host", When: "metrics of type memory", by: measures("memory"), Without: "the metric memory of replicas without a limit"},

		{Call: ListContainers, Drivers: compose, For: "find the replicas"},
		{Call: InspectContainer, Drivers: compose, For: "see settings, state and health of a replica"},
		{Call: InspectImage, Drivers: cloning, For: "give new replicas the image of the others"},
		{Call: ListChanges, Drivers: cloning, For: "find inline configs and secrets"},
		{Call: LookAtFile, Drivers: cloning, For: "tell these from files that the replica wrote"},
		{Call: ReadFile, Drivers: cloning, For: "read inline configs and secrets", Without: "new replicas of services that have some"},
		{Call: CreateContainer, Drivers: cloning, For: "make a new replica"},
		{Call: WriteFiles, Drivers: cloning, For: "give it inline configs and secrets", Without: "new replicas of services that have some"},
		{Call: ConnectNetwork, Drivers: cloning, For: "join further networks, on engines older than 25", Without: "new replicas of services on several networks, there"},
		{Call: StartContainer, Drivers: cloning, For: "start a new replica"},
		{Call: CreateExec, Drivers: compose, For: "prepare the drain hook", When: hook, by: drains},
		{Call: StartExec, Drivers: compose, For: "run the drain hook", When: hook, by: drains},
		{Call: InspectExec, Drivers: compose, For: "see how the drain hook ended", When: hook, by: drains},
		{Call: StopContainer, Drivers: compose, For: "stop a replica"},
		{Call: RemoveContainer, Drivers: compose, For: "remove a replica that was stopped, or did not become ready"},
		{Call: ReadLog, Drivers: compose, For: "tell why a new replica failed", Without: "its log in the event"},

		{Call: ListServices, Drivers: swarm, For: "find the service"},
		{Call: InspectService, Drivers: swarm, For: "see the service and its version"},
		{Call: ListNodes, Drivers: swarm, For: "know the nodes, and their memory"},
		{Call: ListTasks, Drivers: swarm, For: "find the replicas"},
		{Call: UpdateService, Drivers: swarm, For: "set the number of replicas"},
		{Call: InspectImage, Drivers: swarm, For: "know the health check of the image", Without: "that check: where the service has none of its own, a replica is ready once it has run for rollout.minReady"},
		{Call: InspectContainer, Drivers: swarm, For: "know limits and restarts of a replica", When: system, by: measures("cpu", "network", "restarts"), Without: "the metrics cpu and restarts"},
		{Call: ReadTaskLog, Drivers: swarm, For: "tell why a new replica failed", Without: "its log in the event, where it ran on another node"},
		{Call: ReadLog, Drivers: swarm, For: "tell that where its node alone has the log", Without: "its log in the event, where the log driver can't be read from afar"},
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
