package swarm

import (
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/swarm"
)

func named(name, stack string) swarm.Service {
	s := swarm.Service{ID: name}
	s.Spec.Name = name
	s.Spec.Labels = map[string]string{}
	if stack != "" {
		s.Spec.Labels[stackLabel] = stack
	}
	return s
}

func TestPick(t *testing.T) {
	all := []swarm.Service{named("shop_web", "shop"), named("shop_db", "shop"), named("blog_db", "blog"), named("alone", ""), named("odd_web", "")}
	for name, c := range map[string]struct {
		all           []swarm.Service
		service       string
		stack         string
		found, errors string
	}{
		"by stack":                          {all, "web", "shop", "shop_web", ""},
		"the only stack that has it":        {all, "web", "", "shop_web", ""},
		"by its full name":                  {all, "shop_db", "", "shop_db", ""},
		"without a stack":                   {all, "alone", "", "alone", ""},
		"in several stacks":                 {all, "db", "", "", "is in several stacks: blog, shop; name one in target.project"},
		"not in the stack":                  {all[:2], "api", "shop", "", "stack shop has no service api; it has: shop_db, shop_web"},
		"no such stack":                     {nil, "web", "gone", "", "docker stack deploy"},
		"nowhere":                           {all, "api", "", "", "there are: alone, blog_db, odd_web, shop_db, shop_web"},
		"nothing at all":                    {nil, "api", "", "", "the swarm has no services"},
		"a plain one is not found by stack": {all[3:4], "alone", "shop", "", "stack shop has no service alone"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := pick(c.all, c.service, c.stack)
			if missing := c.errors != "" && !strings.Contains(c.errors, "several"); isGone(err) != missing {
				t.Errorf("gone: %t, want %t: %v", !missing, missing, err)
			}
			switch {
			case c.errors != "" && (err == nil || !strings.Contains(err.Error(), c.errors)):
				t.Errorf("error %v, want %q", err, c.errors)
			case c.errors == "" && (err != nil || s.Spec.Name != c.found):
				t.Errorf("found %q, %v; want %q", s.Spec.Name, err, c.found)
			}
		})
	}
	if s := (service{all[0]}); s.name() != "web" || s.stack() != "shop" {
		t.Errorf("stack %q, name %q", s.stack(), s.name())
	}
}

func TestScalable(t *testing.T) {
	n := uint64(3)
	for name, c := range map[string]struct {
		mode     swarm.ServiceMode
		replicas int
		refused  string
	}{
		"replicated":     {swarm.ServiceMode{Replicated: &swarm.ReplicatedService{Replicas: &n}}, 3, ""},
		"no number":      {swarm.ServiceMode{Replicated: &swarm.ReplicatedService{}}, 1, ""},
		"global":         {swarm.ServiceMode{Global: &swarm.GlobalService{}}, 1, "is global"},
		"replicated job": {swarm.ServiceMode{ReplicatedJob: &swarm.ReplicatedJob{}}, 1, "is a job"},
		"global job":     {swarm.ServiceMode{GlobalJob: &swarm.GlobalJob{}}, 1, "is a job"},
	} {
		t.Run(name, func(t *testing.T) {
			s := service{named("web", "")}
			s.Spec.Mode = c.mode
			err := s.scalable()
			if (err != nil) != (c.refused != "") || err != nil && !strings.Contains(err.Error(), c.refused) {
				t.Errorf("refused: %v, want %q", err, c.refused)
			}
			if s.replicas() != c.replicas {
				t.Errorf("%d replicas, want %d", s.replicas(), c.replicas)
			}
		})
	}
}

func TestRollout(t *testing.T) {
	for state, want := range map[swarm.UpdateState]string{
		swarm.UpdateStateUpdating:          "is updating",
		swarm.UpdateStatePaused:            "docker service rollback web",
		swarm.UpdateStateRollbackStarted:   "rolling service web back",
		swarm.UpdateStateRollbackPaused:    "docker service update --force web",
		swarm.UpdateStateCompleted:         "",
		swarm.UpdateStateRollbackCompleted: "",
	} {
		s := service{named("web", "")}
		s.UpdateStatus = &swarm.UpdateStatus{State: state}
		if got := s.rollout(); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q, want %q", state, got, want)
		}
	}
}

func TestCapped(t *testing.T) {
	c := cluster{nodes: []swarm.Node{node("n1", swarm.NodeStateReady, 0), node("n2", swarm.NodeStateReady, 0), node("n3", swarm.NodeStateDown, 0)}}
	for name, limit := range map[string]struct {
		perNode  uint64
		to, want int
	}{
		"no limit": {0, 9, 9},
		"within":   {2, 4, 4},
		"beyond":   {2, 5, 4},
	} {
		t.Run(name, func(t *testing.T) {
			s := service{named("web", "")}
			s.Spec.TaskTemplate.Placement = &swarm.Placement{MaxReplicas: limit.perNode}
			to, why := s.capped(c, limit.to)
			if to != limit.want || (why == "") != (to == limit.to) {
				t.Errorf("cut to %d: %q", to, why)
			}
		})
	}
}

func TestReadings(t *testing.T) {
	for full, want := range map[string][][2]string{
		"":          nil,
		"web":       {{"", "web"}},
		"shop_web":  {{"", "shop_web"}, {"shop", "web"}},
		"my_shop_w": {{"", "my_shop_w"}, {"my", "shop_w"}, {"my_shop", "w"}},
		"_web_":     {{"", "_web_"}},
	} {
		if got := readings(full); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", full, got, want)
		}
	}
}
