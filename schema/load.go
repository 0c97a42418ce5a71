package schema

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"cuelang.org/go/cue"

	"github.com/flyball-dev/flyball/engine"
)

// Load reads a file, or a folder and the folders in it. CUE files of one folder and package merge; each JSON or YAML
// file stands alone. Hidden files, cue.mod, Compose files, and snapshots for `flyball eval` are left out of a folder.
//
// Posted policies are held to the same, and against those in files and those before them. One with an error is left out.
//
// The error is for a path that could not be read at all. All else that is wrong is in Problems.
func Load(path string, queries Queries, posted ...Posted) (Set, error) {
	files, problems, err := collect(path)
	if err != nil {
		return Set{}, err
	}
	folder := len(files) != 1 || files[0].path != path
	if !folder && files[0].kind == archiveFile {
		return loadArchive(files[0], queries, posted...)
	}
	root := path
	if !folder {
		root = filepath.Dir(path)
	}
	set, err := check(files, root, folder, queries, posted...)
	if err != nil {
		return Set{}, err
	}
	set.Problems = append(set.Problems, problems...)
	rego := !folder && len(set.Rules)+len(set.Tests)+len(set.Scenarios) > 0
	if !rego && len(set.Policies) == 0 && reflect.DeepEqual(set.Config, Config{}) && len(set.Errors()) == 0 {
		set.Problems = append(set.Problems, engine.Problem{File: path, Warning: true, Rule: "no-policies",
			Message: "no policies here; write one in a .cue, .json or .yaml file"})
	}
	set.Problems = arrange(set.Problems)
	return set, nil
}

// Decode reads one JSON text, such as the body of a request. name stands for the file in problems.
func Decode(name string, text []byte, queries Queries) (Set, error) {
	return check([]file{{path: name, kind: jsonFile, text: text}}, "", false, queries)
}

// loading is one run over files.
type loading struct {
	*rulebook
	set      Set
	policies []*written
	config   map[string]setting
	sources  map[string]*sourceWritten
	notify   notifyWritten
	queries  Queries
	root     string // the folder that all is below; empty: there is none
	folder   bool   // a folder was asked for, which may hold files of other tools
}

func check(files []file, root string, folder bool, queries Queries, posted ...Posted) (Set, error) {
	rules, err := newRulebook()
	if err != nil {
		return Set{}, err
	}
	l := loading{rulebook: rules, config: map[string]setting{}, sources: map[string]*sourceWritten{}, queries: queries, root: root, folder: folder}
	var cues []file
	for _, f := range files {
		l.set.Files = append(l.set.Files, f.path)
		if p := screen(f.path, f.text); p != nil {
			l.set.Problems = append(l.set.Problems, *p)
			continue
		}
		switch f.kind {
		case cueFile:
			cues = append(cues, f)
		case jsonFile, yamlFile:
			l.data(f)
		case ruleFile:
			l.set.Rules = append(l.set.Rules, RegoFile{Path: f.path, Text: f.text})
		case testFile:
			l.set.Tests = append(l.set.Tests, RegoFile{Path: f.path, Text: f.text})
		case scenarioFile, archiveFile:
			l.set.Scenarios = append(l.set.Scenarios, f.path)
		}
	}
	l.units(cues)
	for _, p := range posted {
		l.post(p)
	}
	l.finish()
	return l.set, nil
}

func (l *loading) units(files []file) {
	groups, problems := units(files)
	l.set.Problems = append(l.set.Problems, problems...)
	for _, u := range groups {
		v, imported, problems := l.build(u)
		for _, f := range imported {
			l.set.Files = append(l.set.Files, f.path)
		}
		if len(problems) > 0 {
			l.set.Problems = append(l.set.Problems, problems...)
			continue
		}
		l.document(v, u.files[0].path)
	}
}

func (l *loading) data(f file) {
	expr, problems := parseData(f)
	if len(problems) > 0 {
		l.set.Problems = append(l.set.Problems, problems...)
		return
	}
	v := l.ctx.BuildExpr(expr)
	if dialect := v.LookupPath(pathOf("$schema")); dialect.Exists() && l.folder {
		return // a JSON Schema, such as those that flyball init --rules lays down
	}
	if services := v.LookupPath(pathOf("services")); services.Exists() && !v.LookupPath(pathOf("policies")).Exists() {
		if l.folder {
			return
		}
		p := labelPlace(services)
		l.set.Problems = append(l.set.Problems, engine.Problem{File: f.path, Line: p.Line, Column: p.Column,
			Message: "this is a snapshot or a Compose file (it has services); allowed: a file of policies"})
		return
	}
	l.document(v, f.path)
}

// document reads what one file of data, or one unit of CUE files, says at its top level.
func (l *loading) document(v cue.Value, path string) {
	before := l.errors()
	w := l.topLevel(v, path)
	l.set.Problems = append(l.set.Problems, w.problems...)
	// What CUE can't make sense of, such as a structure without end, may not show up field by field.
	if err := v.Validate(); err != nil && l.errors() == before {
		l.set.Problems = append(l.set.Problems, syntaxProblems(path, err)...)
	}
}

func (l *loading) errors() int {
	count := len(l.set.Errors())
	for _, w := range l.policies {
		for _, p := range w.problems {
			if !p.Warning {
				count++
			}
		}
	}
	return count
}

func (l *loading) topLevel(v cue.Value, path string) (w walk) {
	if k := v.IncompleteKind(); k != cue.StructKind && k != cue.BottomKind {
		p := v.Pos().Position()
		p.Filename = path
		w.report(p, "", "the file is %s; allowed: a struct with policies, or one policy", found(v))
		return w
	}
	iter, err := v.Fields()
	if err != nil {
		w.conflict(v, "")
		return w
	}
	var names []string
	for iter.Next() {
		names = append(names, iter.Selector().Unquoted())
	}
	if config := v.LookupPath(pathOf("config")); config.Exists() {
		l.readConfig(config)
	}
	if policies := v.LookupPath(pathOf("policies")); policies.Exists() {
		l.readPolicies(policies, &w)
	} else if slices.ContainsFunc(names, func(name string) bool { return l.policyShape.fields[name] != nil }) {
		l.policies = append(l.policies, l.readBody(v))
		return w
	}
	top := &shape{names: []string{"policies", "config"}}
	for _, name := range names {
		if !slices.Contains(top.names, name) {
			w.unknown(v.LookupPath(cue.MakePath(cue.Str(name))), top, "", name)
		}
	}
	return w
}

func (l *loading) readPolicies(v cue.Value, w *walk) {
	kind := v.IncompleteKind()
	if kind == cue.BottomKind {
		kind = brokenKind(v)
	}
	switch kind {
	case cue.StructKind:
		iter, err := v.Fields()
		if err != nil {
			w.conflict(v, "policies")
			return
		}
		for iter.Next() {
			l.policies = append(l.policies, l.readPolicy(iter.Value(), iter.Selector().Unquoted()))
		}
	case cue.ListKind:
		for _, element := range elements(v) {
			l.policies = append(l.policies, l.readPolicy(element, ""))
		}
	case cue.BottomKind:
		w.conflict(v, "policies")
	case cue.NullKind:
		w.report(valuePlace(v), "policies", "policies has no value; allowed: a struct of policies by name, or a list of policies")
	default:
		w.report(valuePlace(v), "policies", "policies is %s; allowed: a struct of policies by name, or a list of policies", found(v))
	}
}

// finish holds the policies against each other and keeps those that nothing is wrong with.
func (l *loading) finish() {
	l.set.Written, l.set.Asks = map[string]Body{}, map[string][]Ask{}
	for _, w := range l.policies {
		l.asks(w)
	}
	l.rivals()
	l.leaveOut()
	l.capacity()
	for _, w := range l.policies {
		w.exempt()
	}
	for _, w := range l.policies {
		l.set.Problems = append(l.set.Problems, w.problems...)
		if !w.broken() {
			if w.api {
				l.set.Posted = append(l.set.Posted, w.policy.Name)
			}
			l.set.Policies = append(l.set.Policies, w.policy)
			l.set.Asks[w.policy.Name] = w.named()
			if body, err := w.body(); err == nil {
				l.set.Written[w.policy.Name] = body
			}
		}
	}
	slices.SortFunc(l.set.Policies, func(a, b engine.Policy) int { return strings.Compare(a.Name, b.Name) })
	l.set.Config = l.settings()
	l.findAuthz()
	l.set.Problems = arrange(l.set.Problems)
	slices.Sort(l.set.Posted)
	slices.Sort(l.set.Files)
	l.set.Files = slices.Compact(l.set.Files)
}

// rivals holds each policy against those written before it: names are unique, and of the enabled live policies only one
// may act on a service, whether compose or compose-cli carries it out. The same Compose service in two projects is two
// services; a policy that names no project may turn out to mean the other's.
func (l *loading) rivals() {
	named, acting := map[string]*written{}, map[string][]*written{}
	for _, w := range l.policies {
		p := w.policy
		if w.api && w.broken() {
			continue // which stands in nobody's way
		}
		if w.sound("name") && p.Name != "" {
			if earlier, ok := named[p.Name]; ok {
				w.rival = true
				w.say(w.place("name"), "name", "a policy is called %q already, at %s; rename one", p.Name, earlier.spot("name"))
			} else {
				named[p.Name] = w
			}
		}
		if !w.sound("service", "target", "enabled", "mode") || !p.Enabled || p.Mode != engine.Live {
			continue
		}
		scaled := engine.Place{Driver: p.Target.Driver}.Service(p.Service)
		rival := slices.IndexFunc(acting[scaled], func(earlier *written) bool {
			theirs := earlier.policy.Target.Project
			return theirs == p.Target.Project || theirs == "" || p.Target.Project == ""
		})
		if rival < 0 {
			acting[scaled] = append(acting[scaled], w)
			continue
		}
		earlier := acting[scaled][rival]
		w.rival = true
		mend := `disable one, or give it mode: "shadow"`
		if earlier.policy.Target.Project != p.Target.Project {
			mend += ", or name a target.project in both"
		}
		w.say(w.place("service"), "service", "policies %q and %q are both enabled and live on service %q (the other is at %s); %s",
			earlier.policy.Name, p.Name, p.Service, earlier.spot("service"), mend)
	}
}

func (w *written) spot(path string) string {
	p := w.place(path)
	return fmt.Sprintf("%s:%d:%d", filepath.ToSlash(p.Filename), p.Line, p.Column)
}
