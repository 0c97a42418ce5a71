package main

import (
	"cmp"
	"debug/buildinfo"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
)

// release is set by the build: -ldflags "-X main.release=v1.2.3".
var release = ""

func version() string {
	info, _ := debug.ReadBuildInfo()
	return versionOf(info).Version
}

// edition is which flyball this is. Commit and date are empty where it was built without git.
type edition struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Date     string `json:"date,omitempty"` // of the commit, in RFC 3339
	Modified bool   `json:"modified"`       // files differed from those of the commit
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// versionOf is the edition of what was built so; nil: nothing is known.
func versionOf(info *debug.BuildInfo) edition {
	e := edition{Version: release, Go: runtime.Version()}
	system, machine := runtime.GOOS, runtime.GOARCH
	if info != nil {
		e.Version, e.Go = cmp.Or(e.Version, info.Main.Version), cmp.Or(info.GoVersion, e.Go)
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				e.Commit = s.Value
			case "vcs.time":
				e.Date = s.Value
			case "vcs.modified":
				e.Modified = s.Value == "true"
			case "GOOS":
				system = s.Value
			case "GOARCH":
				machine = s.Value
			}
		}
	}
	e.Version, e.Platform = cmp.Or(e.Version, "(devel)"), system+"/"+machine
	return e
}

// built is what this binary, or another one of the same commit, was built of: only of that is its release known, and whether it has a
// dashboard.
func built(args []string) (*debug.BuildInfo, error) {
	own, ok := debug.ReadBuildInfo()
	if !ok {
		return nil, coded{exitNo, errors.New("this binary does not say what it was built of: build it with Go's modules")}
	}
	if len(args) == 0 {
		return own, nil
	}
	other, err := buildinfo.ReadFile(args[0])
	if err != nil {
		return nil, unreachable(fmt.Errorf("read %s: %w", args[0], err))
	}
	if !sameSource(own, other) {
		return nil, coded{exitNo, fmt.Errorf("%s is no flyball of the commit that this one is of, so that little is known of it: have it speak for itself", args[0])}
	}
	return other, nil
}

// sameSource says of two binaries that both are of one commit or, where git told neither of one, of one version of the module.
func sameSource(a, b *debug.BuildInfo) bool {
	return a.Main.Path == b.Main.Path && a.Main.Version == b.Main.Version && versionOf(a).Commit == versionOf(b).Commit
}

func (e edition) String() string {
	text := "flyball " + e.Version
	if e.Commit != "" {
		text += fmt.Sprintf(" (commit %.12s of %s", e.Commit, e.Date)
		if e.Modified {
			text += ", with changes"
		}
		text += ")"
	}
	return text + " " + e.Go + " " + e.Platform
}

// at is the time of the commit; zero where that is not known.
func (e edition) at() time.Time {
	at, _ := time.Parse(time.RFC3339, e.Date)
	return at
}

func newVersion(f *flags) *cobra.Command {
	var sbom bool
	cmd := &cobra.Command{
		Use: "version [BINARY]", Short: "Print the version, with its commit, or what it is made of",
		Long: `Print the version of this flyball, with the commit that it was built from, the version of Go and the platform; or of another
BINARY that was built from the same commit, for whichever platform.

With --sbom print what it is made of, as a software bill of materials in CycloneDX 1.6: the Go modules that are linked into the
binary, the standard library, and what npm has locked for the dashboard, where there is one.`,
		Example: `  flyball version -o json
  flyball version --sbom > flyball.cdx.json`,
		Args: takes(0, 1, "one binary at most", "flyball version dist/flyball-linux-arm64"),
		RunE: func(cmd *cobra.Command, args []string) error {
			info, err := built(args)
			if err != nil {
				return err
			}
			e := versionOf(info)
			switch {
			case sbom:
				b, err := billOf(e, info)
				if err != nil {
					return err
				}
				return printJSON(cmd.OutOrStdout(), b)
			case f.output == "json":
				return printJSON(cmd.OutOrStdout(), e)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), e)
			return err
		},
	}
	cmd.Flags().BoolVar(&sbom, "sbom", false, "print what it is made of, in CycloneDX")
	f.outputFlag(cmd, "text", "json")
	cmd.MarkFlagsMutuallyExclusive("sbom", "output")
	return cmd
}
