package schema

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/token"

	"github.com/flyball-dev/flyball/engine"
)

// setting is one value of the author's config, and where it stands.
type setting struct {
	value any
	at    token.Position
}

func (s setting) spot() string { return fmt.Sprintf("%s:%d:%d", s.at.Filename, s.at.Line, s.at.Column) }

// readConfig checks one `config` and adds what it sets. Files may share the work, not disagree.
func (l *loading) readConfig(v cue.Value) {
	var w walk
	w.value(v, l.configShape, "config")
	l.readSources(v.LookupPath(pathOf("sources")), &w)
	l.storeRules(v.LookupPath(pathOf("store")), &w)
	l.readNotify(v.LookupPath(pathOf("notify")), &w)
	l.apiRules(v.LookupPath(pathOf("api")), &w)
	for _, section := range l.configShape.names {
		if section == "notify" {
			continue // which has more than single values
		}
		for _, name := range l.configShape.fields[section].names {
			path := join(section, name)
			field := v.LookupPath(pathOf(path))
			if !field.Exists() || !w.sound(join("config", path)) {
				continue
			}
			at := valuePlace(field)
			s := setting{scalar(field), at}
			switch name {
			case "password", "adminToken":
				s.value = reader{v}.secret(path)
			case "openMetrics":
				s.value, _ = field.Bool() // it is sound
			}
			if earlier, ok := l.config[path]; ok && earlier.value != s.value {
				w.report(at, join("config", path), "config.%s is %v, and %v at %s; write it once", path, s.value, earlier.value, earlier.spot())
				continue
			}
			l.config[path] = s
		}
	}
	l.set.Problems = append(l.set.Problems, w.problems...)
}

func (l *loading) settings() Config {
	text := func(path string) string {
		s, _ := l.config[path].value.(string)
		return s
	}
	whole := func(path string) int {
		n, _ := l.config[path].value.(float64)
		return int(n)
	}
	password, _ := l.config["store.password"].value.(Secret)
	lease, _ := duration(l.config["store.lease"].value, 0) // it is sound, or not written
	var memory *int
	if _, written := l.config["limits.minAvailableMemoryMB"]; written {
		n := whole("limits.minAvailableMemoryMB")
		memory = &n
	}
	return Config{
		MaxTotalReplicas:     whole("limits.maxTotalReplicas"),
		MinAvailableMemoryMB: memory,
		DockerHost:           text("docker.host"),
		StorePath:            text("store.path"),
		Store:                SharedStore{URL: text("store.url"), Username: text("store.username"), Password: password, Lease: lease},
		SocketPath:           text("socket.path"),
		LogLevel:             text("log.level"),
		LogFormat:            text("log.format"),
		SampleDays:           whole("store.sampleDays"),
		RollupDays:           whole("store.rollupDays"),
		AuditDays:            whole("store.auditDays"),
		API:                  l.apiWritten(),
		Sources:              l.sourcesWritten(),
		Notify:               l.notifyWritten(),
	}
}

// longestLease is the most time that may pass before another daemon takes over.
const longestLease = 5 * time.Minute

// storeRules hold the store to be in one place, and its secrets to be elsewhere.
func (l *loading) storeRules(v cue.Value, w *walk) {
	at := func(name string) cue.Value { return v.LookupPath(pathOf(name)) }
	path := func(name string) string { return join("config.store", name) }
	sound := func(name string) bool { return at(name).Exists() && w.sound(path(name)) }
	if sound("url") {
		l.storeURL(at("url"), w)
		if at("path").Exists() {
			w.report(labelPlace(at("path")), path("path"), "config.store.path stands beside url; the store is in one place: remove one of them")
		}
	}
	for _, name := range []string{"username", "password"} { // a lease may be that of a store which --store names
		if at(name).Exists() && !at("url").Exists() {
			w.report(labelPlace(at(name)), path(name), "%s is for a Redis, and config.store.url is missing", path(name))
		}
	}
	if sound("password") {
		if s := (reader{v}).secret("password"); (s.Env == "") == (s.File == "") {
			w.report(labelPlace(at("password")), path("password"), "%s names %s; allowed: %s", path("password"),
				map[bool]string{true: "neither env nor file", false: "both env and file"}[s == Secret{}], l.sourceShape.fields["password"].words())
		}
	}
	if at("username").Exists() && !at("password").Exists() {
		w.report(labelPlace(at("username")), path("username"), "%s stands without password; write both", path("username"))
	}
	if sound("lease") {
		if length := (reader{v}).time("lease", 0); length > longestLease {
			w.report(valuePlace(at("lease")), path("lease"), "%s is %s; allowed: a duration from 2s to 5m", path("lease"), engine.Short(length))
		}
	}
}

// storeURL holds the address of a store to be one, without a secret in it.
func (l *loading) storeURL(v cue.Value, w *walk) {
	text, _ := scalar(v).(string)
	const path = "config.store.url"
	u, err := url.Parse(text)
	switch {
	case err != nil && !strings.Contains(text, ","): // which quotes the address, with what may be a secret in it
		w.report(valuePlace(v), path, "%s is not an address; allowed: one such as redis://redis:6379/0", path)
	case err == nil && u.User != nil || strings.Contains(text, "@"):
		w.report(valuePlace(v), path, `%s holds a user or a password; write username: "…" and password: {env: "NAME"} beside it`, path)
	}
}
