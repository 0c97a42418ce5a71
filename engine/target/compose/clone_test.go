package compose

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"
	"pgregory.net/rapid"
)

const (
	templateID = "aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899"
	volumeID   = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

// inspected is a container as compose makes it, after a change to it.
func inspected(change func(c *container.InspectResponse)) container.InspectResponse {
	c := container.InspectResponse{
		ContainerJSONBase: &container.ContainerJSONBase{
			ID: templateID, Name: "/shop-web-1", Image: "sha256:1", Created: "2026-01-01T00:00:00Z",
			State:      &container.State{Status: container.StateRunning, Running: true, StartedAt: "2026-01-01T00:00:00Z"},
			HostConfig: &container.HostConfig{NetworkMode: "shop_default"},
		},
		Config: &container.Config{
			Hostname: templateID[:12], Image: "shop-web",
			Labels: map[string]string{
				projectLabel: "shop", serviceLabel: "web", numberLabel: "1", oneoffLabel: "False",
				hashLabel: "h1", imageLabel: "sha256:1", replaceLabel: "shop-web-1", slugLabel: "x", "mine": "kept",
			},
		},
		NetworkSettings: &container.NetworkSettings{Networks: map[string]*network.EndpointSettings{
			"shop_default": {
				NetworkID: "n1", EndpointID: "e1", MacAddress: "02:42:ac:12:00:02", IPAddress: "172.18.0.2", Gateway: "172.18.0.1",
				IPAMConfig: &network.EndpointIPAMConfig{},
				Aliases:    []string{"shop-web-1", "web", templateID[:12], "custom"},
			},
		}},
	}
	if change != nil {
		change(&c)
	}
	return c
}

func TestPlanCleans(t *testing.T) {
	cases := map[string]struct {
		change func(c *container.InspectResponse)
		check  func(p clone) (got, want any)
	}{
		"a generated host name": {nil, func(p clone) (any, any) { return p.config.Hostname, "" }},
		"not a host name of the user's": {
			func(c *container.InspectResponse) { c.Config.Hostname = "web" },
			func(p clone) (any, any) { return p.config.Hostname, "web" },
		},
		"the host's name with the host's UTS namespace": {
			func(c *container.InspectResponse) { c.Config.Hostname, c.HostConfig.UTSMode = "machine", "host" },
			func(p clone) (any, any) { return p.config.Hostname, "" },
		},
		"compose's marks of a recreation": {nil, func(p clone) (any, any) {
			_, config, _ := p.create(7, "event-9")
			return config.Labels, map[string]string{
				projectLabel: "shop", serviceLabel: "web", numberLabel: "7", oneoffLabel: "False",
				hashLabel: "h1", imageLabel: "sha256:1", eventLabel: "event-9", "mine": "kept",
			}
		}},
		"the container id file": {
			func(c *container.InspectResponse) { c.HostConfig.ContainerIDFile = "/tmp/id" },
			func(p clone) (any, any) { return p.host.ContainerIDFile, "" },
		},
		"links": {
			func(c *container.InspectResponse) {
				c.HostConfig.Links = []string{"/db:/shop-web-1/database", "/db:/shop-web-1/db"}
			},
			func(p clone) (any, any) { return p.host.Links, []string{"db:database", "db:db"} },
		},
		"endpoints": {nil, func(p clone) (any, any) {
			first, _ := p.join("shop-web-7", true)
			return *first["shop_default"], network.EndpointSettings{Aliases: []string{"shop-web-7", "web", "custom"}}
		}},
		"endpoints, but what the user wrote": {
			func(c *container.InspectResponse) {
				e := c.NetworkSettings.Networks["shop_default"]
				e.Links, e.DriverOpts, e.GwPriority = []string{"db:database"}, map[string]string{"mtu": "1400"}, 3
				e.IPAMConfig.LinkLocalIPs = []string{"169.254.1.2"}
			},
			func(p clone) (any, any) {
				first, _ := p.join("shop-web-7", true)
				return *first["shop_default"], network.EndpointSettings{
					Aliases: []string{"shop-web-7", "web", "custom"}, Links: []string{"db:database"}, GwPriority: 3,
					DriverOpts: map[string]string{"mtu": "1400"}, IPAMConfig: &network.EndpointIPAMConfig{LinkLocalIPs: []string{"169.254.1.2"}},
				}
			},
		},
		"aliases on the engine's own bridge": {
			func(c *container.InspectResponse) {
				c.HostConfig.NetworkMode = "bridge"
				c.NetworkSettings.Networks = map[string]*network.EndpointSettings{"bridge": {MacAddress: "02:42:ac:11:00:02"}}
			},
			func(p clone) (any, any) {
				first, _ := p.join("shop-web-7", true)
				return *first["bridge"], network.EndpointSettings{}
			},
		},
		"anonymous volumes": {
			func(c *container.InspectResponse) {
				c.HostConfig.Binds = []string{volumeID + ":/a:rw", volumeID + ":/b:ro,nocopy", "named:/c:rw", "/host:/d"}
				c.HostConfig.Mounts = []mount.Mount{
					{Type: mount.TypeVolume, Source: volumeID, Target: "/e"}, {Type: mount.TypeVolume, Source: "named", Target: "/f"},
					{Type: mount.TypeBind, Source: "/" + volumeID, Target: "/g"},
				}
			},
			func(p clone) (any, any) {
				return []any{p.host.Binds, p.host.Mounts}, []any{[]string{"named:/c:rw", "/host:/d"}, []mount.Mount{
					{Type: mount.TypeVolume, Target: "/e"}, {Type: mount.TypeVolume, Source: "named", Target: "/f"},
					{Type: mount.TypeBind, Source: "/" + volumeID, Target: "/g"},
					{Type: mount.TypeVolume, Target: "/a"},
					{Type: mount.TypeVolume, Target: "/b", ReadOnly: true, VolumeOptions: &mount.VolumeOptions{NoCopy: true}},
				}}
			},
		},
		"no port range": {
			func(c *container.InspectResponse) {
				c.HostConfig.PortBindings = nat.PortMap{"80/tcp": {{HostPort: "8000-8004"}}, "81/tcp": {{HostPort: ""}}, "82/tcp": {{HostPort: "0"}}}
			},
			func(p clone) (any, any) {
				return p.host.PortBindings, nat.PortMap{"80/tcp": {{HostPort: "8000-8004"}}, "81/tcp": {{HostPort: ""}}, "82/tcp": {{HostPort: "0"}}}
			},
		},
		"the name's number, in compatibility mode too": {
			func(c *container.InspectResponse) { c.Name = "/shop_web_1" },
			func(p clone) (any, any) {
				name, _, _ := p.create(12, "event-9")
				return name, "shop_web_12"
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p, err := plan(inspected(c.change))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := c.check(p); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestPlanRefuses(t *testing.T) {
	address := func(c *container.InspectResponse) *network.EndpointIPAMConfig {
		return c.NetworkSettings.Networks["shop_default"].IPAMConfig
	}
	cases := map[string]struct {
		change   func(c *container.InspectResponse)
		mentions []string
	}{
		"container_name":     {func(c *container.InspectResponse) { c.Name = "/web" }, []string{"container_name fixes the name web"}},
		"fixed host port":    {ports("8080"), []string{"host port 8080 is fixed", `"8080-8089:80"`}},
		"range of one port":  {ports("8080-8080"), []string{"host port 8080 is fixed"}},
		"IPv4 address":       {func(c *container.InspectResponse) { address(c).IPv4Address = "10.0.0.9" }, []string{"10.0.0.9", "ipv4_address"}},
		"IPv6 address":       {func(c *container.InspectResponse) { address(c).IPv6Address = "fd00::9" }, []string{"fd00::9", "ipv6_address"}},
		"host network":       {func(c *container.InspectResponse) { c.HostConfig.NetworkMode = "host" }, []string{"network_mode: host"}},
		"another's network":  {func(c *container.InspectResponse) { c.HostConfig.NetworkMode = "container:abc" }, []string{"network_mode: service"}},
		"one-off container":  {func(c *container.InspectResponse) { c.Config.Labels[oneoffLabel] = "True" }, []string{"one-off"}},
		"no compose labels":  {func(c *container.InspectResponse) { delete(c.Config.Labels, oneoffLabel) }, []string{"one-off"}},
		"hook container":     {func(c *container.InspectResponse) { c.Config.Labels[hookLabel] = "pre_start" }, []string{"it was made to run the service's pre_start"}},
		"two reasons, named": {func(c *container.InspectResponse) { ports("8080")(c); c.Name = "/web" }, []string{"container_name", "host port 8080"}},
		"fixed MAC address": {func(c *container.InspectResponse) {
			//lint:ignore SA1019 see plan
			c.Config.MacAddress = "02:42:ac:11:65:43"
		}, []string{"mac_address"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := plan(inspected(c.change))
			if err == nil {
				t.Fatal("not refused")
			}
			for _, m := range c.mentions {
				if !strings.Contains(err.Error(), m) {
					t.Errorf("%q is not in: %v", m, err)
				}
			}
		})
	}
}

func ports(host string) func(c *container.InspectResponse) {
	return func(c *container.InspectResponse) {
		c.HostConfig.PortBindings = nat.PortMap{"80/tcp": {{HostPort: host}}}
	}
}

func TestJoin(t *testing.T) {
	p, err := plan(inspected(func(c *container.InspectResponse) {
		c.NetworkSettings.Networks["shop_back"] = &network.EndpointSettings{Aliases: []string{"web"}}
	}))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		onlyOne     bool
		first, rest int
	}{"before API 1.44": {true, 1, 1}, "since API 1.44": {false, 2, 0}} {
		t.Run(name, func(t *testing.T) {
			first, rest := p.join("shop-web-2", c.onlyOne)
			if len(first) != c.first || len(rest) != c.rest || first["shop_default"] == nil {
				t.Errorf("at creation %v, later %v", first, rest)
			}
		})
	}
}

// Whatever the template, a clone has none of what is the template's own, and making it changes nothing of the template.
func TestClonesShareNothingOfTheirOwn(t *testing.T) {
	names := rapid.SampledFrom([]string{"web", "api", "custom", "shop-web-1", templateID[:12]})
	sources := rapid.SampledFrom([]string{volumeID, "named", "/host"})
	rapid.Check(t, func(t *rapid.T) {
		template := inspected(func(c *container.InspectResponse) {
			c.NetworkSettings.Networks = map[string]*network.EndpointSettings{}
			for _, key := range rapid.SliceOfNDistinct(rapid.StringMatching(`net[a-z]`), 1, 4, rapid.ID).Draw(t, "networks") {
				c.NetworkSettings.Networks[key] = &network.EndpointSettings{
					Aliases: rapid.SliceOf(names).Draw(t, "aliases"), MacAddress: "02:42:ac:12:00:02", IPAddress: "172.18.0.2",
				}
				c.HostConfig.NetworkMode = container.NetworkMode(key)
			}
			for _, source := range rapid.SliceOf(sources).Draw(t, "mounts") {
				c.HostConfig.Mounts = append(c.HostConfig.Mounts, mount.Mount{Type: mount.TypeVolume, Source: source, Target: "/m"})
			}
			for _, source := range rapid.SliceOf(sources).Draw(t, "binds") {
				c.HostConfig.Binds = append(c.HostConfig.Binds, source+":/b")
			}
		})
		before, _ := json.Marshal(template)
		p, err := plan(template)
		if err != nil {
			t.Fatal(err)
		}
		number := rapid.IntRange(2, 999).Draw(t, "number")
		name, config, host := p.create(number, "event-9")
		first, rest := p.join(name, rapid.Bool().Draw(t, "one network at creation"))
		made, _ := json.Marshal([]any{name, config, host, first, rest})
		for _, own := range []string{templateID[:12], volumeID, "02:42:ac", "172.18", `"shop-web-1"`} {
			if strings.Contains(string(made), own) {
				t.Fatalf("the clone has the template's %s: %s", own, made)
			}
		}
		if len(first)+len(rest) != len(template.NetworkSettings.Networks) {
			t.Fatalf("the clone joins %d and %d networks, the template %d", len(first), len(rest), len(template.NetworkSettings.Networks))
		}
		for _, endpoints := range []map[string]*network.EndpointSettings{first, rest} {
			for key, e := range endpoints {
				if !slices.Contains(e.Aliases, name) {
					t.Fatalf("the clone is not known by its name in %s: %v", key, e.Aliases)
				}
			}
		}
		config.Labels["mine"] = "changed"
		if after, _ := json.Marshal(template); string(after) != string(before) {
			t.Fatalf("the template changed:\n%s\n%s", before, after)
		}
	})
}
