package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/schema"
)

// Policies lists those that are at work, and those that came by the API and are left out.
func (a *App) Policies(context.Context) ([]api.Policy, error) { return overview(a.set(), a.mode), nil }

// Policy is one of them.
func (a *App) Policy(_ context.Context, name string) (api.Policy, error) {
	return found(overview(a.set(), a.mode), name)
}

// Policies lists those on disk, and those in the store.
func (f *Offline) Policies(context.Context) ([]api.Policy, error) {
	return overview(f.loaded(), unchanged), nil
}

// Policy is one of them.
func (f *Offline) Policy(_ context.Context, name string) (api.Policy, error) {
	return found(overview(f.loaded(), unchanged), name)
}

func (f *Offline) loaded() Loaded { return Loaded{Set: f.set, documents: f.documents} }

func unchanged(p engine.Policy) engine.Policy { return p }

// overview is the policies of a set as they are told of, by name; those in files before those that came by the API.
func overview(l Loaded, mode func(engine.Policy) engine.Policy) []api.Policy {
	all := []api.Policy{}
	warned := map[string][]string{}
	for _, w := range l.Warnings() {
		warned[w.Policy] = append(warned[w.Policy], w.Message)
	}
	for _, p := range l.Policies {
		p = mode(p)
		about := api.About{
			Name: p.Name, Service: p.Service, Source: api.FromFile, Place: p.File, Revision: p.Revision,
			Enabled: p.Enabled, Mode: p.Mode, Warnings: warned[p.Name],
		}
		body := l.Written[p.Name]
		if slices.Contains(l.Posted, p.Name) {
			d := l.document(p.Name)
			body, about = d.Body, cameBy(about, d)
		}
		all = append(all, toldOf(body, about))
	}
	for _, left := range l.Left {
		d := l.document(left.Name)
		var says struct {
			Service string
			Enabled bool
			Mode    engine.Mode
		}
		_ = json.Unmarshal(d.Body, &says) // what can't be read of it is why it is left out
		about := cameBy(api.About{Name: d.Name, Service: says.Service, Enabled: says.Enabled, Mode: says.Mode, LeftOut: why(left)}, d)
		if about.Mode == "" {
			about.Mode = engine.Live
		}
		all = append(all, toldOf(d.Body, about))
	}
	slices.SortStableFunc(all, func(a, b api.Policy) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// document is the one of a name; the zero one where there is none.
func (l Loaded) document(name string) store.Document {
	for _, d := range l.documents {
		if d.Name == name {
			return d
		}
	}
	return store.Document{Name: name}
}

func cameBy(about api.About, d store.Document) api.About {
	about.Source, about.Place, about.Actor, about.ETag = api.FromAPI, "", d.Actor, etag(d.Version)
	if !d.At.IsZero() {
		about.At = &d.At
	}
	return about
}

// toldOf is a policy with its name in it.
func toldOf(body []byte, about api.About) api.Policy {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil || len(fields) == 0 {
		body = []byte(`{}`)
	}
	if about.ETag == "" {
		about.ETag = etag(versionOf(body))
	}
	if _, says := fields["name"]; !says {
		rest := bytes.TrimPrefix(bytes.TrimSpace(body), []byte("{"))
		comma := ","
		if len(fields) == 0 {
			comma = ""
		}
		body = fmt.Appendf(nil, `{"name":%q%s%s`, about.Name, comma, rest)
	}
	return api.Policy{Body: body, About: about}
}

func found(all []api.Policy, name string) (api.Policy, error) {
	var names []string
	for _, p := range all {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return api.Policy{}, noPolicy(name, names)
}

func noPolicy(name string, there []string) error {
	mend := "there is none at all"
	if near := engine.Nearest(name, there); near != "" {
		mend = fmt.Sprintf("did you mean %q?", near)
	} else if len(there) > 0 {
		mend = "there is " + strings.Join(slices.Compact(there), ", ")
	}
	return refusal(http.StatusNotFound, "there is no policy %s; %s", name, mend)
}

// versionOf tells one body from another.
func versionOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:16])
}

// etag is a version as HTTP writes it.
func etag(version string) string { return `"` + version + `"` }

// matches says whether an If-Match names an ETag, which may stand without its quotes. A weak one never does.
func matches(match, etag string) bool {
	for one := range strings.SplitSeq(match, ",") {
		if one = strings.TrimSpace(one); one == "*" || one == etag || `"`+one+`"` == etag {
			return true
		}
	}
	return false
}

// leftOut are the posted policies that are not at work, as status tells of them.
func leftOut(of []schema.Left) []api.LeftOut {
	var all []api.LeftOut
	for _, l := range of {
		all = append(all, api.LeftOut{Policy: l.Name, Reason: why(l)})
	}
	return all
}
