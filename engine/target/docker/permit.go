package docker

import (
	"context"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// The calls of the client that change something, each after May was asked. There are no others: a driver that needs one
// adds it here, which a test holds it to.

// ContainerCreate is the client's.
func (e *Engine) ContainerCreate(ctx context.Context, c *container.Config, host *container.HostConfig, n *network.NetworkingConfig, platform *ocispec.Platform, name string) (container.CreateResponse, error) {
	if err := e.Ask(ctx); err != nil {
		return container.CreateResponse{}, err
	}
	return e.Client.ContainerCreate(ctx, c, host, n, platform, name)
}

// NetworkConnect is the client's.
func (e *Engine) NetworkConnect(ctx context.Context, name, id string, n *network.EndpointSettings) error {
	return e.permitted(ctx, func(c *client.Client) error { return c.NetworkConnect(ctx, name, id, n) })
}

// ContainerStart is the client's.
func (e *Engine) ContainerStart(ctx context.Context, id string, o container.StartOptions) error {
	return e.permitted(ctx, func(c *client.Client) error { return c.ContainerStart(ctx, id, o) })
}

// ContainerStop is the client's.
func (e *Engine) ContainerStop(ctx context.Context, id string, o container.StopOptions) error {
	return e.permitted(ctx, func(c *client.Client) error { return c.ContainerStop(ctx, id, o) })
}

// ContainerRemove is the client's.
func (e *Engine) ContainerRemove(ctx context.Context, id string, o container.RemoveOptions) error {
	return e.permitted(ctx, func(c *client.Client) error { return c.ContainerRemove(ctx, id, o) })
}

// ContainerExecCreate is the client's.
func (e *Engine) ContainerExecCreate(ctx context.Context, id string, o container.ExecOptions) (container.ExecCreateResponse, error) {
	if err := e.Ask(ctx); err != nil {
		return container.ExecCreateResponse{}, err
	}
	return e.Client.ContainerExecCreate(ctx, id, o)
}

func (e *Engine) permitted(ctx context.Context, call func(*client.Client) error) error {
	if err := e.Ask(ctx); err != nil {
		return err
	}
	return call(e.Client)
}

// Ask asks May, for calls that do not go through the client.
func (e *Engine) Ask(ctx context.Context) error {
	if e.May == nil {
		return nil
	}
	return e.May(ctx)
}
