package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/metrics/poll"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/rego"
	"github.com/flyball-dev/flyball/schema"
)

// Check is one thing that the doctor tried.
type Check struct {
	What   string `json:"what"`
	Result string `json:"result"` // ok, warning, failed
	Detail string `json:"detail"`
	Mend   string `json:"mend,omitempty"`
}

const (
	fine    = "ok"
	warning = "warning"
	failed  = "failed"
)

// Doctor tries everything that the daemon would need: the policies, the store, the daemon itself, the API, who is notified,
// Docker, each policy's service, and each of its metrics twice, a second apart. It changes nothing, and notifies nobody.
func Doctor(ctx context.Context, given Options) []Check {
	loaded, err := Load(ctx, given.Read, given.Policies)
	if err != nil {
		return []Check{{"policies", failed, err.Error(), "name the folder with -p, or make one with flyball init"}}
	}
	o := given.filled(loaded.Config)
	f := &Offline{o: o}
	_ = f.read(func(ledger store.Store) error { // else checkStore says why not
		documents, err := documentsOf(ctx, ledger)
		if with, wrong := Load(ctx, given.Read, given.Policies, posted(documents)...); len(documents) > 0 && wrong == nil {
			loaded = with
		}
		return err
	})
	daemon, running := checkDaemon(ctx, o, runsInCompose(given, loaded.Config))
	checks := []Check{checkPolicies(loaded), daemon, checkStore(ctx, o), checkAPI(o, running)}
	checks = append(checks, checkReceivers(ctx, o, loaded.Config.Notify)...)
	to, err := connected(o, loaded.Policies)
	if err != nil {
		return append(checks, Check{"docker", failed, err.Error(), "write DOCKER_HOST or --docker-host as unix:///var/run/docker.sock or tcp://host:2375"})
	}
	defer func() { _ = to.close() }() // nothing is lost with it
	d := doctor{o: o, to: to, rules: loaded.Rules, sources: &sources{env: o.env()}, settings: loaded.Config.Sources}
	defer func() { _ = d.sources.close() }()
	d.feeds, _ = d.sources.feeds(loaded.Config.Sources)
	for _, l := range d.sources.lates { // no breaker: what it would say is not the reason
		d.feeds[l.settings.Name] = control.Feed{Source: l, Whole: l.feed.Whole}
	}
	d.feeds["system"] = control.Feed{Source: byDriver{stats: poll.NewBreaker(to.stats, callDeadline), simulated: to.simulated}}

	checks = append(checks, d.docker(ctx, loaded.Policies)...)
	for _, s := range loaded.Config.Sources {
		if len(loaded.Errors()) > 0 {
			break // who asks it may be what is wrong
		}
		if c, bad := d.unused(s, loaded.Policies); bad {
			checks = append(checks, c)
		}
	}
	return append(checks, d.policies(ctx, loaded.Policies)...)
}

type doctor struct {
	o        Options
	to       drivers
	rules    *rego.Rules // nil: they can't be used
	sources  *sources
	settings []schema.Source
	feeds    map[string]control.Feed
}

func checkPolicies(l Loaded) Check {
	c := Check{"policies", fine, fmt.Sprintf("%d, %d enabled", len(l.Policies), enabled(l.Policies)), ""}
	switch errs, warnings := l.Errors(), l.Warnings(); {
	case len(errs) > 0:
		return Check{"policies", failed, fmt.Sprintf("%s, the first: %s", count(len(errs), "error"), errs[0]), "flyball validate lists them all, each with its mend"}
	case len(l.Policies) == 0:
		return Check{"policies", failed, "there are none", "write one, or begin with flyball init"}
	case len(l.Left) > 0:
		c.Result, c.Mend = warning, "flyball policies lists them"
		c.Detail += fmt.Sprintf("; left out of those by API: %d, the first: %s: %s", len(l.Left), l.Left[0].Name, why(l.Left[0]))
	case len(warnings) > 0:
		c.Result, c.Mend = warning, "flyball validate lists them"
		c.Detail += fmt.Sprintf("; %s, the first: %s", count(len(warnings), "warning"), warnings[0])
	case enabled(l.Policies) == 0:
		c.Result, c.Mend = warning, "write enabled: true in those that are to scale"
	}
	return c
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func enabled(policies []engine.Policy) int {
	n := 0
	for _, p := range policies {
		if p.Enabled {
			n++
		}
	}
	return n
}

// checkDaemon asks the daemon how it is, and gives what it tells of itself; nil: none does.
func checkDaemon(ctx context.Context, o Options, composed bool) (Check, *api.Daemon) {
	client, err := api.Dial(o.Socket)
	if err != nil && composed {
		return Check{"daemon", warning, "none answers at " + o.Socket, inCompose("flyball doctor")}, nil
	}
	if err != nil {
		return Check{"daemon", warning, "none answers at " + o.Socket, "start flyball run, or name its socket with --socket"}, nil
	}
	s, err := client.Status(ctx)
	if err != nil {
		return Check{"daemon", failed, err.Error(), "see its log"}, nil
	}
	return checkStatus(s), s.Daemon
}

func checkStatus(s api.Status) Check {
	switch {
	case s.Daemon != nil && s.Daemon.Problem != "":
		return Check{"daemon", failed, "the policies on disk can't be used, older ones are at work", "flyball validate says what is wrong with them"}
	case !s.Enabled && (s.Daemon == nil || !s.Daemon.DryRun):
		return Check{"daemon", warning, "it runs, and autoscaling is off: nothing is touched", "flyball enable"}
	}
	return Check{"daemon", fine, fmt.Sprintf("it runs, pid %d", s.Daemon.PID), ""}
}

func checkStore(ctx context.Context, o Options) Check {
	if shared(o.Store) {
		return checkShared(ctx, o)
	}
	mend := "make it writable, or name another with --store"
	if _, err := os.Stat(o.Store); errors.Is(err, os.ErrNotExist) {
		folder := filepath.Dir(o.Store)
		for !exists(folder) {
			folder = filepath.Dir(folder)
		}
		probe, err := os.CreateTemp(folder, ".flyball-doctor-*")
		if err != nil {
			return Check{"store", failed, err.Error(), mend}
		}
		_ = errors.Join(probe.Close(), os.Remove(probe.Name()))
		return Check{"store", fine, o.Store + " is made when flyball first runs", ""}
	}
	ledger, err := openStore(o, true)
	if err != nil {
		return Check{"store", failed, err.Error(), mend}
	}
	defer func() { _ = ledger.Shutdown() }() // it was only read
	info, err := os.Stat(o.Store)
	if err != nil {
		return Check{"store", failed, err.Error(), mend}
	}
	return Check{"store", fine, fmt.Sprintf("%s, %.1f MB", o.Store, float64(info.Size())/1e6), ""}
}

// checkShared asks a Redis who leads.
func checkShared(ctx context.Context, o Options) Check {
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	mend := "start it, or mend config.store (flyball store check says more)"
	ledger, err := openStore(o, true)
	if err != nil {
		return Check{"store", failed, err.Error(), mend}
	}
	defer func() { _ = ledger.Shutdown() }() // it was only read
	elector, _ := ledger.(store.Elector)
	lease, err := elector.Leader(ctx)
	switch {
	case err != nil:
		return Check{"store", failed, err.Error(), mend}
	case lease.Leader == "":
		return Check{"store", warning, fmt.Sprintf("%s answers, and no daemon leads", o.Store), "start flyball run"}
	}
	found := fmt.Sprintf("%s, %s leads, epoch %d", o.Store, lease.Leader, lease.Epoch)
	if server, tells := ledger.(interface {
		Risks(context.Context) []string
	}); tells {
		if risks := server.Risks(ctx); len(risks) > 0 {
			return Check{"store", warning, found + "; at risk: " + strings.Join(risks, "; "), "mend the settings of that Redis"}
		}
	}
	return Check{"store", fine, found, ""}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil || path == filepath.Dir(path)
}

// unused finds a source that nobody asks.
func (d doctor) unused(s schema.Source, policies []engine.Policy) (Check, bool) {
	for _, p := range policies {
		if slices.ContainsFunc(p.Metrics, func(m engine.Metric) bool { return m.Source == s.Name }) {
			return Check{}, false
		}
	}
	return Check{"source " + s.Name, warning, "no metric asks it", "remove it, or name it in a metric's source"}, true
}
