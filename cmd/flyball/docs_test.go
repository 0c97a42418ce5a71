package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The languages of fenced blocks. sh and console are run; the others are checked as far as one can.
var languages = []string{"cue", "rego", "yaml", "json", "sh", "console", "ini", "text", "ts"}

// The most groups of blocks that no test runs, over all pages. Each says why.
const notRunAtMost = 4

// Every document is true: its links lead somewhere, its policies are valid, its rules compile, its commands work, and print what it
// says they do. With UPDATE_DOCS=1 what they print is written into it.
//
// A comment before a block of commands, for that and the following ones, says where they are run: <!-- run in: sim --> (see enter),
// <!-- run by: FILE TEST --> where another test reads them from the page, <!-- played by: FILE TEST --> where one does the same in its
// own way, or <!-- not run: WHY -->. A block after a line that ends in `NAME`: is written to a file of that name there.
func TestDocs(t *testing.T) {
	all := documents(t)
	if len(all) < 15 {
		t.Fatalf("only %d pages were found", len(all))
	}
	t.Run("not run", func(t *testing.T) { countNotRun(t, all) })
	t.Run("links", func(t *testing.T) { checkLinks(t, all) })
	for _, p := range all {
		t.Run(p.path, func(t *testing.T) {
			t.Parallel()
			checkBlocks(t, p)
			checkVerbs(t, p)
			runBlocks(t, p, "empty", "sim")
		})
	}
}

func countNotRun(t *testing.T, all []document) {
	var found []string
	for _, p := range all {
		line := 0
		for _, b := range p.blocks {
			if (b.language == "sh" || b.language == "console") && b.run.verb == "not run" && b.run.line != line {
				line = b.run.line
				found = append(found, p.path+": "+b.run.argument)
			}
		}
	}
	if len(found) > notRunAtMost {
		t.Errorf("%d groups of blocks are not run, and %d may be:\n%s", len(found), notRunAtMost, strings.Join(found, "\n"))
	}
}

// checkLinks follows all links within the repository, to files, folders and headings.
func checkLinks(t *testing.T, all []document) {
	byPath := map[string]document{}
	for _, p := range all {
		byPath[p.path] = p
	}
	for _, p := range all {
		for _, l := range p.links {
			if strings.Contains(l.text, "://") {
				continue
			}
			target, anchor, _ := strings.Cut(l.text, "#")
			to := p.path
			if target != "" {
				to = filepath.ToSlash(filepath.Join(filepath.Dir(p.path), target))
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(to))); err != nil {
				t.Errorf("%s:%d: the link leads nowhere: %s", p.path, l.line, l.text)
			} else if anchor != "" && !byPath[to].anchors[anchor] {
				t.Errorf("%s:%d: %s has no heading for #%s", p.path, l.line, to, anchor)
			}
		}
	}
}

// checkBlocks checks what can be checked where it stands.
func checkBlocks(t *testing.T, p document) {
	for _, m := range p.indented {
		for _, program := range []string{"$ ", "flyball ", "docker ", "curl ", "bin/"} {
			if strings.HasPrefix(m.text, program) {
				t.Errorf("%s:%d: a command in a block without a fence is not run: %s", p.path, m.line, m.text)
			}
		}
	}
	for _, b := range p.blocks {
		if !slices.Contains(languages, b.language) {
			t.Errorf("%s:%d: the language of the block is %q; allowed is %s", p.path, b.line, b.language, join(languages))
			continue
		}
		var err error
		switch b.language {
		case "cue":
			validate(t, p, b)
		case "json":
			var any any
			err = json.Unmarshal([]byte(b.text), &any)
		case "yaml":
			var any any
			if err = yaml.Unmarshal([]byte(b.text), &any); b.file == "" && strings.Contains(b.text, "steps:\n") {
				t.Errorf("%s:%d: nothing runs a scenario that has no name in the line before", p.path, b.line)
			}
		case "rego":
			if b.file == "" {
				t.Errorf("%s:%d: nothing compiles a rule that has no name in the line before", p.path, b.line)
			}
		case "sh", "console":
			checkOrder(t, p, b)
		}
		if err != nil {
			t.Errorf("%s:%d: %v", p.path, b.line, err)
		}
	}
}

func checkOrder(t *testing.T, p document, b block) {
	switch b.run.verb {
	case "":
		t.Errorf("%s:%d: nothing says where the commands are run: write <!-- run in: PLACE --> before them", p.path, b.line)
	case "run in":
		if !slices.Contains([]string{"empty", "sim", "redis"}, kind(b.run.argument)) {
			t.Errorf("%s:%d: there is no place %q", p.path, b.run.line, b.run.argument)
		}
	case "run by", "played by":
		file, test, _ := strings.Cut(b.run.argument, " ")
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		if err != nil {
			t.Errorf("%s:%d: %v", p.path, b.run.line, err)
		} else if test == "" || !strings.Contains(string(text), "func "+test+"(") {
			t.Errorf("%s:%d: %s has no test %q", p.path, b.run.line, file, test)
		} else if b.run.verb == "run by" && !strings.Contains(string(text), `"`+p.path+`"`) && !strings.Contains(string(text), `../`+p.path+`"`) {
			t.Errorf("%s:%d: %s does not read the page: have it run the block, or write played by", p.path, b.run.line, file)
		}
	}
}

var wholePolicies = regexp.MustCompile(`(?m)^(policies|config|package)\b`)

// validate holds policies to the schema, and doubts too are mistakes here. Fields of a policy are put into a whole one; rules of the
// page are there.
func validate(t *testing.T, p document, b block) {
	text := b.text
	if !wholePolicies.MatchString(text) {
		whole := "policies: it: {service: \"it\", minReplicas: 1, maxReplicas: 4, "
		if !strings.Contains(text, "metrics:") && !strings.Contains(text, "strategy:") && !strings.Contains(text, "rules:") {
			whole += "metrics: [{name: \"cpu_usage\", type: \"cpu\", source: \"system\"}], thresholds: [{metric: \"cpu_usage\", scaleUp: 70, scaleDown: 25}], "
		}
		text = whole + "\n" + text + "}\n"
	}
	dir := t.TempDir()
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("it.cue", text)
	for _, other := range p.blocks {
		if other.language == "rego" && (strings.Contains(text, "rules:") || strings.Contains(text, "rule:") || strings.Contains(text, "authz:")) {
			put(filepath.Base(other.file), other.text)
		}
	}
	var out strings.Builder
	if code := execute(t.Context(), []string{"validate", "--strict", dir}, strings.NewReader(""), &out, &out); code != exitFine {
		t.Errorf("%s:%d: the policy is not valid (exit code %d):\n%s", p.path, b.line, code, &out)
	}
}

// kind is what a place is: "sim 2" is another one like "sim".
func kind(place string) string {
	kind, _, _ := strings.Cut(place, " ")
	return kind
}

// runBlocks runs what a page says of places of these kinds, each place in a subtest of its own.
func runBlocks(t *testing.T, p document, kinds ...string) {
	var places []string
	for _, b := range p.blocks {
		if place := b.run.argument; b.run.verb == "run in" && slices.Contains(kinds, kind(place)) && !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	for _, name := range places {
		here := func(b block) bool { return b.run.verb == "run in" && b.run.argument == name }
		t.Run(name, func(t *testing.T) {
			if os.Getenv("UPDATE_DOCS") == "" { // the places of a page write into one file
				t.Parallel()
			}
			at := enter(t, kind(name))
			for _, b := range p.blocks {
				switch {
				case !here(b):
				case b.file != "":
					at.write(b.file, b.text)
				case b.language == "sh":
					if out, err := at.shell(b.text); err != nil {
						t.Errorf("%s:%d: %v\n%s\n%s", p.path, b.line, err, b.text, out)
					}
				case b.language == "console":
					runConsole(t, p, b, at)
				}
			}
		})
	}
}

func runConsole(t *testing.T, p document, b block, at *scene) {
	differs := false
	var outputs []string
	for _, s := range console(b) {
		got, err := at.shell("CONSOLE=yes\n" + s.command)
		if err != nil && s.output == "" {
			t.Errorf("%s:%d: %s: %v\n%s", p.path, s.line, s.command, err, got)
		}
		daemon := at.daemon() != 0
		if matches(even(s.output, daemon), even(got, daemon)) {
			outputs = append(outputs, s.output)
			continue
		}
		outputs = append(outputs, got)
		differs = true
		if os.Getenv("UPDATE_DOCS") == "" {
			t.Errorf("%s:%d: %s prints\n%s\nthe page says\n%s", p.path, s.line, s.command, got, s.output)
		}
	}
	if differs && os.Getenv("UPDATE_DOCS") != "" {
		mend(t, p, b, outputs)
	}
}

// The same beside a real Redis.
func TestLiveDocs(t *testing.T) {
	for _, p := range documents(t) {
		t.Run(p.path, func(t *testing.T) {
			t.Parallel()
			runBlocks(t, p, "redis")
		})
	}
}
