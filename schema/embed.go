package schema

import (
	"embed"
	"fmt"
	"io/fs"
)

// importPath is how authors import the schema.
const importPath = "flyball.dev/schema"

//go:embed *.cue
var sources embed.FS

// Sources holds the CUE files of the schema.
func Sources() fs.FS { return sources }

type sourceFile struct {
	name string
	text []byte
}

func sourceFiles() ([]sourceFile, error) {
	names, err := fs.Glob(sources, "*.cue")
	if err != nil {
		return nil, fmt.Errorf("list schema: %w", err)
	}
	files := make([]sourceFile, len(names))
	for i, name := range names {
		text, err := sources.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read schema: %w", err)
		}
		files[i] = sourceFile{name, text}
	}
	return files, nil
}
