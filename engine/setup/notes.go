package setup

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// busy is the percentage of a replica's limit above which the policies add one.
const busy = 70

// notes are what the author of a service that can scale should know, each with the mend.
func notes(s types.ServiceConfig, img image, out Service, m Machine) []string {
	var notes []string
	add := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if out.CPUs == 0 {
		reads := "little"
		if m.CPUs > 1 {
			reads = fmt.Sprintf("%.0f %%", math.Round(100/float64(m.CPUs)))
		}
		add("no CPU limit: a single busy thread would read as %s of the machine, and no policy would see it; the overlay gives each replica %s; where you think another one right, write it there, in %s", reads, CPUs(out.Grant), OverlayName)
	}
	switch one := 100 / out.CPUs; {
	case m.CPUs > 0 && out.CPUs > float64(m.CPUs):
		add("its limit of %s is more than this machine has (%d), and Docker starts no such container; lower it", CPUs(out.CPUs), m.CPUs)
	case one < busy:
		add("one busy thread reads as %.0f %% of its limit of %s, and it scales at %d %%; where it computes in one thread, lower the limit to 1 CPU", one, CPUs(out.CPUs), busy)
	}
	if out.Health == HealthNone {
		add("no health check: a new replica counts as ready once it has run for a while; give it a healthcheck")
	}
	if word := migration.FindString(commandOf(s, img)); word != "" {
		add("each new replica runs a migration before it serves (%s); move that to a service of its own, for which this one waits (depends_on, service_completed_successfully)", word)
	}
	for _, v := range s.Volumes {
		if v.Type == types.VolumeTypeBind && !v.ReadOnly && !strings.HasPrefix(v.Source, "/etc/") {
			add("all replicas may write to %s of the host; mount it with :ro, or see that they can share it", short(v.Source))
		}
	}
	return notes
}

// adviseProxies tells the author of a proxy that finds replicas once only, where there are others to find.
func adviseProxies(app *Application, all types.Services) {
	can := app.Scalable()
	for i := range app.Services {
		s := &app.Services[i]
		img, _ := imageOf(all[s.Name])
		proxy := img.known([]string{"nginx", "nginx-unprivileged", "openresty", "haproxy"})
		if proxy == "" || !slices.ContainsFunc(can, func(other Service) bool { return other.Name != s.Name }) {
			continue
		}
		advice := "nginx looks names up once, at its start, and would never see a new replica: where it passes requests on to one that scales write `resolver 127.0.0.11 valid=1s; set $up http://NAME:PORT; proxy_pass $up;`"
		if proxy == "haproxy" {
			advice = "haproxy looks names up once, at its start, and would never see a new replica: write `resolvers docker` with `nameserver dns 127.0.0.11:53`, and `server-template app 10 NAME:PORT check resolvers docker init-addr none` in the place of server"
		}
		s.Notes = append(s.Notes, advice)
	}
}
