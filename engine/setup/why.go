package setup

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// why is the reason for which a service does not scale, with what to change; "" where it can. Where it lies in what the service
// is for, nothing else matters.
func why(p *types.Project, s types.ServiceConfig, img image) string {
	switch _, off := p.DisabledServices[s.Name]; {
	case s.Provider != nil:
		return fmt.Sprintf("it is no container: %s provides it", s.Provider.Type)
	case !policyName.MatchString(s.Name):
		return "a policy can't have its name, which has to begin with a letter or a digit and has at most 128 characters; rename it"
	case off:
		return fmt.Sprintf("it is in the profile %s, which is not active; have COMPOSE_PROFILES=%s in .env, then init again", strings.Join(s.Profiles, " or "), s.Profiles[0])
	}
	if reason := purpose(p, s, img); reason != "" {
		return reason
	}
	return strings.Join(append(obstacles(s), shared(s)...), "; ")
}

// policyName is what the schema takes for one; compose takes others too.
var policyName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// shared are the volumes that replicas would write to side by side. An author who knows that they can may scale the service.
func shared(s types.ServiceConfig) []string {
	var why []string
	for _, v := range s.Volumes {
		if v.Type == types.VolumeTypeVolume && v.Source != "" && !v.ReadOnly {
			why = append(why, fmt.Sprintf("it writes to the volume %s, which all replicas would share; mount it with :ro, or keep what it writes in a database or object store", v.Source))
		}
	}
	return why
}

// obstacles are what in a service's file stands against more replicas, each with the mend. Most of it a target would refuse when it
// comes to it, and the words are the same.
func obstacles(s types.ServiceConfig) []string {
	var why []string
	add := func(format string, args ...any) { why = append(why, fmt.Sprintf(format, args...)) }
	if s.ContainerName != "" {
		add("container_name fixes the name %s, and two replicas can't share it; remove container_name", s.ContainerName)
	}
	switch net := s.NetworkMode; {
	case net == "host":
		add("network_mode: host shares the host's ports, so a second replica can't listen; use a network of the project")
	case strings.HasPrefix(net, types.ServicePrefix), strings.HasPrefix(net, types.ContainerPrefix):
		add("network_mode: %s shares the ports of another container, so a second replica can't listen; use a network of the project", net)
	case net == "bridge" && slices.ContainsFunc(s.Ports, func(p types.ServicePortConfig) bool { return fixed(p) != 0 }):
		add("network_mode: bridge has no names, so a balancer finds no replicas; use a network of the project")
	}
	why = append(why, fixedNetwork(s)...)
	for _, port := range s.Ports {
		if n := fixed(port); n != 0 && !tcp(port) {
			add("host port %d/%s is fixed, two replicas can't share it, and a balancer passes TCP alone; publish a range such as \"%d-%d:%d/%s\"", n, port.Protocol, n, n+9, port.Target, port.Protocol)
		}
		if n := width(port); n > 0 && n <= s.GetScale() {
			add("host ports %s have room for no further replica; publish a wider range", port.Published)
		}
	}
	if d := s.Deploy; d != nil && d.Mode != "" && d.Mode != "replicated" {
		add("deploy.mode is %s, which sets the number of replicas; remove it", d.Mode)
	}
	if s.GetScale() < 1 {
		add("it asks for no replica, and a first one is never started; set its replicas to 1")
	}
	return why
}

// fixedNetwork are the addresses that the file gives a service.
func fixedNetwork(s types.ServiceConfig) []string {
	var why []string
	mac := s.MacAddress != ""
	for _, name := range slices.Sorted(maps.Keys(s.Networks)) {
		n := s.Networks[name]
		if n == nil {
			continue
		}
		for _, a := range []struct{ key, address string }{{"ipv4_address", n.Ipv4Address}, {"ipv6_address", n.Ipv6Address}} {
			if a.address != "" {
				why = append(why, fmt.Sprintf("address %s on network %s is fixed, and two replicas can't share it; remove %s", a.address, name, a.key))
			}
		}
		mac = mac || n.MacAddress != ""
	}
	if mac {
		why = append(why, "mac_address is fixed, and two replicas can't share it; remove mac_address")
	}
	return why
}

// purpose is the reason that lies in what a service is for.
func purpose(p *types.Project, s types.ServiceConfig, img image) string {
	command := commandOf(s, img)
	store := img.known(stores)
	if store == "" { // what is built may be called after what it is
		store = image{name: s.Image}.known(stores)
	}
	switch by := awaited(p, s.Name); {
	case by != "":
		return fmt.Sprintf("it is a job that runs once: %s waits for it to complete", by)
	case migration.MatchString(command) && !strings.ContainsAny(command, "&;|"):
		return "it is a job that runs once: its command is a migration"
	case store != "":
		return fmt.Sprintf("it keeps data (image %s), and each replica would have its own; give it a bigger limit, or replicas by its own means", store)
	case img.known(tools) != "", flower.MatchString(command):
		return "it is a tool to look at the others with, or to run them, and one will do"
	case strings.HasSuffix(img.path(), "exporter"):
		return "it measures something that is there once, and a second one would count it twice"
	case schedule.MatchString(command), clock.MatchString(strings.ToLower(s.Name)), img.known([]string{"ofelia", "supercronic"}) != "":
		return "it runs a schedule, and each replica would run every job again; leave the schedule to it, and the work to a worker that can scale"
	case isProxy(s) && s.Ports != nil && behind(p):
		return fmt.Sprintf("it is the entrance (image %s), and seldom what is busy; what scales is behind it", img.known(proxies))
	case s.UseAPISocket, slices.ContainsFunc(s.Volumes, socket):
		return "it has the socket of Docker, and each replica would do there what the first one does"
	}
	return ""
}

// isProxy says that a service runs a reverse proxy as it comes; what is built on one is a web server of the application's own.
func isProxy(s types.ServiceConfig) bool {
	return s.Build == nil && image{name: s.Image}.known(proxies) != ""
}

// behind says that the application has something for a proxy to pass requests on to: else the proxy is its web server.
func behind(p *types.Project) bool {
	for _, s := range p.Services {
		if img, _ := imageOf(s); !isProxy(s) && purpose(p, s, img) == "" {
			return true
		}
	}
	return false
}

// socket says that a mount is that of the Docker engine's socket.
func socket(v types.ServiceVolumeConfig) bool {
	return v.Type == types.VolumeTypeBind && (strings.HasSuffix(v.Source, "/docker.sock") || strings.HasSuffix(v.Target, "/docker.sock"))
}

// commandOf is what a service runs: as the file says or, where that is silent, as its Dockerfile does.
func commandOf(s types.ServiceConfig, img image) string {
	said := strings.Join(append(slices.Clone([]string(s.Entrypoint)), s.Command...), " ")
	if said == "" {
		return img.command
	}
	return said
}

// awaited names a service that waits for another one to have completed.
func awaited(p *types.Project, name string) string {
	all := p.AllServices()
	for _, other := range slices.Sorted(maps.Keys(all)) {
		if d, ok := all[other].DependsOn[name]; ok && d.Condition == types.ServiceConditionCompletedSuccessfully {
			return other
		}
	}
	return ""
}

// What a command, or a name, gives away.
var (
	migration = regexp.MustCompile(`\b(migrate|db:migrate|upgrade head|db push|migrations:migrate)\b`)
	flower    = regexp.MustCompile(`\bcelery\b.*\bflower\b`)
	schedule  = regexp.MustCompile(`\bcelery\b.*(\bbeat\b|--beat|\s-B\b)|\b(crond|cron|supercronic|ofelia|rqscheduler|clockwork)\b|\bschedule:(work|run)\b|(^|\s)scheduler\b`)
	clock     = regexp.MustCompile(`(^|[-_.])(beat|celerybeat|cron|crond|scheduler|clock)([-_.]|$)`)
)
