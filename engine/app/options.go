package app

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/api/auth"
	"github.com/flyball-dev/flyball/schema"
)

// Options is everything the daemon is told from outside.
type Options struct {
	Policies string     // folder or file
	Read     Reader     // how they are read
	Store    string     // path of the database, or the URL of a Redis
	Socket   string     // path of the Unix socket
	Listen   string     // address beside that, or none
	Remote   api.Remote // where a daemon elsewhere is, whose URL is set
	Version  string
	Actor    string // who starts it; empty: flyball

	DockerHost     string // empty: as the docker command finds it
	ComposeProject string // for policies that name none; empty: the only project that has the service

	Enabled     bool // the switch, as long as nobody has turned it
	DryRun      bool // every policy in shadow mode: decide as if autoscaling were on and record, touch nothing
	MaxReplicas int  // over all services; 0: as configured
	MinMemoryMB *int // that must stay available; nil: as configured

	Webhook string // address of a receiver beside those of the config; empty: there is none
	Silent  bool   // nobody is notified, whatever the config says

	Show func(secret string) // shows the first token of all, once; nil: nobody would see it

	Env func(string) string // where sources find their secrets; nil: the environment of the process

	Log   *slog.Logger
	Level *slog.LevelVar // of Log, where the author's config may set it; nil: it was said outside
	Form  *Format        // of Log, likewise

	level, format          string // what that config sets them to
	runs                   bool   // as the daemon, which keeps more at hand than a verb
	storeAt                schema.SharedStore
	lease                  time.Duration // how long a leader of several daemons may be silent
	sampleDays, rollupDays int           // how long samples and their rollups are kept
	auditDays              int
	api                    schema.API
}

const usualSocket = ".flyball/flyball.sock"

// env looks a variable up.
func (o Options) env() func(string) string {
	if o.Env == nil {
		return os.Getenv
	}
	return o.Env
}

// Listens says whether an address is one for Listen.
func Listens(address string) bool { return schema.Listens(address) }

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// filled gives what was not said outside the value of the author's config, and of the defaults where that is silent.
func (o Options) filled(c schema.Config) Options {
	if o.Store == "" {
		o.storeAt = c.Store
	}
	o.Store = cmp.Or(o.Store, c.Store.URL, c.StorePath, ".flyball/flyball.db")
	o.lease = cmp.Or(c.Store.Lease, lease)
	o.Socket = cmp.Or(o.Socket, c.SocketPath, usualSocket)
	o.DockerHost = cmp.Or(o.DockerHost, c.DockerHost)
	o.MaxReplicas = cmp.Or(o.MaxReplicas, c.MaxTotalReplicas, 20)
	o.auditDays = cmp.Or(c.AuditDays, 400)
	o.sampleDays, o.rollupDays = cmp.Or(c.SampleDays, 30), cmp.Or(c.RollupDays, 400)
	if shared(o.Store) { // which is memory
		o.sampleDays, o.rollupDays = cmp.Or(c.SampleDays, 2), cmp.Or(c.RollupDays, 30)
	}
	least := 512
	o.MinMemoryMB = cmp.Or(o.MinMemoryMB, c.MinAvailableMemoryMB, &least)
	if o.Level != nil {
		o.level = c.LogLevel
	}
	if o.Form != nil {
		o.format = c.LogFormat
	}
	o.Listen = cmp.Or(o.Listen, c.API.Listen, "127.0.0.1:5001")
	o.api = c.API
	o.api.Session = cmp.Or(o.api.Session, 12*time.Hour)
	return o
}

// adminToken is the secret that the operator has thought of; "": none.
func (o Options) adminToken() (string, error) {
	if o.api.AdminToken == (schema.Secret{}) {
		return "", nil
	}
	given, err := secret(o.api.AdminToken, o.env())
	if err == nil {
		err = auth.CheckGiven(given)
	}
	if err != nil {
		return "", fmt.Errorf("config.api.adminToken: %w", err)
	}
	return given, nil
}

// setLog makes the log as talkative as the author's config says, in the format that it names. The schema has checked both.
func (o Options) setLog() {
	if o.level != "" {
		_ = o.Level.UnmarshalText([]byte(o.level))
	}
	if o.format != "" {
		_ = o.Form.Set(o.format)
	}
}

// fixed names the settings that differ from those of another start.
func (o Options) fixed(other Options) []string {
	place := "store.path"
	if shared(o.Store) || shared(other.Store) {
		place = "store.url"
	}
	var differ []string
	for _, s := range []struct{ name, one, two string }{
		{place, o.Store, other.Store},
		{"store.username or store.password", fmt.Sprint(o.storeAt.Username, o.storeAt.Password), fmt.Sprint(other.storeAt.Username, other.storeAt.Password)},
		{"store.lease", o.lease.String(), other.lease.String()},
		{"socket.path", o.Socket, other.Socket},
		{"docker.host", o.DockerHost, other.DockerHost},
		{"log.level", o.level, other.level},
		{"log.format", o.format, other.format},
		{"store.sampleDays", strconv.Itoa(o.sampleDays), strconv.Itoa(other.sampleDays)},
		{"store.rollupDays", strconv.Itoa(o.rollupDays), strconv.Itoa(other.rollupDays)},
		{"store.auditDays", strconv.Itoa(o.auditDays), strconv.Itoa(other.auditDays)},
		{"api.listen", o.Listen, other.Listen},
		{"api.tlsCert or api.tlsKey", o.api.TLSCert + " " + o.api.TLSKey, other.api.TLSCert + " " + other.api.TLSKey},
		{"api.adminToken", secretAt(o.api.AdminToken), secretAt(other.api.AdminToken)},
		{"api.openMetrics", strconv.FormatBool(o.api.OpenMetrics), strconv.FormatBool(other.api.OpenMetrics)},
		{"api.session", o.api.Session.String(), other.api.Session.String()},
	} {
		if s.one != s.two {
			differ = append(differ, s.name)
		}
	}
	return differ
}
