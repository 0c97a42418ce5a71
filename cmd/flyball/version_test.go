package main

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/flyball-dev/flyball/engine/api/dashboard"
	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

func TestVersion(t *testing.T) {
	stamped := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.time", Value: "2026-11-27T13:06:17Z"}, {Key: "vcs.modified", Value: modified}}
	}
	built := " " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
	for name, c := range map[string]struct {
		info *debug.BuildInfo
		want string
	}{
		"nothing known": {nil, "flyball (devel)" + built},
		"without git":   {&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, "flyball (devel)" + built},
		"a tag": {
			&debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: stamped("false")},
			"flyball v1.2.3 (commit 0123456789ab of 2026-11-27T13:06:17Z)" + built,
		},
		"of another platform": {
			&debug.BuildInfo{GoVersion: "go1.99.1", Settings: []debug.BuildSetting{{Key: "GOARCH", Value: "arm64"}, {Key: "GOOS", Value: "darwin"}}},
			"flyball (devel) go1.99.1 darwin/arm64",
		},
		"with changes": {
			&debug.BuildInfo{Main: debug.Module{Version: "v1.2.4-0.2026+dirty"}, Settings: stamped("true")},
			"flyball v1.2.4-0.2026+dirty (commit 0123456789ab of 2026-11-27T13:06:17Z, with changes)" + built,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := versionOf(c.info).String(); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestVersionOfAnotherBinary(t *testing.T) {
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	other := metricstest.Program(t, "go", "golang")
	for path, want := range map[string]int{own: exitFine, other: exitNo} {
		var out, errs bytes.Buffer
		if code := execute(t.Context(), []string{"version", path}, nil, &out, &errs); code != want {
			t.Errorf("of %s: exit code %d, want %d; %s%s", path, code, want, &out, &errs)
		}
	}
}

func TestSameSource(t *testing.T) {
	of := func(path, version, commit string) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Path: path, Version: version}, Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: commit}}}
	}
	own := of("flyball", "v1.2.3", "0123")
	for name, c := range map[string]struct {
		other *debug.BuildInfo
		same  bool
	}{
		"for another platform": {of("flyball", "v1.2.3", "0123"), true},
		"another program":      {of("gofmt", "v1.2.3", "0123"), false},
		"another commit":       {of("flyball", "v1.2.3", "4567"), false},
		"another version":      {of("flyball", "v1.2.4", "0123"), false},
		"with changes":         {of("flyball", "v1.2.3+dirty", "0123"), false},
	} {
		if got := sameSource(own, c.other); got != c.same {
			t.Errorf("%s: %t, want %t", name, got, c.same)
		}
	}
}

func TestBillOfMaterials(t *testing.T) {
	b, err := billOf(edition{Version: "v1.2.3", Date: "2026-11-27T13:06:17Z"}, &debug.BuildInfo{
		GoVersion: "go1.26.8", Main: debug.Module{Path: "github.com/flyball-dev/flyball"},
		Deps: []*debug.Module{
			{Path: "github.com/Docker/docker", Version: "v28.5.2+incompatible", Sum: "h1:abc="},
			{Path: "old.example/x", Version: "v1.0.0", Replace: &debug.Module{Path: "new.example/x", Version: "v1.0.1"}},
		},
		Settings: []debug.BuildSetting{{Key: "GOOS", Value: "linux"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	made := b.Metadata
	if made.At != "2026-11-27T13:06:17Z" || made.Of.PURL != "pkg:golang/github.com/flyball-dev/flyball@v1.2.3" || made.Of.Properties[0] != (fact{"go:build:GOOS", "linux"}) {
		t.Errorf("it is of %+v", made)
	}
	want := []string{"pkg:golang/std@1.26.8", "pkg:golang/github.com/docker/docker@v28.5.2%2Bincompatible", "pkg:golang/new.example/x@v1.0.1"}
	for i, purl := range want {
		if b.Components[i].PURL != purl {
			t.Errorf("component %d is %+v, want %s", i, b.Components[i], purl)
		}
	}
	m, err := npmPackage(dashboard.Package{Name: "@preact/signals", Version: "2.0.0", License: "MIT", Integrity: "sha512-AAEC"})
	if err != nil || m.PURL != "pkg:npm/%40preact/signals@2.0.0" || m.Hashes[0] != (hash{"SHA-512", "000102"}) || m.Licenses[0].Expression != "MIT" {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := npmPackage(dashboard.Package{Name: "x", Integrity: "sha512-?"}); err == nil {
		t.Error("no hash was taken for one")
	}
}
