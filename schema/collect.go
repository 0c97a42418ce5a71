package schema

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

// kind is what a file is to flyball, by its name.
type kind int

const (
	other kind = iota
	cueFile
	jsonFile
	yamlFile
	ruleFile
	testFile
	scenarioFile
	archiveFile // a scenario with policies and rules of its own
)

func kindOf(name string) kind {
	switch ext := strings.ToLower(filepath.Ext(name)); {
	case strings.HasPrefix(name, "."):
		return other
	case strings.HasSuffix(name, ".scenario.yaml"):
		return scenarioFile
	case strings.HasSuffix(name, ".scenario.txtar"):
		return archiveFile
	case ext == ".cue":
		return cueFile
	case ext == ".json":
		return jsonFile
	case ext == ".yaml" || ext == ".yml":
		return yamlFile
	case strings.HasSuffix(name, "_test.rego"):
		return testFile
	case ext == ".rego":
		return ruleFile
	}
	return other
}

// elsewhere says whether a file in a folder of policies belongs to another tool: Compose files, and the CUE files that
// the cue command too leaves out of a package.
func elsewhere(name string) bool {
	return strings.HasPrefix(name, "compose.") || strings.HasPrefix(name, "docker-compose.") ||
		strings.HasSuffix(name, "_tool.cue") || strings.HasSuffix(name, "_test.cue")
}

// file is one file that was read.
type file struct {
	path string // as messages name it
	kind kind
	text []byte
}

// collect reads a file, or every file of a folder and the folders in it, in the order of their names. What can't be
// read inside a folder is a problem; a path that can't be read at all is an error. A path that is a link is followed
// once, so that all files are of one state when the link is changed meanwhile; messages name them below the link.
func collect(path string) ([]file, []engine.Problem, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("load policies: %w", err)
	}
	if !info.IsDir() {
		f := file{path: path, kind: kindOf(filepath.Base(path))}
		if f.kind == other {
			return nil, nil, fmt.Errorf("load policies: %s is not a .cue, .json, .yaml, .yml, .rego or .scenario.txtar file", path)
		}
		if f.text, err = readFile(path); err != nil {
			return nil, nil, fmt.Errorf("load policies: %w", err)
		}
		return []file{f}, nil, nil
	}
	var files []file
	var problems []engine.Problem
	root, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, nil, fmt.Errorf("load policies: %w", err)
	}
	err = filepath.WalkDir(root, func(walked string, entry fs.DirEntry, err error) error {
		below, _ := filepath.Rel(root, walked) // WalkDir only names what is below root
		name, at := filepath.Base(walked), filepath.Join(path, below)
		switch {
		case err != nil && walked == root:
			return fmt.Errorf("load policies: %w", err)
		case err != nil:
			problems = append(problems, engine.Problem{File: at, Message: reason(err)})
			return nil
		case entry.IsDir() && walked != root && (strings.HasPrefix(name, ".") || name == "cue.mod" || name == "node_modules"):
			return fs.SkipDir
		case entry.IsDir() || kindOf(name) == other || elsewhere(name):
			return nil
		}
		// A link to a file counts as the file; a dangling one, a pipe or a device does not stop the others.
		if info, err := os.Stat(walked); err != nil {
			problems = append(problems, engine.Problem{File: at, Message: reason(err)})
			return nil
		} else if !info.Mode().IsRegular() {
			return nil
		}
		f := file{path: at, kind: kindOf(name)}
		if f.text, err = readFile(walked); err != nil {
			problems = append(problems, engine.Problem{File: at, Message: reason(err)})
			return nil
		}
		files = append(files, f)
		return nil
	})
	return files, problems, err
}

// readFile reads a little more than is allowed at most, so that a file of any size costs no more than that.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxBytes+1))
}

// reason is why a file could not be read, without its path, which stands before it.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return "can't be read: " + err.Error()
}
