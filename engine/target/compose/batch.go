package compose

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/versions"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

// batch is the clones of one order, made side by side.
type batch struct {
	target  *Target
	order   engine.Order
	service service
	plan    clone
	files   []byte       // copied into each before it starts; empty: none
	heard   bool         // the engine tells when others are at the service
	number  atomic.Int64 // the last one given away
	stop    context.CancelCauseFunc
}

// cloning looks the template over and refuses what can't be cloned.
func (t *Target) cloning(ctx context.Context, s service, o engine.Order, heard bool) (*batch, error) {
	current, err := t.inspectAll(ctx, s.current())
	if err != nil {
		return nil, err
	}
	from, err := template(current, s.revision(), time.Now(), o.Policy.Rollout.MinReady)
	if err != nil {
		return nil, fmt.Errorf("service %s: %w", s.name, err)
	}
	c := *from.detail
	p, err := plan(c)
	if err != nil {
		return nil, fmt.Errorf("service %s can't have more replicas: %w", s.name, err)
	}
	if p.config.Image, err = t.image(ctx, c); err != nil {
		return nil, fmt.Errorf("service %s: %w", s.name, err)
	}
	files, err := t.injected(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("service %s: %w", s.name, err)
	}
	b := &batch{target: t, order: o, service: s, plan: p, files: files, heard: heard}
	b.number.Store(int64(s.highest()))
	return b, nil
}

// template chooses what to clone: of the newest revision, ready if there is one, made by compose rather than a clone.
func template(current []replica, revision string, now time.Time, minReady time.Duration) (replica, error) {
	var best replica
	for _, r := range current {
		if r.detail == nil || r.state == container.StatePaused || r.revision != revision {
			continue
		}
		switch {
		case best.id == "",
			r.ready(now, minReady) && !best.ready(now, minReady),
			r.ready(now, minReady) == best.ready(now, minReady) && r.event == "" && best.event != "":
			best = r
		}
	}
	if best.id == "" {
		return replica{}, errors.New("no replica of its newest configuration runs, and a new one is a clone of one; start it with `docker compose up -d`")
	}
	return best, nil
}

// image is how to name the template's image: by its name while that still means the same image, else by the id, so that
// all replicas run one version.
func (t *Target) image(ctx context.Context, c container.InspectResponse) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, readDeadline)
	defer cancel()
	named, err := t.docker.ImageInspect(ctx, c.Config.Image)
	if err == nil && named.ID == c.Image {
		return c.Config.Image, nil
	}
	if err != nil && !errdefs.IsNotFound(err) {
		return "", t.docker.Explain(docker.InspectImage, "inspect image "+c.Config.Image, err)
	}
	_, err = t.docker.ImageInspect(ctx, c.Image)
	if errdefs.IsNotFound(err) {
		return "", fmt.Errorf("image %s (%s) of its replicas is gone from the engine; build or pull it, then recreate the service with `docker compose up -d` or, to keep those that run, %s: %w", c.Config.Image, c.Image, fallback, err)
	}
	return c.Image, t.docker.Explain(docker.InspectImage, "inspect image "+c.Image, err)
}

// add clones side by side. Where a container of the service has stopped that may be the beginning of a `docker compose
// down`, and where the engine tells no events nothing would report one: then one after the other, for what starts in the
// middle of that may keep a network from being removed.
func (b *batch) add(ctx context.Context, n int, stop context.CancelCauseFunc) []newReplica {
	b.stop = stop
	atOnce := sideBySide
	if !b.heard || len(b.service.current()) < len(b.service.replicas) {
		atOnce = 1
	}
	replicas := make([]newReplica, n)
	atMost(atOnce, n, func(i int) { replicas[i] = b.one(ctx) })
	return replicas
}

// one creates one replica, starts it and waits until it is ready.
func (b *batch) one(ctx context.Context) newReplica {
	var r newReplica
	if r.id, r.name, r.err = b.create(ctx); r.err == nil {
		if r.err = b.start(ctx, r.id); r.err == nil {
			r.err = b.target.await(ctx, r.id, b.order.Policy.Rollout)
		}
	}
	if r.err == nil {
		return r
	}
	// The place that something of this batch needs is gone: the others would fail too, or block its removal.
	if errdefs.IsNotFound(r.err) {
		b.stop(r.err)
	}
	if ctx.Err() != nil {
		r.err = fmt.Errorf("was given up: %w", context.Cause(ctx))
	} else if r.id != "" {
		r.log = b.target.evidence(ctx, r.id)
	}
	return r
}

// tries is how many numbers are tried where a name is taken by a container that is not the service's, or on its way out.
const tries = 5

func (b *batch) create(ctx context.Context) (id, name string, err error) {
	t := b.target
	oneNetwork := versions.LessThan(t.docker.ClientVersion(), "1.44")
	for range tries {
		var config *container.Config
		var host *container.HostConfig
		name, config, host = b.plan.create(int(b.number.Add(1)), b.order.Event)
		first, rest := b.plan.join(name, oneNetwork)
		id, err = t.create(ctx, name, config, host, first)
		if errdefs.IsConflict(err) {
			continue
		}
		if err != nil {
			return "", name, err
		}
		for _, key := range slices.Sorted(maps.Keys(rest)) { // the same in each clone: it names the interfaces
			if err := t.connect(ctx, key, id, rest[key]); err != nil {
				return id, name, err
			}
		}
		return id, name, nil
	}
	return "", name, err
}

func (t *Target) create(ctx context.Context, name string, config *container.Config, host *container.HostConfig, networks map[string]*network.EndpointSettings) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, writeDeadline)
	defer cancel()
	made, err := t.docker.ContainerCreate(ctx, config, host, &network.NetworkingConfig{EndpointsConfig: networks}, nil, name)
	return made.ID, t.docker.Explain(docker.CreateContainer, "create container "+name, err)
}

func (t *Target) connect(ctx context.Context, networkName, id string, endpoint *network.EndpointSettings) error {
	ctx, cancel := context.WithTimeout(ctx, writeDeadline)
	defer cancel()
	return t.docker.Explain(docker.ConnectNetwork, "connect to network "+networkName, t.docker.NetworkConnect(ctx, networkName, id, endpoint))
}

// start puts the inline configs and secrets in their place and starts the container.
func (b *batch) start(ctx context.Context, id string) error {
	t := b.target
	ctx, cancel := context.WithTimeout(ctx, writeDeadline)
	defer cancel()
	if len(b.files) > 0 {
		err := t.docker.CopyToContainer(ctx, id, "/", bytes.NewReader(b.files), container.CopyToContainerOptions{})
		if err != nil {
			return t.unread(docker.WriteFiles, "copy inline configs and secrets", err)
		}
	}
	err := t.docker.ContainerStart(ctx, id, container.StartOptions{})
	if err != nil && portTaken(err) {
		return fmt.Errorf("no host port is free in the published range; publish a wider one: %w", err)
	}
	return t.docker.Explain(docker.StartContainer, "start", err)
}

// portTaken: the engine has no type for this, it is one of many internal errors.
func portTaken(err error) bool {
	text := err.Error()
	return strings.Contains(text, "port is already allocated") ||
		strings.Contains(text, "address already in use") ||
		strings.Contains(text, "all ports are allocated")
}
