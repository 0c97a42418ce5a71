package diff

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
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
