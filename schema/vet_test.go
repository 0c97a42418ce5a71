package schema

import (
	"os"
	"path/filepath"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
)

// mustFailVet builds the CUE files of a folder as `cue vet` does where the schema is vendored, and wants an error.
func mustFailVet(t *testing.T, dir string) {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(dir, "*.cue"))
	u := unit{folder: dir, files: []file{{path: filepath.Join(dir, "vet.cue"), kind: cueFile,
		text: []byte("import \"flyball.dev/schema\"\npolicies: [string]: schema.#Policy\n")}}}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		u.files = append(u.files, file{path: name, kind: cueFile, text: text})
	}
	book := &rulebook{ctx: cuecontext.New()}
	v, problems := book.buildWith(&importer{folder: dir, strict: true}, u)
	if len(problems) == 0 && v.Validate(cue.Concrete(true)) == nil {
		t.Error("the CUE definitions alone let this through")
	}
}
