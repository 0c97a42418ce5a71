package setup

import (
	"fmt"
	"net"
	"slices"
	"strconv"
)

// Ports that the balancer has for itself: one for who asks on the application's networks, and one for its own checks.
const (
	inside  = 8404
	checked = 8405
)

// spare is how many replicas a balancer has room for at least, so that a policy's maximum can be raised without it.
const spare = 10

// entrance is where a balancer takes connections for one port of a service: with one address or more on the host.
type entrance struct {
	Service string
	Mode    string
	Target  int      // port of the replicas
	Listen  int      // port of the balancer's container
	Publish []string // ports of the host with Listen, in short form
	Slots   int      // replicas that it has room for
}

// Name is what logs and metrics call it.
func (e entrance) Name() string { return e.Service + "-" + strconv.Itoa(e.Target) }

// entrances are those of an application's balancer. None: it needs no balancer.
func entrances(a Application) []entrance {
	var all []entrance
	taken := []int{inside, checked}
	for _, s := range a.Scalable() {
		for _, r := range s.Routes {
			at := slices.IndexFunc(all, func(e entrance) bool {
				return e.Service == s.Name && e.Target == r.Target && e.Mode == r.Mode
			})
			if at < 0 {
				listen := free(r.Target, taken)
				taken = append(taken, listen)
				at = len(all)
				all = append(all, entrance{
					Service: s.Name, Mode: r.Mode, Target: r.Target, Listen: listen, Slots: max(s.Max, spare),
				})
			}
			all[at].Publish = append(all[at].Publish, publish(r, all[at].Listen))
		}
	}
	return all
}

// free is a port that a user of no rights may listen on everywhere, near the one that is wished for.
func free(wish int, taken []int) int {
	if wish < 1024 {
		wish += 8000
	}
	for slices.Contains(taken, wish) {
		wish++
	}
	return wish
}

func publish(r Route, listen int) string {
	host := strconv.Itoa(r.Published)
	if r.HostIP != "" {
		host = net.JoinHostPort(r.HostIP, host)
	}
	return fmt.Sprintf("%s:%d", host, listen)
}
