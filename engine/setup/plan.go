package setup

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// most is the highest bound that is written for a service: plenty to begin with, and its author can raise it.
const most = 10

// plan is what becomes of one service.
func plan(p *types.Project, s types.ServiceConfig, m Machine) Service {
	img, err := imageOf(s)
	out := Service{
		Name: s.Name, Replicas: s.GetScale(), CPUs: cpuLimit(s), Memory: memoryLimit(s),
		Networks: slices.Sorted(maps.Keys(s.Networks)), Profiles: s.Profiles, Logs: s.Logging != nil || s.LogDriver != "",
		Port: port(s, img), Health: health(s, img),
	}
	if out.Why = why(p, s, img); out.Why != "" {
		return out
	}
	out.Routes, out.Ranges = published(s)
	if out.CPUs == 0 {
		out.Grant = grant(m)
	}
	out.Min = out.Replicas
	out.Max, out.Bound = bound(out, m, s.Ports)
	out.Notes = notes(s, img, out, m)
	if err != nil {
		out.Notes = append(out.Notes, fmt.Sprintf("its Dockerfile can't be read (%v), so it is not known what it runs on", err))
	}
	return out
}

// cpuLimit is a service's limit in cores, from any of the three ways to write one.
func cpuLimit(s types.ServiceConfig) float64 {
	switch limits := limitsOf(s); {
	case limits != nil && limits.NanoCPUs > 0:
		return cores(float64(limits.NanoCPUs))
	case s.CPUS > 0:
		return cores(float64(s.CPUS))
	case s.CPUQuota > 0 && s.CPUPeriod > 0:
		return cores(float64(s.CPUQuota) / float64(s.CPUPeriod))
	case s.CPUQuota > 0:
		return cores(float64(s.CPUQuota) / 100_000) // the kernel's period
	}
	return 0
}

func memoryLimit(s types.ServiceConfig) int64 {
	if limits := limitsOf(s); limits != nil && limits.MemoryBytes > 0 {
		return int64(limits.MemoryBytes)
	}
	return max(0, int64(s.MemLimit))
}

func limitsOf(s types.ServiceConfig) *types.Resource {
	if s.Deploy == nil {
		return nil
	}
	return s.Deploy.Resources.Limits
}

// cores takes off what a number of 32 bits adds.
func cores(n float64) float64 { return math.Round(n*1000) / 1000 }

// grant is the CPU limit for a service that has none: a core, or half of one on a small machine, where the other services may
// leave so little of it that a policy would never see it used up.
func grant(m Machine) float64 {
	if m.CPUs > 0 && m.CPUs < 4 {
		return 0.5
	}
	return 1
}

// bound is the highest count that the machine has room for were the service alone on it, and what it comes from.
func bound(s Service, m Machine, ports []types.ServicePortConfig) (int, string) {
	room, why := most, "plenty to begin with"
	if byCPU := int(float64(m.CPUs) / s.Limit()); m.CPUs > 0 && byCPU < room {
		room, why = byCPU, fmt.Sprintf("%s of this machine over %s a replica", CPUs(float64(m.CPUs)), number(s.Limit()))
	}
	if s.Memory > 0 && m.Memory > 0 {
		if byMemory := int(m.Memory / s.Memory); byMemory < room {
			room, why = byMemory, fmt.Sprintf("%s of memory on this machine over %s a replica", Bytes(m.Memory), Bytes(s.Memory))
		}
	}
	for _, p := range ports {
		if n := width(p); n > 0 && n < room {
			room, why = n, fmt.Sprintf("a host port for each of the %d in %s", n, p.Published)
		}
	}
	if room <= s.Min {
		return s.Min + 1, fmt.Sprintf("one more than there are; by its limits this machine has room for %d", room)
	}
	return room, why
}

// CPUs is a number of cores in words.
func CPUs(n float64) string {
	if n == 1 {
		return "1 CPU"
	}
	return number(n) + " CPUs"
}

func number(n float64) string { return strconv.FormatFloat(n, 'g', -1, 64) }

// Bytes is a size in words.
func Bytes(n int64) string {
	if n >= 1<<30 {
		return number(math.Round(float64(n)/(1<<30)*10)/10) + " GB"
	}
	return number(math.Round(float64(n)/(1<<20))) + " MB"
}

func health(s types.ServiceConfig, img image) string {
	switch check := s.HealthCheck; {
	case check != nil && (check.Disable || len(check.Test) > 0 && check.Test[0] == "NONE"):
		return HealthNone // the author wants none
	case check != nil && len(check.Test) > 0:
		return HealthFile
	case img.checked:
		return HealthImage
	case port(s, img) != 0 && img.hasShell():
		return HealthPort
	}
	return HealthNone
}

// port is the one that the service listens on, as far as anybody says: a web server's before others, which may be a debugger's. A
// Dockerfile speaks for the command in it, and not for a worker that runs another one from the same image.
func port(s types.ServiceConfig, img image) int {
	first := 0
	for _, p := range s.Ports {
		switch {
		case !tcp(p):
		case mode(p) == ModeHTTP:
			return int(p.Target)
		case first == 0:
			first = int(p.Target)
		}
	}
	if first != 0 {
		return first
	}
	for _, exposed := range s.Expose {
		number, protocol, _ := strings.Cut(exposed, "/")
		if n, err := strconv.Atoi(number); err == nil && (protocol == "" || protocol == "tcp") {
			return n
		}
	}
	if len(s.Command)+len(s.Entrypoint) > 0 {
		return 0
	}
	return img.port
}

func tcp(p types.ServicePortConfig) bool { return p.Protocol == "" || p.Protocol == "tcp" }

// fixed is the one host port that a binding asks for; 0: none, or a range, of which the engine gives each replica one.
func fixed(p types.ServicePortConfig) int {
	n, err := strconv.Atoi(p.Published)
	if err != nil {
		return 0
	}
	return n
}

// width is how many host ports there are in a range, one for each replica; 0: it is none.
func width(p types.ServicePortConfig) int {
	if !strings.Contains(p.Published, "-") {
		return 0
	}
	return len(taken(p))
}

// taken are the host ports that a binding may take: one, or a range.
func taken(p types.ServicePortConfig) []int {
	low, high, isRange := strings.Cut(p.Published, "-")
	if !isRange {
		high = low
	}
	first, err := strconv.Atoi(low)
	last, err2 := strconv.Atoi(high)
	var all []int
	for n := first; err == nil && err2 == nil && n > 0 && n <= min(last, 1<<16-1); n++ {
		all = append(all, n)
	}
	return all
}

// published tells the ports that go to the balancer from those that stay with the replicas.
func published(s types.ServiceConfig) (routes []Route, ranges []string) {
	for _, p := range s.Ports {
		if n := fixed(p); n != 0 {
			routes = append(routes, Route{HostIP: p.HostIP, Published: n, Target: int(p.Target), Mode: mode(p)})
			continue
		}
		at := strconv.Itoa(int(p.Target))
		switch {
		case p.Published != "" && p.Published != "0":
			at = p.Published + ":" + at
		case p.HostIP != "":
			at = ":" + at
		}
		if p.HostIP != "" {
			at = bracketed(p.HostIP) + ":" + at
		}
		if !tcp(p) {
			at += "/" + p.Protocol
		}
		ranges = append(ranges, at)
	}
	return routes, ranges
}

// bracketed is an address as it stands before a port.
func bracketed(ip string) string {
	if strings.Contains(ip, ":") {
		return "[" + ip + "]"
	}
	return ip
}

// mode is HTTP where the file says so, or the port is one that web servers listen on without TLS.
func mode(p types.ServicePortConfig) string {
	web := p.AppProtocol == "http"
	if n := p.Target; p.AppProtocol == "" {
		web = n == 80 || n == 3000 || n == 4000 || n == 5000 || n >= 8000 && n < 9000 && n != 8443 && n != 8883
	}
	if web {
		return ModeHTTP
	}
	return ModeTCP
}
