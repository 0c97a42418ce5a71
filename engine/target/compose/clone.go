package compose

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"

	"github.com/flyball-dev/flyball/engine/target/docker"
)

// fallback is named where cloning must refuse and docker compose need not.
const fallback = "set target.driver: compose-cli, by which docker compose makes the replicas"

// clone is what new replicas are created from: the template without what is its own.
type clone struct {
	prefix    string // of the name; the number follows
	config    container.Config
	host      container.HostConfig
	endpoints map[string]network.EndpointSettings // by network; the aliases lack the replica's own name
}

// plan makes a clone from an inspected template, or refuses: some containers can exist once only.
func plan(c container.InspectResponse) (clone, error) {
	config, host := *c.Config, *c.HostConfig
	name := strings.TrimPrefix(c.Name, "/")
	prefix, err := namePrefix(name, config.Labels)
	errs := []error{err}
	if config.Labels[oneoffLabel] != "False" {
		errs = append(errs, fmt.Errorf("%s is a one-off container, made by `docker compose run`", name))
	}
	if hook := config.Labels[hookLabel]; hook != "" {
		errs = append(errs, fmt.Errorf("%s is no replica: it was made to run the service's %s", name, hook))
	}
	if host.NetworkMode.IsHost() {
		errs = append(errs, errors.New("network_mode: host shares the host's ports, so a second replica can't listen; use a network of the project or, where it listens on no port, "+fallback))
	}
	if host.NetworkMode.IsContainer() {
		errs = append(errs, errors.New("network_mode: service shares the ports of another container, so a second replica can't listen; use a network of the project or, where it listens on no port, "+fallback))
	}
	//lint:ignore SA1019 the engine still fills it in, and it is the only trace of what the user wrote
	if config.MacAddress != "" {
		errs = append(errs, errors.New("mac_address is fixed, and two replicas can't share it; remove mac_address"))
	}
	errs = append(errs, fixedPorts(host.PortBindings)...)
	errs = append(errs, fixedAddresses(c)...)
	if err := errors.Join(errs...); err != nil {
		return clone{}, err
	}

	config.Labels = maps.Clone(config.Labels)
	delete(config.Labels, replaceLabel)
	delete(config.Labels, slugLabel)
	// A generated host name is the template's short id. With the host's UTS namespace the name is the host's.
	if config.Hostname == docker.Short(c.ID) || host.UTSMode.IsHost() {
		config.Hostname = ""
	}
	host.ContainerIDFile = ""
	host.Links = links(host.Links)
	host.Binds, host.Mounts = ownVolumes(host.Binds, host.Mounts)
	return clone{prefix: prefix, config: config, host: host, endpoints: endpoints(c)}, nil
}

// namePrefix is the name without its number. A name of another form was set with container_name.
func namePrefix(name string, labels map[string]string) (string, error) {
	for _, separator := range []string{"-", "_"} { // "_" in compose's compatibility mode
		prefix := labels[projectLabel] + separator + labels[serviceLabel] + separator
		if name == prefix+labels[numberLabel] {
			return prefix, nil
		}
	}
	return "", fmt.Errorf("container_name fixes the name %s, and two replicas can't share it; remove container_name", name)
}

// fixedPorts has an error for each binding to one host port. None, and a range that has more than one, are fine: the
// engine picks a free one.
func fixedPorts(ports nat.PortMap) []error {
	var errs []error
	for _, port := range slices.Sorted(maps.Keys(ports)) {
		for _, binding := range ports[port] {
			first, last, err := nat.ParsePortRange(binding.HostPort) // empty is an error: no port was asked for
			if err == nil && first != 0 && first == last {
				errs = append(errs, fmt.Errorf("host port %d is fixed, and two replicas can't share it; publish a range such as \"%d-%d:%s\", or leave the host port out", first, first, first+9, port.Port()))
			}
		}
	}
	return errs
}

// create is the request for the replica with a number.
func (c clone) create(number int, event string) (name string, config *container.Config, host *container.HostConfig) {
	fresh, machine := c.config, c.host
	fresh.Labels = maps.Clone(c.config.Labels)
	fresh.Labels[numberLabel] = strconv.Itoa(number)
	fresh.Labels[eventLabel] = event
	return c.prefix + strconv.Itoa(number), &fresh, &machine
}
