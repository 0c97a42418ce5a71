package swarm

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"

	"github.com/flyball-dev/flyball/engine/target/docker"
)

// Every call has a deadline of its own: an engine that hangs holds up one order, not the daemon.
const (
	readDeadline  = 10 * time.Second
	writeDeadline = time.Minute
	logDeadline   = 3 * time.Second // a task's log comes from its node, which may be gone
)

// services lists the services, all or those of a stack.
func (t *Target) services(ctx context.Context, stack string) ([]swarm.Service, error) {
	ctx, cancel := context.WithTimeout(ctx, readDeadline)
	defer cancel()
	if err := t.docker.Settle(ctx); err != nil {
		return nil, t.explain(docker.ListServices, "list services", err)
	}
	args := filters.NewArgs()
	if stack != "" {
		args.Add("label", stackLabel+"="+stack)
	}
	found, err := t.docker.ServiceList(ctx, swarm.ServiceListOptions{Filters: args})
	return found, t.explain(docker.ListServices, "list services", err)
}

// inspect looks at one service, and answers beside it the definition as the engine wrote it.
func (t *Target) inspect(ctx context.Context, id string) (service, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, readDeadline)
	defer cancel()
	s, raw, err := t.docker.ServiceInspectWithRaw(ctx, id, swarm.ServiceInspectOptions{})
	return service{s}, raw, t.explain(docker.InspectService, "inspect service "+id, err)
}

// cluster looks at the nodes, and at the tasks that the swarm means to run.
func (t *Target) cluster(ctx context.Context) (cluster, error) {
	meant := filters.NewArgs(filters.Arg("desired-state", "running"), filters.Arg("desired-state", "ready"))
	return t.look(ctx, meant)
}

// history looks at the nodes, and at all tasks of a service that the swarm still knows, ended ones too.
func (t *Target) history(ctx context.Context, s service) (cluster, error) {
	return t.look(ctx, filters.NewArgs(filters.Arg("service", s.ID)))
}

func (t *Target) look(ctx context.Context, which filters.Args) (cluster, error) {
	ctx, cancel := context.WithTimeout(ctx, readDeadline)
	defer cancel()
	nodes, err := t.docker.NodeList(ctx, swarm.NodeListOptions{})
	if err != nil {
		return cluster{}, t.explain(docker.ListNodes, "list nodes", err)
	}
	tasks, err := t.docker.TaskList(ctx, swarm.TaskListOptions{Filters: which})
	return cluster{nodes, tasks}, t.explain(docker.ListTasks, "list tasks", err)
}

// check is the health check of a service's tasks; nil: none. Where the service has none of its own the image's counts, as
// far as this engine has the image: otherwise the tasks pass for unchecked, and must run for minReady.
func (t *Target) check(ctx context.Context, s service) *container.HealthConfig {
	spec := s.Spec.TaskTemplate.ContainerSpec
	if spec == nil {
		return nil
	}
	own := spec.Healthcheck
	if own != nil && len(own.Test) > 0 {
		return checked(own)
	}
	ctx, cancel := context.WithTimeout(ctx, readDeadline)
	defer cancel()
	image, err := t.docker.ImageInspect(ctx, spec.Image)
	if err != nil || image.Config == nil || image.Config.Healthcheck == nil {
		return nil
	}
	given := image.Config.Healthcheck
	return checked(merge(own, &container.HealthConfig{
		Test: given.Test, Interval: given.Interval, Timeout: given.Timeout, StartPeriod: given.StartPeriod, Retries: given.Retries,
	}))
}

// explain puts an error into flyball's words.
func (t *Target) explain(call docker.Call, doing string, err error) error {
	if errdefs.IsUnavailable(err) && strings.Contains(err.Error(), "not a swarm manager") {
		return fmt.Errorf("%s: the Docker engine at %s is not a swarm manager; make it one with `docker swarm init`, or name a manager in DOCKER_HOST: %w", doing, t.docker.DaemonHost(), err)
	}
	return t.docker.Explain(call, doing, err)
}
