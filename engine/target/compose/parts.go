package compose

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"

	"github.com/flyball-dev/flyball/engine/target/docker"
)

// fixedAddresses has an error for each address that the user wrote.
func fixedAddresses(c container.InspectResponse) []error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.NetworkSettings.Networks)) {
		ipam := c.NetworkSettings.Networks[name].IPAMConfig
		if ipam == nil {
			continue
		}
		for key, address := range map[string]string{"ipv4_address": ipam.IPv4Address, "ipv6_address": ipam.IPv6Address} {
			if address != "" {
				errs = append(errs, fmt.Errorf("address %s on network %s is fixed, and two replicas can't share it; remove %s", address, name, key))
			}
		}
	}
	return errs
}

// endpoints keep of each network what was asked for, and leave what the engine found for this one container: addresses,
// ids, the MAC address.
func endpoints(c container.InspectResponse) map[string]network.EndpointSettings {
	name := strings.TrimPrefix(c.Name, "/")
	kept := map[string]network.EndpointSettings{}
	for key, e := range c.NetworkSettings.Networks {
		endpoint := network.EndpointSettings{Links: e.Links, DriverOpts: e.DriverOpts, GwPriority: e.GwPriority}
		if e.IPAMConfig != nil && len(e.IPAMConfig.LinkLocalIPs) > 0 {
			endpoint.IPAMConfig = &network.EndpointIPAMConfig{LinkLocalIPs: e.IPAMConfig.LinkLocalIPs}
		}
		for _, alias := range e.Aliases {
			if alias != name && alias != docker.Short(c.ID) {
				endpoint.Aliases = append(endpoint.Aliases, alias)
			}
		}
		kept[key] = endpoint
	}
	return kept
}

// join is what the replica with a name joins: at creation, and once created. Engines before API 1.44 take one network at
// creation, which is that of the network mode.
func (c clone) join(name string, onlyOne bool) (first, rest map[string]*network.EndpointSettings) {
	first, rest = map[string]*network.EndpointSettings{}, map[string]*network.EndpointSettings{}
	for key, e := range c.endpoints {
		// The engine's own networks (bridge, none) know no aliases.
		if c.host.NetworkMode.IsUserDefined() {
			e.Aliases = append([]string{name}, e.Aliases...)
		}
		if onlyOne && len(c.endpoints) > 1 && key != c.host.NetworkMode.NetworkName() {
			rest[key] = &e
			continue
		}
		first[key] = &e
	}
	return first, rest
}

// links turns what inspect shows, /db:/self/alias, into what create takes, db:alias.
func links(inspected []string) []string {
	var rewritten []string
	for _, link := range inspected {
		container, alias, _ := strings.Cut(link, ":")
		alias = alias[strings.LastIndex(alias, "/")+1:]
		rewritten = append(rewritten, strings.TrimPrefix(container, "/")+":"+alias)
	}
	return rewritten
}

// ownVolumes gives the clone anonymous volumes of its own: one that was kept when compose recreated the template shows
// as a volume named by its 64-digit id.
func ownVolumes(binds []string, mounts []mount.Mount) ([]string, []mount.Mount) {
	var keptBinds []string
	mounts = slices.Clone(mounts)
	for i, m := range mounts {
		if m.Type == mount.TypeVolume && isHex(m.Source, 64) {
			mounts[i].Source = ""
		}
	}
	for _, bind := range binds {
		source, rest, _ := strings.Cut(bind, ":")
		if !isHex(source, 64) {
			keptBinds = append(keptBinds, bind)
			continue
		}
		target, options, _ := strings.Cut(rest, ":")
		m := mount.Mount{Type: mount.TypeVolume, Target: target}
		for option := range strings.SplitSeq(options, ",") {
			switch option {
			case "ro":
				m.ReadOnly = true
			case "nocopy":
				m.VolumeOptions = &mount.VolumeOptions{NoCopy: true}
			}
		}
		mounts = append(mounts, m)
	}
	return keptBinds, mounts
}
