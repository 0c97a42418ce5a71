package setup

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/flyball-dev/flyball/engine"
	"go.yaml.in/yaml/v4"
)

// Flaw is what is wrong in a compose file, at its place.
type Flaw struct{ engine.Problem }

func (f Flaw) Error() string { return f.String() }

// How compose-go says where.
var (
	spot    = regexp.MustCompile(`line (\d+), column (\d+)`)
	field   = regexp.MustCompile(`\b(?:services|networks|volumes|configs|secrets)(?:\.[\w-]+)+`)
	named   = regexp.MustCompile(`service "([\w.-]+)"`)
	unknown = regexp.MustCompile(`^(\S+) false schema$`)
)

// flaw finds the place of an error in the files that were read. compose-go names the field or the service, and no line.
func flaw(files []string, err error) error {
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		return err
	}
	p := engine.Problem{Message: err.Error()}
	if len(files) > 0 {
		p.File = short(files[0])
	}
	var path []string
	if at := field.FindString(p.Message); at != "" {
		path = strings.Split(at, ".")
	} else if who := named.FindStringSubmatch(p.Message); who != nil {
		path = []string{"services", who[1]}
	}
	deepest := 0
	for _, file := range files {
		var doc yaml.Node
		text, err := os.ReadFile(file)
		if err == nil {
			err = yaml.Unmarshal(text, &doc)
		}
		if at := spot.FindAllStringSubmatch(p.Message, -1); err != nil && at != nil { // this is the one that is no YAML
			last := at[len(at)-1]
			p.File = short(file)
			p.Line, _ = strconv.Atoi(last[1])
			p.Column, _ = strconv.Atoi(last[2])
			return Flaw{p}
		}
		if line, column, depth := find(&doc, path); depth >= max(deepest, 1) {
			p.File, p.Line, p.Column, deepest = short(file), line, column, depth
		}
	}
	for _, file := range files {
		p.Message = strings.ReplaceAll(p.Message, "validating "+file+": ", "")
	}
	if strings.Contains(p.Message, "project name must not be empty") { // of a folder without a letter or digit in its name
		p.Message += "; write name: at the top of the file, or set COMPOSE_PROJECT_NAME"
	}
	if m := unknown.FindStringSubmatch(p.Message); m != nil {
		p.Message = m[1] + ": docker compose knows no such key"
	}
	return Flaw{p}
}

// place is where a key stands in a file, as far as the path to it goes there.
func place(file string, path []string) (line, column, depth int) {
	var doc yaml.Node
	if text, err := os.ReadFile(file); err == nil && yaml.Unmarshal(text, &doc) == nil {
		return find(&doc, path)
	}
	return 0, 0, 0
}

// find follows a path of keys into a document as far as it goes, and says where the last key stands and how deep that is.
func find(n *yaml.Node, path []string) (line, column, depth int) {
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	for _, key := range path {
		if n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		var value *yaml.Node
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				line, column, value = n.Content[i].Line, n.Content[i].Column, n.Content[i+1]
			}
		}
		if value == nil {
			return line, column, depth
		}
		n, depth = value, depth+1
	}
	return line, column, depth
}

// short is a path as one writes it from the current folder.
func short(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}
