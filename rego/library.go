// Package rego holds everything Rego: the library and the strategies, which plain OPA can test too, and the Go code
// that compiles and evaluates them beside an author's own rules. It is the only importer of OPA.
//
// Rules are untrusted. They see one document (Input) and nothing else: no network, no clock, no chance, no
// environment. What they answer is checked, and whatever is wrong with it is an error, never a recommendation.
package rego

import (
	"embed"
	"io/fs"
	"path"
	"strings"
)

// File is a Rego file: its path, for messages, and its text.
type File struct {
	Path string
	Text []byte
}

//go:embed lib/*.rego strategy/*.rego
var sources embed.FS

// Library is the library and the strategies, without their tests, at the paths where `flyball init --rules` lays them.
func Library() []File {
	var files []File
	for _, folder := range []string{"lib", "strategy"} {
		entries, err := fs.ReadDir(sources, folder)
		if err != nil {
			panic(err) // embedded: it is there or the build is broken
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), "_test.rego") {
				continue
			}
			text, err := sources.ReadFile(path.Join(folder, e.Name()))
			if err != nil {
				panic(err)
			}
			files = append(files, File{Path: path.Join("flyball", folder, e.Name()), Text: text})
		}
	}
	return files
}
