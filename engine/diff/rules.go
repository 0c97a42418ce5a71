package diff

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// rules are the packages that say something else. What they say is shown by a short hash, as the revision of a policy is.
func rules(old, new []Package) []Change {
	was, is := byPackage(old), byPackage(new)
	all := maps.Clone(was)
	maps.Copy(all, is)
	var found []Change
	for _, name := range slices.Sorted(maps.Keys(all)) {
		names := otherwise(was[name].Rules, is[name].Rules)
		if len(names) == 0 {
			continue
		}
		found = append(found, Change{
			Field: "rules[" + name + "]", Old: was[name].hash(), New: is[name].hash(),
			Means: fmt.Sprintf("%s: another %s", strings.Join(all[name].Files, ", "), strings.Join(names, ", ")),
			Lines: lines(was[name].Lines, is[name].Lines, names),
		})
	}
	return found
}

func byPackage(packages []Package) map[string]Package {
	all := map[string]Package{}
	for _, p := range packages {
		all[p.Name] = p
	}
	return all
}

// otherwise are the names of the rules that differ.
func otherwise(old, new map[string]string) []string {
	all := maps.Clone(old)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, new)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(name string) bool { return old[name] == new[name] })
}

// lines is the difference of rules, by their names, a line each.
func lines(old, new map[string]string, names []string) []string {
	const head = 3 // lines that name the two sides
	var all []string
	for _, name := range names {
		text := string(diff.Diff("old", ended(old[name]), "new", ended(new[name])))
		for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
			if i >= head && !strings.HasPrefix(line, "@@ ") {
				all = append(all, line)
			}
		}
	}
	return all
}

func ended(text string) []byte {
	if text == "" {
		return nil
	}
	return []byte(text + "\n")
}

// hash is nil for a package that is not there.
func (p Package) hash() any {
	if len(p.Rules) == 0 {
		return nil
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(p.Rules)) {
		fmt.Fprintf(sum, "%s\x00%s\x00", name, p.Rules[name])
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}
