package schema

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/flyball-dev/flyball/engine"
)

// maxFiles is how many files an archive may have.
const maxFiles = 100

// archive is a scenario in one file with what it is told with. Its files are named below it, and are preceded by so many
// empty lines that what is said of a line of theirs is true of the archive.
type archive struct {
	path  string
	about string
	story file
	own   []file // policies and rules
}

// unpack takes an archive apart. Where there are problems it is not to be used.
func unpack(name string, text []byte) (archive, []engine.Problem) {
	if p := screen(name, text); p != nil {
		return archive{}, []engine.Problem{*p}
	}
	parsed := txtar.Parse(text)
	if n := len(parsed.Files); n > maxFiles {
		return archive{}, []engine.Problem{{File: name, Message: fmt.Sprintf("the archive has %d files; allowed: at most %d; split it", n, maxFiles)}}
	}
	a := archive{path: name, about: strings.TrimSpace(string(parsed.Comment))}
	line := 1 + bytes.Count(parsed.Comment, []byte("\n"))
	var problems []engine.Problem
	seen := map[string]int{}
	for _, f := range parsed.Files {
		report := func(format string, args ...any) {
			problems = append(problems, engine.Problem{File: name, Line: line, Column: 1, Message: fmt.Sprintf(format, args...)})
		}
		inner := file{path: name + "/" + f.Name, kind: kindOf(path.Base(f.Name)),
			text: append(bytes.Repeat([]byte("\n"), line), f.Data...)}
		switch base := strings.TrimSuffix(f.Name, path.Ext(f.Name)); {
		case !fs.ValidPath(f.Name):
			report("%q is not the name of a file; allowed: such as policies.cue", abridge(f.Name))
		case seen[f.Name] > 0:
			report("%s is there twice, first at line %d; remove one", f.Name, seen[f.Name])
		case inner.kind == other || inner.kind == testFile || inner.kind == scenarioFile || inner.kind == archiveFile:
			report("an archive has no use for %s; allowed: scenario.yaml, and policies and rules in .cue, .json, .yaml and .rego", f.Name)
		case base != "scenario" || inner.kind == ruleFile:
			a.own = append(a.own, inner)
		case a.story.path != "":
			report("%s is a second scenario; allowed: one an archive; put it in an archive of its own", f.Name)
		default:
			a.story = inner
		}
		seen[f.Name] = line
		line += 1 + bytes.Count(f.Data, []byte("\n"))
	}
	if a.story.path == "" && problems == nil {
		problems = append(problems, engine.Problem{File: name,
			Message: "no scenario in this archive; write one below a line -- scenario.yaml --"})
	}
	return a, problems
}

// Archived says whether a scenario is an archive, by its name.
func Archived(path string) bool { return kindOf(filepath.Base(path)) == archiveFile }

// Placed moves what was found in the files of an archive to the archive. Problems of other paths stay as they are.
func Placed(path string, problems []engine.Problem) []engine.Problem {
	for i := range problems {
		problems[i].File = placed(path, problems[i].File)
	}
	return problems
}

func placed(path, found string) string {
	if inner, within := strings.CutPrefix(found, path+"/"); within && Archived(path) {
		_, line, _ := strings.Cut(inner, ":")
		return strings.TrimSuffix(path+":"+line, ":")
	}
	return found
}

// loadArchive reads an archive's own policies and rules.
func loadArchive(f file, queries Queries, posted ...Posted) (Set, error) {
	a, problems := unpack(f.path, f.text)
	if len(problems) > 0 {
		return Set{Problems: problems, Files: []string{f.path}}, nil
	}
	set, err := check(a.own, "", false, queries, posted...)
	if err != nil {
		return Set{}, err
	}
	for i, p := range set.Policies {
		set.Policies[i].File = placed(f.path, p.File)
	}
	set.Problems = arrange(Placed(f.path, set.Problems))
	set.Scenarios, set.Files = []string{f.path}, []string{f.path}
	return set, nil
}
