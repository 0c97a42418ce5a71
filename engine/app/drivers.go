package app

import (
	"context"
	"errors"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/metrics/docker"
	"github.com/flyball-dev/flyball/engine/target/compose"
	"github.com/flyball-dev/flyball/engine/target/sim"
	"github.com/flyball-dev/flyball/engine/target/swarm"
)

// drivers are the targets, and the statistics of Docker's containers.
type drivers struct {
	compose   *compose.Target
	swarm     *swarm.Target
	simulated *sim.Target
	stats     *docker.Source
}

// connected makes the drivers; nothing is asked yet.
func connected(o Options, policies []engine.Policy) (drivers, error) {
	projects, err := compose.New(o.DockerHost, o.Log)
	if err != nil {
		return drivers{}, err
	}
	projects.Project = o.ComposeProject
	stacks, err := swarm.New(o.DockerHost, o.Log)
	if err != nil {
		return drivers{}, errors.Join(err, projects.Close())
	}
	stats, err := docker.New(o.DockerHost, o.Log)
	if err != nil {
		return drivers{}, errors.Join(err, projects.Close(), stacks.Close())
	}
	return drivers{projects, stacks, sim.New(time.Now, demoServices(policies)), stats}, nil
}

func (d drivers) close() error {
	return errors.Join(d.compose.Close(), d.swarm.Close(), d.stats.Close())
}

// ask has may asked before each call of theirs that changes something.
func (d drivers) ask(may func(context.Context) error) {
	d.compose.Ask(may)
	d.swarm.Ask(may)
}

func (d drivers) targets() map[string]control.Target {
	return map[string]control.Target{"compose": d.compose, "compose-cli": d.compose, "swarm": d.swarm, "sim": d.simulated}
}
