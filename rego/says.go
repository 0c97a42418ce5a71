package rego

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"

	"github.com/flyball-dev/flyball/engine"
)

// Package is what a Rego package of the author's says, without comments, layout, order and the files that it stands in.
type Package struct {
	Name  string
	Files []string
	Rules map[string]string // by name: the text of all rules of that name, and under import what is imported
	Lines map[string]string // by name: the same as people read it, formatted
}

// Says is what a policy's own rules say: the packages that it names, and those of the author's that they refer to. It leaves
// out files that can't be parsed, of which Compile tells.
func Says(rules []File, p engine.Policy) []Package {
	modules, _ := parse(rules)
	reached := map[string]*ast.Module{}
	for _, pkg := range own(p) {
		maps.Copy(reached, reach(modules, pkg))
	}
	texts, lines := map[string]map[string][]string{}, map[string]map[string][]string{}
	files := map[string][]string{}
	for _, file := range slices.Sorted(maps.Keys(reached)) {
		m := reached[file]
		name := packageName(m)
		if name == "flyball" || strings.HasPrefix(name, "flyball.") {
			continue
		}
		if files[name] = append(files[name], file); texts[name] == nil {
			texts[name], lines[name] = map[string][]string{}, map[string][]string{}
		}
		for _, i := range m.Imports {
			texts[name]["import"] = append(texts[name]["import"], i.String())
			lines[name]["import"] = append(lines[name]["import"], formatted(i))
		}
		for _, r := range m.Rules {
			head := r.Head.Ref().GroundPrefix().String()
			texts[name][head] = append(texts[name][head], r.String())
			lines[name][head] = append(lines[name][head], formatted(r))
		}
	}
	var said []Package
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		one := Package{Name: name, Files: files[name], Rules: map[string]string{}, Lines: map[string]string{}}
		for head := range texts[name] {
			one.Rules[head] = joined(texts[name][head])
			one.Lines[head] = joined(lines[name][head])
		}
		said = append(said, one)
	}
	return said
}

// joined are texts in an order that does not depend on where they stand, each once.
func joined(texts []string) string {
	slices.Sort(texts)
	return strings.Join(slices.Compact(texts), "\n")
}

// formatted is a rule or an import as opa fmt writes it.
func formatted(node fmt.Stringer) string {
	text, err := format.Ast(node)
	if err != nil {
		return node.String() // which says the same on one line
	}
	return strings.TrimSpace(string(text))
}
