package main

import (
	"cmp"
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
	e := edition{Version: release, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info == nil {
		e.Version = cmp.Or(e.Version, "(devel)")
		return e
	}
	e.Version = cmp.Or(e.Version, info.Main.Version, "(devel)")
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			e.Commit = s.Value
		case "vcs.time":
			e.Date = s.Value
		case "vcs.modified":
			e.Modified = s.Value == "true"
		}
	}
	return e
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
		Use: "version", Short: "Print the version, with its commit, or what it is made of",
		Long: `Print the version of this flyball, with the commit that it was built from, the version of Go and the platform.

With --sbom print what it is made of, as a software bill of materials in CycloneDX 1.6: the Go modules that are linked into this
binary, the standard library, and what npm has locked for the dashboard, where the binary has one.`,
		Example: `  flyball version -o json
  flyball version --sbom > flyball.cdx.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, _ := debug.ReadBuildInfo()
			e := versionOf(info)
			switch {
			case sbom && info == nil:
				return coded{exitNo, errors.New("this binary does not say what it was built of: build it with Go's modules")}
			case sbom:
				b, err := billOf(e, info)
				if err != nil {
					return err
				}
				return printJSON(cmd.OutOrStdout(), b)
			case f.output == "json":
				return printJSON(cmd.OutOrStdout(), e)
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), e)
			return err
		},
	}
	cmd.Flags().BoolVar(&sbom, "sbom", false, "print what it is made of, in CycloneDX")
	f.outputFlag(cmd, "text", "json")
	cmd.MarkFlagsMutuallyExclusive("sbom", "output")
	return cmd
}
