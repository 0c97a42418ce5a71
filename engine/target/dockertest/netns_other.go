//go:build !linux

package dockertest

import (
	"context"
	"net"
)

// Dial connects to an address as it is seen from the engine's network: such as that of a container.
func (e *Engine) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, address)
}
