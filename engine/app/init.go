package app

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/flyball-dev/flyball/schema"
)

//go:embed starter
var starter embed.FS

// Init lays a first policy, its scenario and the schema down in a folder, and says which files it wrote. It overwrites
// nothing: a file that is there is an error before anything is written.
func Init(dir string) ([]string, error) { return lay(dir, "") }

// lay is Init with a policy that names a package of rules, where there is one.
func lay(dir, rules string) ([]string, error) {
	entries, err := starter.ReadDir("starter")
	if err != nil {
		return nil, err
	}
	var there, written []string
	for _, e := range entries {
		if _, err := os.Lstat(filepath.Join(dir, e.Name())); !errors.Is(err, os.ErrNotExist) {
			there = append(there, filepath.Join(dir, e.Name()))
		}
	}
	if there != nil {
		return nil, fmt.Errorf("there already: %s; init overwrites nothing: remove it, or give another folder", strings.Join(there, ", "))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for _, e := range entries {
		text, err := starter.ReadFile("starter/" + e.Name())
		if err != nil {
			return written, err
		}
		if rules != "" {
			text = bytes.Replace(text, []byte("enabled: false\n"), fmt.Appendf(nil, "enabled: false\n\n\t// A Rego package of your own decides, in rules.\n\trules: %q\n", rules), 1)
		}
		path := filepath.Join(dir, e.Name())
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return written, err
		}
		written = append(written, path)
	}
	return append(written, filepath.Join(dir, "cue.mod")), schema.Vendor(dir)
}
