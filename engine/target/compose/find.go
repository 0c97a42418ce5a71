package compose

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
)

// service is all containers of one compose service, stopped ones too.
type service struct {
	project  string
	name     string
	replicas []replica
}

// find lists the containers of the policy's service.
func (t *Target) find(ctx context.Context, p engine.Policy) (service, error) {
	project := cmp.Or(p.Target.Project, t.Project)
	labels := []string{oneoffLabel + "=False", hashLabel} // as compose itself tells replicas from what else it made
	if project != "" {
		labels = append(labels, projectLabel+"="+project)
	}
	found, err := t.list(ctx, labels...)
	if err != nil {
		return service{}, err
	}
	return pick(allListed(found), p.Service, project)
}

// look lists what there is of the policy's service, which may be nothing.
func (t *Target) look(ctx context.Context, p engine.Policy) (service, error) {
	labels := []string{oneoffLabel + "=False", serviceLabel + "=" + p.Service}
	project := cmp.Or(p.Target.Project, t.Project)
	if project != "" {
		labels = append(labels, projectLabel+"="+project)
	}
	found, err := t.list(ctx, labels...)
	if err != nil || len(found) == 0 {
		return service{}, err
	}
	return pick(allListed(found), p.Service, project)
}

// again lists the service once more.
func (t *Target) again(ctx context.Context, s service) (service, error) {
	found, err := t.list(ctx, s.labels()...)
	return service{project: s.project, name: s.name, replicas: allListed(found)}, err
}

func allListed(found []container.Summary) []replica {
	replicas := make([]replica, len(found))
	for i, c := range found {
		replicas[i] = listed(c)
	}
	return replicas
}

// pick finds the replicas of one service among all containers of compose. An empty project is the only one that has
// the service. Where there is none the error is engine.Gone.
func pick(all []replica, name, project string) (service, error) {
	s := service{project: project, name: name}
	projects, services := map[string]bool{}, map[string]bool{}
	for _, r := range all {
		services[r.service] = true
		if r.service == name {
			projects[r.project] = true
			s.project = r.project
			s.replicas = append(s.replicas, r)
		}
	}
	switch {
	case len(projects) > 1:
		return service{}, fmt.Errorf("service %s is in several compose projects: %s; name one in target.project of the policy or in COMPOSE_PROJECT_NAME", name, sorted(projects))
	case len(s.replicas) > 0:
		slices.SortFunc(s.replicas, func(a, b replica) int { return a.number - b.number })
		return s, nil
	case project != "" && len(services) == 0:
		return service{}, engine.Gone(fmt.Sprintf("compose project %s has no containers; start it with `docker compose -p %s up -d`", project, project))
	case project != "":
		return service{}, engine.Gone(fmt.Sprintf("compose project %s has no service %s; it has: %s", project, name, sorted(services)))
	case len(services) == 0:
		return service{}, engine.Gone(fmt.Sprintf("service %s: no compose project has containers here; start one with `docker compose up -d`", name))
	}
	return service{}, engine.Gone(fmt.Sprintf("no compose project has a service %s; there are: %s", name, sorted(services)))
}

func sorted(set map[string]bool) string {
	return strings.Join(slices.Sorted(maps.Keys(set)), ", ")
}
