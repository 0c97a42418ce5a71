// Package setup reads a compose application as docker compose would, says which of its services can scale and why the
// others can't, and writes what autoscaling it takes: policies, a first scenario, the overlay and the balancer's config.
// It reads the compose files and the Dockerfiles that they name, and returns texts: nobody's files are written here.
package setup

import "slices"

// Application is a compose application as its files say.
type Application struct {
	Project  string    // the name that docker compose gives it
	Dir      string    // the folder of the first file, absolute
	Files    []string  // the compose files in the order in which they are merged, absolute
	Services []Service // all of them, by name, those of profiles too
	Volumes  []string  // that it declares, by name
	Taken    []int     // host ports that they publish, in ascending order
}

// Service is what init makes of one service.
type Service struct {
	Name string
	Why  string // why it can't scale, and what to change; "" where it can

	Replicas int     // what the file asks for (scale, deploy.replicas, else 1)
	Min, Max int     // bounds for its policy; Min is Replicas
	Bound    string  // what Max comes from, in words
	CPUs     float64 // its CPU limit in cores, 0: none
	Memory   int64   // its memory limit in bytes, 0: none
	Grant    float64 // the CPU limit in cores that the overlay gives it; 0 where it has one, or can't scale

	Health   string   // one of Health…
	Port     int      // TCP port of the container known from ports or expose, 0: none
	Routes   []Route  // published TCP ports that the balancer takes over; none where it can't scale
	Ranges   []string // published ports that stay with its replicas, in short form: ranges, and those without a host port
	Networks []string // as the application calls them, by name
	Profiles []string // that it is in; none: it always runs
	Logs     bool     // it has logging of its own

	Notes []string // warnings, one line each, with the mend
}

// What tells whether a replica is healthy.
const (
	HealthNone  = ""      // nobody knows how to ask
	HealthFile  = "file"  // a health check in the compose file
	HealthImage = "image" // one in its Dockerfile
	HealthPort  = "port"  // the overlay adds one: its image has a shell, and it listens on Port
)

// Route is a published port that moves from a service to the balancer.
type Route struct {
	HostIP    string // "" is every address
	Published int    // on the host
	Target    int    // in the container
	Mode      string // ModeHTTP or ModeTCP
}

// What a balancer may assume of a connection.
const (
	ModeHTTP = "http"
	ModeTCP  = "tcp" // it passes bytes on: TLS, or who knows
)

// Machine is what bounds the number of replicas: the one that Docker runs on.
type Machine struct {
	CPUs   int
	Memory int64 // bytes
}

// Place is what the overlay must know beside the application.
type Place struct {
	Policies string   // the folder of policies, relative to Application.Dir, with slashes: config/autoscaling
	Files    []string // the compose files relative to Application.Dir, for the commands in comments
	Overlay  string   // the overlay's own file, likewise: docker-compose.autoscale.yml
	EnvFile  bool     // Policies has a .env.autoscaling
	Port     int      // on the host's loopback, for the API: 5001, or the first after it that the application leaves free
	Socket   string   // the Docker engine's socket on its host: /var/run/docker.sock
	Group    int      // that owns the socket; 0 is root's
	Env      DotEnv   // what docker compose reads beside the files
}

// Scalable are the services that a policy is written for.
func (a Application) Scalable() []Service {
	var can []Service
	for _, s := range a.Services {
		if s.Why == "" {
			can = append(can, s)
		}
	}
	return can
}

// FreePort is the first port from a number on that the application does not publish.
func (a Application) FreePort(from int) int {
	for slices.Contains(a.Taken, from) {
		from++
	}
	return from
}

// Limit is the CPU limit in cores that a replica has with the overlay.
func (s Service) Limit() float64 { return max(s.CPUs, s.Grant) }
