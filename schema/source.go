package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"cuelang.org/go/cue"

	"github.com/flyball-dev/flyball/engine"
)

// sourceWritten is a source as the author wrote it.
type sourceWritten struct {
	source Source
	sound  bool
	spot   string
}

// sourceFields are what each type of source has beside its type, and which of them it can't do without.
var sourceFields = map[string]struct{ needs, has []string }{
	"prometheus": {[]string{"url"}, []string{"url", "username", "password", "token", "timeout", "atOnce"}},
	"scrape":     {nil, []string{"port", "path", "token", "timeout"}},
	"redis":      {[]string{"url"}, []string{"url", "username", "password", "timeout", "atOnce"}},
	"sql":        {[]string{"driver", "dsn"}, []string{"driver", "dsn", "timeout", "atOnce"}},
	"http":       {[]string{"url"}, []string{"url", "username", "password", "token", "timeout", "atOnce"}},
	"push":       {},
}

// longestAnswer is the most time that a source may be given.
const longestAnswer = time.Minute

// readSources checks the sources of one config and adds them. Files may set up different sources, or the same one alike.
func (l *loading) readSources(v cue.Value, w *walk) {
	iter, err := v.Fields()
	if err != nil {
		return // there are none, or the walk has said what is wrong
	}
	for iter.Next() {
		name, path := iter.Selector().Unquoted(), join("config.sources", iter.Selector().Unquoted())
		at := labelPlace(iter.Value())
		written := &sourceWritten{spot: fmt.Sprintf("%s:%d:%d", at.Filename, at.Line, at.Column)}
		switch {
		case name == "system" || name == "custom":
			w.report(at, path, "%s is flyball's own (system is Docker, custom is computed); call the source something else", path)
		case !l.sourceName.accepts(l.ctx.Encode(name)):
			w.report(at, path, "source %q; allowed: a name of letters, digits, dashes and underscores that does not begin with a digit", abridge(name))
		case w.sound(path):
			full := l.source.Unify(iter.Value())
			written.source = reader{full}.source(name)
			l.sourceRules(written.source, iter.Value(), path, w)
		}
		written.sound = w.sound(path)
		if earlier := l.sources[name]; earlier != nil && earlier.source != written.source {
			w.report(at, path, "%s is set up otherwise at %s; write it once", path, earlier.spot)
		}
		l.sources[name] = written
	}
}

// sourceRules hold a source to what its type has, and its secrets to be elsewhere.
func (l *loading) sourceRules(s Source, v cue.Value, path string, w *walk) {
	fields := sourceFields[s.Type]
	all := "it has nothing but its type"
	if len(fields.has) > 0 {
		all = "it has " + strings.Join(fields.has, ", ")
	}
	place := func(name string) (at cue.Value) { return v.LookupPath(pathOf(name)) }
	for name := range l.sourceShape.fields {
		if name != "type" && place(name).Exists() && !slices.Contains(fields.has, name) {
			w.report(labelPlace(place(name)), join(path, name), "%s: a source of type %s has no %s; %s", path, s.Type, name, all)
		}
	}
	for _, name := range fields.needs {
		if !place(name).Exists() {
			w.report(labelPlace(v), join(path, name), "%s is missing; a source of type %s needs %s", join(path, name), s.Type, strings.Join(fields.needs, " and "))
		}
	}
	for name, secret := range map[string]Secret{"dsn": s.DSN, "password": s.Password, "token": s.Token} {
		if place(name).Exists() && (secret.Env == "") == (secret.File == "") {
			w.report(labelPlace(place(name)), join(path, name), "%s names %s; allowed: %s", join(path, name),
				map[bool]string{true: "neither env nor file", false: "both env and file"}[secret == Secret{}], l.sourceShape.fields[name].words())
		}
	}
	if s.Username != "" && s.Password == (Secret{}) || s.Username == "" && s.Password != (Secret{}) && s.Type != "redis" {
		w.report(labelPlace(v), path, "%s: username and password go together; write both", path)
	}
	if s.Username != "" && s.Token != (Secret{}) {
		w.report(labelPlace(place("token")), join(path, "token"), "%s stands beside username; flyball is known in one way: remove one of them", join(path, "token"))
	}
	if s.Timeout > longestAnswer {
		w.report(valuePlace(place("timeout")), join(path, "timeout"), "%s is %s; allowed: %s", join(path, "timeout"), engine.Short(s.Timeout), l.sourceShape.fields["timeout"].words())
	}
	l.sourceURL(s, place("url"), join(path, "url"), w)
}

// sourceURL holds an address to those that its type of source has, without a secret in it.
func (l *loading) sourceURL(s Source, v cue.Value, path string, w *walk) {
	if s.URL == "" {
		return
	}
	schemes := []string{"http", "https"}
	if s.Type == "redis" {
		schemes = []string{"redis", "rediss"}
	}
	u, err := url.Parse(s.URL)
	switch {
	case err != nil: // which quotes the address, with what may be a secret in it
		w.report(valuePlace(v), path, "%s is not an address; allowed: %s", path, l.sourceShape.fields["url"].words())
	case u.User != nil:
		w.report(valuePlace(v), path, `%s holds a user or a password; write username: "…" and password: {env: "NAME"} beside it`, path)
	case s.Type != "http" && (u.RawQuery != "" || u.ForceQuery || u.Fragment != ""):
		w.report(valuePlace(v), path, "%s has a ? or # in it; allowed for type %s: an address without", path, s.Type)
	case !slices.Contains(schemes, u.Scheme) || u.Host == "":
		w.report(valuePlace(v), path, "%s begins with %q; allowed for type %s: an address that begins with %s://", path, u.Scheme+"://", s.Type, strings.Join(schemes, ":// or "))
	}
}

// origin tells one set-up of a source from another, as far as that may change what it says.
func (s Source) origin() string {
	s.Timeout, s.AtOnce = 0, 0
	text, err := json.Marshal(s)
	if err != nil {
		return "" // texts and numbers only: it can't fail
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:4])
}

func (r reader) source(name string) Source {
	return Source{
		Name: name, Type: r.text("type"), URL: r.text("url"), Driver: r.text("driver"), DSN: r.secret("dsn"),
		Port: r.whole("port"), Path: r.text("path"), Username: r.text("username"), Password: r.secret("password"), Token: r.secret("token"),
		Timeout: r.time("timeout", 0), AtOnce: r.whole("atOnce"),
	}
}

func (r reader) secret(path string) Secret {
	return Secret{Env: r.text(path + ".env"), File: r.text(path + ".file")}
}

// sourcesWritten are the sources without an error.
func (l *loading) sourcesWritten() []Source {
	var all []Source
	for _, name := range slices.Sorted(maps.Keys(l.sources)) {
		if s := l.sources[name]; s.sound {
			all = append(all, s.source)
		}
	}
	return all
}
