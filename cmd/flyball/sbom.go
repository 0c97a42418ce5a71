package main

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/flyball-dev/flyball/engine/api/dashboard"
)

// bill is a software bill of materials in CycloneDX 1.6, as far as a binary knows its materials. It has no serial number and no time of
// its own, so that the same binary gives the same bytes.
type bill struct {
	Format     string     `json:"bomFormat"`
	Spec       string     `json:"specVersion"`
	Version    int        `json:"version"`
	Metadata   made       `json:"metadata"`
	Components []material `json:"components"`
}

type made struct {
	At string   `json:"timestamp,omitempty"` // of the commit
	Of material `json:"component"`
}

type material struct {
	Type       string    `json:"type"`
	Ref        string    `json:"bom-ref"`
	Name       string    `json:"name"`
	Version    string    `json:"version"`
	Hashes     []hash    `json:"hashes,omitempty"`
	Licenses   []license `json:"licenses,omitempty"`
	PURL       string    `json:"purl"`
	Properties []fact    `json:"properties,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"` // hexadecimal
}

type license struct {
	Expression string `json:"expression"` // of SPDX
}

type fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// billOf lists what a flyball that was built so is made of.
func billOf(e edition, info *debug.BuildInfo) (bill, error) {
	main := goModule(&debug.Module{Path: info.Main.Path, Version: e.Version})
	main.Type, main.Name, main.Licenses = "application", "flyball", []license{{"Apache-2.0"}}
	for _, s := range info.Settings {
		main.Properties = append(main.Properties, fact{"go:build:" + s.Key, s.Value})
	}
	b := bill{Format: "CycloneDX", Spec: "1.6", Version: 1, Metadata: made{e.Date, main}}
	standard := goModule(&debug.Module{Path: "std", Version: strings.TrimPrefix(info.GoVersion, "go")})
	b.Components = append(b.Components, standard)
	for _, m := range info.Deps {
		b.Components = append(b.Components, goModule(cmp.Or(m.Replace, m)))
	}
	packages, err := dashboard.Packages()
	if err != nil {
		return bill{}, err
	}
	for _, p := range packages {
		m, err := npmPackage(p)
		if err != nil {
			return bill{}, err
		}
		b.Components = append(b.Components, m)
	}
	return b, nil
}

// goModule is a module of Go. What go.sum has of it is the hash of a list of files, and so none that CycloneDX knows.
func goModule(m *debug.Module) material {
	purl := "pkg:golang/" + strings.ToLower(m.Path) + "@" + strings.ReplaceAll(m.Version, "+", "%2B")
	c := material{Type: "library", Ref: purl, Name: m.Path, Version: m.Version, PURL: purl}
	if m.Sum != "" {
		c.Properties = []fact{{"go:sum", m.Sum}}
	}
	return c
}

func npmPackage(p dashboard.Package) (material, error) {
	purl := "pkg:npm/" + strings.Replace(p.Name, "@", "%40", 1) + "@" + p.Version
	c := material{Type: "library", Ref: purl, Name: p.Name, Version: p.Version, PURL: purl}
	if p.License != "" {
		c.Licenses = []license{{p.License}}
	}
	if sum, found := strings.CutPrefix(p.Integrity, "sha512-"); found {
		bytes, err := base64.StdEncoding.DecodeString(sum)
		if err != nil {
			return material{}, fmt.Errorf("the hash of %s: %w", p.Name, err)
		}
		c.Hashes = []hash{{"SHA-512", hex.EncodeToString(bytes)}}
	}
	return c, nil
}
