package schema

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"cuelang.org/go/cue"

	"github.com/flyball-dev/flyball/engine"
)

// Nowhere is the address of a daemon that answers at its socket only.
const Nowhere = "none"

// Listens says whether an address is one to listen at: HOST:PORT, where no host means all, or none.
func Listens(address string) bool {
	host, port, err := net.SplitHostPort(address)
	n, number := strconv.Atoi(port)
	return address == Nowhere || err == nil && number == nil && n >= 0 && n <= 65535 && !strings.ContainsAny(host, "/ \t\n")
}

// apiRules hold the API to what belongs together, and its secret to be elsewhere.
func (l *loading) apiRules(v cue.Value, w *walk) {
	at := func(name string) cue.Value { return v.LookupPath(pathOf(name)) }
	path := func(name string) string { return join("config.api", name) }
	sound := func(name string) bool { return at(name).Exists() && w.sound(path(name)) }
	if text, _ := scalar(at("listen")).(string); sound("listen") && !Listens(text) {
		w.report(valuePlace(at("listen")), path("listen"), "%s is %q; allowed: %s", path("listen"), abridge(text), l.configShape.find("api.listen").words())
	}
	for one, other := range map[string]string{"tlsCert": "tlsKey", "tlsKey": "tlsCert"} {
		if at(one).Exists() && !at(other).Exists() {
			w.report(labelPlace(at(one)), path(one), "%s stands without %s; write both", path(one), other)
		}
	}
	if sound("adminToken") {
		if s := (reader{v}).secret("adminToken"); (s.Env == "") == (s.File == "") {
			w.report(labelPlace(at("adminToken")), path("adminToken"), "%s names %s; allowed: %s", path("adminToken"),
				map[bool]string{true: "neither env nor file", false: "both env and file"}[s == Secret{}], l.configShape.find("api.adminToken").words())
		}
	}
}

// apiWritten is what is sound of it.
func (l *loading) apiWritten() API {
	text := func(name string) string {
		s, _ := l.config["api."+name].value.(string)
		return s
	}
	var session time.Duration
	if written, ok := l.config["api.session"]; ok {
		session, _ = duration(written.value, 0) // it is sound
	}
	secret, _ := l.config["api.adminToken"].value.(Secret)
	open, _ := l.config["api.openMetrics"].value.(bool)
	return API{
		Listen: text("listen"), TLSCert: text("tlsCert"), TLSKey: text("tlsKey"), Authz: text("authz"),
		AdminToken: secret, OpenMetrics: open, Session: session,
	}
}

// findAuthz takes the rules of access, and their tests, out of those of strategies. They may lie elsewhere.
func (l *loading) findAuthz() {
	setting, written := l.config["api.authz"]
	if !written || l.root == "" {
		return
	}
	name, _ := setting.value.(string)
	if !filepath.IsAbs(name) {
		name = filepath.Join(l.root, name)
	}
	take := func(from *[]RegoFile, name string) (taken []RegoFile) {
		*from = slices.DeleteFunc(*from, func(f RegoFile) bool {
			same := filepath.Clean(f.Path) == name || absolute(f.Path) == name
			if same {
				taken = append(taken, f)
			}
			return same
		})
		return taken
	}
	name = filepath.Clean(name)
	tests := take(&l.set.Tests, strings.TrimSuffix(name, ".rego")+"_test.rego")
	if found := take(&l.set.Rules, name); found != nil {
		l.set.Authz = Authz{found[0], tests}
		return
	}
	text, err := readFile(name)
	if err != nil {
		l.set.Problems = append(l.set.Problems, engine.Problem{File: setting.at.Filename, Line: setting.at.Line, Column: setting.at.Column,
			Path: "config.api.authz", Message: fmt.Sprintf("config.api.authz is %s, which %s", name, reason(err))})
		return
	}
	if problem := screen(name, text); problem != nil {
		l.set.Problems = append(l.set.Problems, *problem)
		return
	}
	l.set.Authz = Authz{RegoFile{name, text}, tests}
	l.set.Files = append(l.set.Files, name)
}

func absolute(path string) string {
	found, _ := filepath.Abs(path) // empty where it can't be found, which is no path
	return found
}
