package schema

import (
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"cuelang.org/go/cue"

	"github.com/flyball-dev/flyball/engine"
)

// Notify is who is told what happens, as the author set it up.
type Notify struct {
	Receivers []Receiver // sorted by name
	Allow     []string   // ranges, addresses and hosts
	Heartbeat Heartbeat  // Every 0: there is none
}

// Receiver is one who is told.
type Receiver struct {
	Name     string
	URL      string // or where it is
	URLFrom  Secret
	Format   string   // empty: by the address
	Kinds    []string // empty: those of the format
	Services []string // empty: all
	Secret   Secret
	Timeout  time.Duration
}

// Heartbeat is one who waits to hear that flyball is alive.
type Heartbeat struct {
	URL     string
	URLFrom Secret
	Every   time.Duration
}

// notifyWritten is what configs say of it.
type notifyWritten struct {
	receivers map[string]receiverWritten
	allow     []string
	heartbeat Heartbeat
	beatSpot  string
}

type receiverWritten struct {
	receiver Receiver
	sound    bool
	spot     string
}

const (
	longestAttempt = 15 * time.Second
	longestBeat    = 24 * time.Hour
)

// readNotify checks and adds what one config says of who is told. Files may name different receivers, or the same one alike; what
// they allow adds up.
func (l *loading) readNotify(v cue.Value, w *walk) {
	l.readAllow(v.LookupPath(pathOf("allow")), w)
	l.readHeartbeat(v.LookupPath(pathOf("heartbeat")), w)
	iter, err := v.LookupPath(pathOf("receivers")).Fields()
	if err != nil {
		return // there are none, or the walk has said what is wrong
	}
	if l.notify.receivers == nil {
		l.notify.receivers = map[string]receiverWritten{}
	}
	for iter.Next() {
		name, path := iter.Selector().Unquoted(), join("config.notify.receivers", iter.Selector().Unquoted())
		at := labelPlace(iter.Value())
		written := receiverWritten{spot: fmt.Sprintf("%s:%d:%d", at.Filename, at.Line, at.Column)}
		switch {
		case !l.sourceName.accepts(l.ctx.Encode(name)):
			w.report(at, path, "receiver %q; allowed: a name of letters, digits, dashes and underscores that does not begin with a digit", abridge(name))
		case w.sound(path):
			written.receiver = reader{l.receiver.Unify(iter.Value())}.receiver(name)
			l.receiverRules(written.receiver, iter.Value(), path, w)
		}
		written.sound = w.sound(path)
		if earlier, there := l.notify.receivers[name]; there && !reflect.DeepEqual(earlier.receiver, written.receiver) {
			w.report(at, path, "%s is set up otherwise at %s; write it once", path, earlier.spot)
		}
		l.notify.receivers[name] = written
	}
}

// receiverRules hold a receiver to have one address and a secret that signs something.
func (l *loading) receiverRules(r Receiver, v cue.Value, path string, w *walk) {
	l.address(v, path, r.URL, r.URLFrom, w)
	secret := v.LookupPath(pathOf("secret"))
	if secret.Exists() {
		l.whereabouts(r.Secret, secret, join(path, "secret"), w)
		if r.Format != "" && r.Format != "json" && r.Format != "cloudevents" {
			w.report(labelPlace(secret), join(path, "secret"), "%s stands beside format %s, whose receivers check no signature; remove it", join(path, "secret"), r.Format)
		}
	}
	if r.Timeout > longestAttempt {
		at := v.LookupPath(pathOf("timeout"))
		w.report(valuePlace(at), join(path, "timeout"), "%s is %s; allowed: a duration from 1s to 15s", join(path, "timeout"), engine.Short(r.Timeout))
	}
}

// address holds somebody who is called to have one.
func (l *loading) address(v cue.Value, path, text string, from Secret, w *walk) {
	at := func(name string) cue.Value { return v.LookupPath(pathOf(name)) }
	switch {
	case at("url").Exists() && at("urlFrom").Exists():
		w.report(labelPlace(at("urlFrom")), join(path, "urlFrom"), "%s stands beside url; it has one address: remove one of them", join(path, "urlFrom"))
	case at("urlFrom").Exists():
		l.whereabouts(from, at("urlFrom"), join(path, "urlFrom"), w)
	case !at("url").Exists():
		w.report(labelPlace(v), join(path, "url"), `%s is missing; write url: "https://…", or urlFrom: {env: "NAME"}`, join(path, "url"))
	default:
		if u, err := url.Parse(text); err != nil || u.Host == "" { // the error would quote the address
			w.report(valuePlace(at("url")), join(path, "url"), "%s is not an address; allowed: one such as https://hooks.example.com/flyball", join(path, "url"))
		}
	}
}

// whereabouts hold a secret to be in one place.
func (l *loading) whereabouts(s Secret, v cue.Value, path string, w *walk) {
	if (s.Env == "") == (s.File == "") {
		w.report(labelPlace(v), path, "%s names %s; allowed: %s", path,
			map[bool]string{true: "neither env nor file", false: "both env and file"}[s == Secret{}], l.sourceShape.fields["password"].words())
	}
}

func (l *loading) readHeartbeat(v cue.Value, w *walk) {
	const path = "config.notify.heartbeat"
	if !v.Exists() || !w.sound(path) {
		return
	}
	r := reader{l.heartbeat.Unify(v)}
	beat := Heartbeat{URL: r.text("url"), URLFrom: r.secret("urlFrom"), Every: r.time("every", 0)}
	l.address(v, path, beat.URL, beat.URLFrom, w)
	if every := v.LookupPath(pathOf("every")); beat.Every > longestBeat {
		w.report(valuePlace(every), join(path, "every"), "%s is %s; allowed: a duration from 5s to 24h", join(path, "every"), engine.Short(beat.Every))
	}
	at := labelPlace(v)
	if l.notify.beatSpot != "" && l.notify.heartbeat != beat {
		w.report(at, path, "%s is set up otherwise at %s; write it once", path, l.notify.beatSpot)
	}
	if w.sound(path) {
		l.notify.heartbeat, l.notify.beatSpot = beat, fmt.Sprintf("%s:%d:%d", at.Filename, at.Line, at.Column)
	}
}

func (l *loading) readAllow(v cue.Value, w *walk) {
	for i, one := range elements(v) {
		path := fmt.Sprintf("config.notify.allow[%d]", i)
		text, _ := scalar(one).(string)
		if !w.sound(path) {
			continue
		}
		if !callable(text) {
			w.report(valuePlace(one), path, "%s is %q; allowed: a range such as 10.0.0.0/8, an address, or the name of a host, without a port", path, abridge(text))
			continue
		}
		if !slices.Contains(l.notify.allow, text) {
			l.notify.allow = append(l.notify.allow, text)
		}
	}
}

// callable says whether a text is a range, an address or the name of a host.
func callable(text string) bool {
	if strings.Contains(text, "/") {
		r, err := netip.ParsePrefix(text)
		return err == nil && !r.Addr().Is4In6()
	}
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	digits := regexp.MustCompile(`^[0-9.]+$`)
	name := regexp.MustCompile(`^[0-9A-Za-z_-]{1,63}(\.[0-9A-Za-z_-]{1,63})*\.?$`)
	return !digits.MatchString(text) && name.MatchString(text) && len(text) <= 253
}

func (r reader) receiver(name string) Receiver {
	return Receiver{
		Name: name, URL: r.text("url"), URLFrom: r.secret("urlFrom"), Format: r.text("format"), Kinds: r.texts("kinds"),
		Services: r.texts("services"), Secret: r.secret("secret"), Timeout: r.time("timeout", 0),
	}
}

// notifyWritten is what was written without an error.
func (l *loading) notifyWritten() Notify {
	n := Notify{Allow: l.notify.allow, Heartbeat: l.notify.heartbeat}
	for _, name := range slices.Sorted(maps.Keys(l.notify.receivers)) {
		if r := l.notify.receivers[name]; r.sound {
			n.Receivers = append(n.Receivers, r.receiver)
		}
	}
	return n
}
