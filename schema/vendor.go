package schema

import (
	"fmt"
	"os"
	"path/filepath"
)

// moduleFile makes a folder a CUE module, which is what lets it import anything.
const moduleFile = `module: "policies.example"
language: version: "v0.9.0"
`

// Vendor lays the schema down below a folder, under cue.mod, so that plain `cue vet`, `cue lsp` and imports of
// flyball.dev/schema work there without a network. A module.cue that exists stays as it is; the schema is replaced.
func Vendor(dir string) error {
	files, err := sourceFiles()
	if err != nil {
		return err
	}
	target := filepath.Join(dir, "cue.mod", "pkg", filepath.FromSlash(importPath))
	if err := os.MkdirAll(target, 0o755); err != nil {
		return fmt.Errorf("vendor the schema: %w", err)
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(target, f.name), f.text, 0o644); err != nil {
			return fmt.Errorf("vendor the schema: %w", err)
		}
	}
	module := filepath.Join(dir, "cue.mod", "module.cue")
	if _, err := os.Stat(module); err == nil {
		return nil
	}
	if err := os.WriteFile(module, []byte(moduleFile), 0o644); err != nil {
		return fmt.Errorf("vendor the schema: %w", err)
	}
	return nil
}
