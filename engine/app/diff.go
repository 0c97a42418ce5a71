package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/backtest"
	"github.com/flyball-dev/flyball/engine/diff"
	"github.com/flyball-dev/flyball/rego"
	"github.com/flyball-dev/flyball/schema"
)

// Difference is what changes in meaning between two revisions.
type Difference struct {
	Policies []diff.Policy `json:"policies"`
	Config   []diff.Change `json:"config"`
}

// None says that nothing does.
func (d Difference) None() bool { return len(d.Policies)+len(d.Config) == 0 }

// Diff compares two revisions.
func Diff(old, new Loaded) Difference {
	d := Difference{diff.Of(sideOf(old), sideOf(new)), diff.Fields(configFields(old.Config), configFields(new.Config))}
	if d.Config == nil {
		d.Config = []diff.Change{}
	}
	return d
}

// Only leaves out the policies that are not named. An error says that neither side has one.
func (d Difference) Only(names []string, old, new Loaded) (Difference, error) {
	if len(names) == 0 {
		return d, nil
	}
	for _, name := range names {
		_, gone := old.Policy(name)
		if _, err := new.Policy(name); err != nil && gone != nil {
			return d, err
		}
	}
	d.Policies = slices.DeleteFunc(slices.Clone(d.Policies), func(p diff.Policy) bool { return !slices.Contains(names, p.Name) })
	return d, nil
}

func sideOf(l Loaded) diff.Side {
	s := diff.Side{Policies: l.Policies, Rules: map[string][]diff.Package{}}
	for _, p := range l.Policies {
		for _, pkg := range rego.Says(files(l.Set.Rules), p) {
			s.Rules[p.Name] = append(s.Rules[p.Name], diff.Package(pkg))
		}
	}
	return s
}

// configFields are what a config says, with the defaults that the daemon has.
func configFields(c schema.Config) []diff.Field {
	o := Options{Level: new(slog.LevelVar), Form: new(Format)}.filled(c)
	file := o.Store
	if shared(file) {
		file = ""
	}
	all := []diff.Field{
		{Path: "limits.maxTotalReplicas", Value: o.MaxReplicas},
		{Path: "limits.minAvailableMemoryMB", Value: *o.MinMemoryMB},
		{Path: "docker.host", Value: orNone(o.DockerHost)},
		{Path: "store.path", Value: orNone(file)},
		{Path: "store.url", Value: orNone(c.Store.URL)},
		{Path: "store.username", Value: orNone(c.Store.Username)},
		{Path: "store.password", Value: orNone(secretAt(c.Store.Password))},
		{Path: "store.lease", Value: o.lease},
		{Path: "store.sampleDays", Value: o.sampleDays},
		{Path: "store.rollupDays", Value: o.rollupDays},
		{Path: "store.auditDays", Value: o.auditDays},
		{Path: "socket.path", Value: o.Socket},
		{Path: "log.level", Value: cmp.Or(o.level, "info")},
		{Path: "log.format", Value: cmp.Or(o.format, "text")},
		{Path: "api.listen", Value: o.Listen},
		{Path: "api.tlsCert", Value: orNone(o.api.TLSCert)},
		{Path: "api.tlsKey", Value: orNone(o.api.TLSKey)},
		{Path: "api.authz", Value: orNone(o.api.Authz)},
		{Path: "api.adminToken", Value: orNone(secretAt(o.api.AdminToken))},
		{Path: "api.openMetrics", Value: o.api.OpenMetrics},
		{Path: "api.session", Value: o.api.Session},
	}
	for _, s := range c.Sources {
		at := "sources[" + s.Name + "]."
		all = append(all,
			diff.Field{Path: at + "type", Value: s.Type},
			diff.Field{Path: at + "url", Value: orNone(s.URL)},
			diff.Field{Path: at + "driver", Value: orNone(s.Driver)},
			diff.Field{Path: at + "dsn", Value: orNone(secretAt(s.DSN))},
			diff.Field{Path: at + "path", Value: orNone(s.Path)},
			diff.Field{Path: at + "username", Value: orNone(s.Username)},
			diff.Field{Path: at + "password", Value: orNone(secretAt(s.Password))},
			diff.Field{Path: at + "token", Value: orNone(secretAt(s.Token))},
			diff.Field{Path: at + "timeout", Value: s.Timeout},
			diff.Field{Path: at + "atOnce", Value: s.AtOnce},
		)
		if s.Port > 0 {
			all = append(all, diff.Field{Path: at + "port", Value: s.Port})
		}
	}
	all = append(all, notifyFields(c.Notify)...)
	for i := range all {
		all[i].Path = "config." + all[i].Path
	}
	return all
}

func orNone(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// secretAt is where a secret is.
func secretAt(s schema.Secret) string {
	switch {
	case s.Env != "":
		return "env " + s.Env
	case s.File != "":
		return "file " + s.File
	}
	return ""
}

// Traced is what a changed policy comes to on a trace, and what it decides there.
type Traced struct {
	Policy    string         `json:"policy"`
	Old       backtest.Run   `json:"old"`
	New       backtest.Run   `json:"new"`
	Decisions diff.Decisions `json:"decisions"`
}

// Trace runs both revisions of each policy that changed on a trace, as if they were enabled and live. Beside the old one the
// new one is asked at each evaluation what it would decide there; the first limit stretches in which they differ are kept.
func (d Difference) Trace(ctx context.Context, old, new Loaded, b backtest.Backtest, limit int) ([]Traced, error) {
	all := []Traced{}
	for _, p := range d.Policies {
		if p.Kind == diff.Changed {
			all = append(all, Traced{Policy: p.Name, Decisions: diff.Decisions{Limit: limit, Groups: []diff.Group{}, First: []diff.Stretch{}}})
		}
	}
	if err := checkConstants(b.Constants, all, old, new); err != nil {
		return nil, err
	}
	for i, t := range all {
		before, gone := old.Policy(t.Policy)
		after, missing := new.Policy(t.Policy)
		if err := errors.Join(gone, missing); err != nil {
			return nil, err
		}
		second := &backtest.Second{Policy: after, Rules: new.Rules.Patient(), Constants: constantsOf(b.Constants, after), Told: all[i].Decisions.Add}
		b.Entries = append(b.Entries,
			backtest.Entry{Name: t.Policy + ", old", Kind: backtest.Authored, Policy: before, Rules: old.Rules.Patient(), Constants: constantsOf(b.Constants, before), Second: second},
			backtest.Entry{Name: t.Policy + ", new", Kind: backtest.Authored, Policy: after, Rules: new.Rules.Patient(), Constants: second.Constants},
		)
	}
	result, err := Backtest(ctx, b)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].Old, all[i].New = result.Runs[2*i], result.Runs[2*i+1]
		all[i].Decisions.Sort()
	}
	return all, nil
}

// checkConstants holds constants to the metrics of the policies that are run.
func checkConstants(constants map[string]float64, run []Traced, sides ...Loaded) error {
	for name := range constants {
		found := len(run) == 0
		for _, l := range sides {
			for _, t := range run {
				p, _ := l.Policy(t.Policy)
				_, has := p.Metric(name)
				found = found || has
			}
		}
		if !found {
			return fmt.Errorf("no policy that changed has a metric %q to be constant", name)
		}
	}
	return nil
}

// constantsOf are the constants of metrics that a policy has.
func constantsOf(constants map[string]float64, p engine.Policy) map[string]float64 {
	all := map[string]float64{}
	for name, v := range constants {
		if _, has := p.Metric(name); has {
			all[name] = v
		}
	}
	return all
}
