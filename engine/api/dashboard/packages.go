package dashboard

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

//go:embed package-lock.json
var lock []byte

// Package is one of npm that the pages may be made of.
type Package struct {
	Name, Version, License string
	Integrity              string // of its archive, as npm writes it: sha512- and base64
}

// Packages are those that npm has locked for the pages, and not just for building them; none, where this program was built without
// pages. Not all of each need be in them.
func Packages() ([]Package, error) {
	if Pages() == nil {
		return nil, nil
	}
	return locked(lock)
}

// locked reads a package-lock.json of version 2 or 3, by folder.
func locked(text []byte) ([]Package, error) {
	var file struct {
		Packages map[string]struct {
			Version, License, Integrity string
			Dev                         bool
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("read package-lock.json: %w", err)
	}
	var all []Package
	for _, folder := range slices.Sorted(maps.Keys(file.Packages)) {
		p := file.Packages[folder]
		at := strings.LastIndex(folder, "node_modules/")
		if at < 0 || p.Dev { // the root is the dashboard itself
			continue
		}
		found := Package{folder[at+len("node_modules/"):], p.Version, p.License, p.Integrity}
		if !slices.Contains(all, found) { // npm may have one in several folders
			all = append(all, found)
		}
	}
	return all, nil
}
