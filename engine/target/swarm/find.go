package swarm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/swarm"

	"github.com/flyball-dev/flyball/engine"
)

const (
	stackLabel   = "com.docker.stack.namespace"
	protectLabel = "flyball.protect" // set to true by a user: never removed
)

// service is a replicated service, as the swarm describes it.
type service struct{ swarm.Service }

// version is that of the definition. The swarm raises it with every change.
func (s service) version() string { return strconv.FormatUint(s.Version.Index, 10) }

// replicas is how many the definition asks for, which is not how many run.
func (s service) replicas() int {
	if r := s.Spec.Mode.Replicated; r != nil && r.Replicas != nil {
		return int(*r.Replicas)
	}
	return 1
}

func (s service) stack() string { return s.Spec.Labels[stackLabel] }

// name is what its stack calls the service.
func (s service) name() string { return strings.TrimPrefix(s.Spec.Name, s.stack()+"_") }

// protected says that the service's replicas must stay. All replicas of a service are alike, and have the same labels.
func (s service) protected() bool {
	c := s.Spec.TaskTemplate.ContainerSpec
	return s.Spec.Labels[protectLabel] == "true" || c != nil && c.Labels[protectLabel] == "true"
}

// find is the policy's service.
func (t *Target) find(ctx context.Context, p engine.Policy) (service, error) {
	found, err := t.services(ctx, p.Target.Project)
	if err != nil {
		return service{}, err
	}
	s, err := pick(found, p.Service, p.Target.Project)
	if err != nil {
		return service{}, err
	}
	return s, s.scalable()
}

// pick finds a service by the name that its stack uses. Without a stack it is the service of just that name, else that of
// the only stack that has it.
func pick(all []swarm.Service, name, stack string) (service, error) {
	var names, stacks []string
	var found service
	for _, s := range all {
		of := s.Spec.Labels[stackLabel]
		switch {
		case stack == "" && s.Spec.Name == name:
			return service{s}, nil
		case of != "" && (stack == "" || of == stack) && s.Spec.Name == of+"_"+name:
			stacks, found = append(stacks, of), service{s}
		}
		names = append(names, s.Spec.Name)
	}
	slices.Sort(names)
	slices.Sort(stacks)
	switch {
	case len(stacks) == 1:
		return found, nil
	case len(stacks) > 1:
		return service{}, fmt.Errorf("service %s is in several stacks: %s; name one in target.project of the policy", name, strings.Join(stacks, ", "))
	case stack != "" && len(names) == 0:
		return service{}, gone("stack %s has no services; deploy it with `docker stack deploy`", stack)
	case stack != "":
		return service{}, gone("stack %s has no service %s; it has: %s", stack, name, strings.Join(names, ", "))
	case len(names) == 0:
		return service{}, gone("service %s: the swarm has no services; deploy a stack with `docker stack deploy`", name)
	}
	return service{}, gone("the swarm has no service %s; there are: %s", name, strings.Join(names, ", "))
}

// gone is an engine.Gone of these words.
func gone(format string, args ...any) error { return engine.Gone(fmt.Sprintf(format, args...)) }

// isGone says that the policy's service does not exist.
func isGone(err error) bool {
	_, is := errors.AsType[engine.Gone](err)
	return is
}

// scalable refuses services that have no number of replicas.
func (s service) scalable() error {
	switch mode := s.Spec.Mode; {
	case mode.Global != nil:
		return fmt.Errorf("service %s is global: it has one task on each node, and no number to change; scale a replicated service", s.Spec.Name)
	case mode.ReplicatedJob != nil, mode.GlobalJob != nil:
		return fmt.Errorf("service %s is a job: its tasks run to their end; scale a replicated service", s.Spec.Name)
	}
	return nil
}

// rollout says why the service must be left alone: any change of it starts a rollout anew, even one that is paused.
func (s service) rollout() string {
	if s.UpdateStatus == nil {
		return ""
	}
	name, why := s.Spec.Name, s.UpdateStatus.Message
	switch s.UpdateStatus.State {
	case swarm.UpdateStateUpdating:
		return fmt.Sprintf("swarm is updating service %s", name)
	case swarm.UpdateStatePaused:
		return fmt.Sprintf("the update of service %s is paused: %s; take it back with `docker service rollback %s`, or mend and repeat it", name, why, name)
	case swarm.UpdateStateRollbackStarted:
		return fmt.Sprintf("swarm is rolling service %s back: %s", name, why)
	case swarm.UpdateStateRollbackPaused:
		return fmt.Sprintf("the rollback of service %s is paused: %s; mend it and run `docker service update --force %s`", name, why, name)
	}
	return ""
}

// waits says why fewer replicas have a place than the service is set to; empty: none waits. The tasks beyond a number that
// was just lowered are still there for a moment, and wait for nothing.
func (s service) waits(count int, why string) string {
	if why == "" || count >= s.replicas() {
		return ""
	}
	return fmt.Sprintf("service %s is set to %d replicas, and %d have a place: %s", s.Spec.Name, s.replicas(), count, why)
}
