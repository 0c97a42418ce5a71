package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// feature is a row of the README's appendix: what the brief has, how it is done here, and the tests that run it.
type feature struct {
	chapter, brief, here string
	tests                []proof
}

// proof is a link to a test: its name, and the file that it is in.
type proof struct{ name, file string }

var link = regexp.MustCompile(`\[([^\]]+)\]\(([^)]+)\)`)

func appendix(t *testing.T) []feature {
	t.Helper()
	_, text, found := strings.Cut(fileOf(t, "README.md"), "\n## Appendix: every feature of the brief\n")
	if !found {
		t.Fatal("the README has no appendix")
	}
	text, _, _ = strings.Cut(text, "\n## ")
	var all []feature
	var chapter string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, is := strings.CutPrefix(line, "### "); is {
			chapter = name
		}
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		if !strings.HasPrefix(line, "| ") || strings.TrimSpace(cells[0]) == "the brief has" {
			continue
		}
		if len(cells) != 3 {
			t.Errorf("%s: %d columns, want 3: %s", chapter, len(cells), line)
			continue
		}
		f := feature{chapter: chapter, brief: strings.TrimSpace(cells[0]), here: cells[1]}
		for _, m := range link.FindAllStringSubmatch(cells[2], -1) {
			f.tests = append(f.tests, proof{m[1], m[2]})
		}
		all = append(all, f)
	}
	return all
}

// fileOf is the text of a file of the repository.
func fileOf(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", path))
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

// Nothing of the brief is without a row: testdata/brief.txt lists, by chapter, all that it has. Nor is a row without one of these, so
// that each is kept.
func TestAppendixHasEveryFeature(t *testing.T) {
	rows := appendix(t)
	named := make([]bool, len(rows))
	var chapter string
	for item := range strings.Lines(fileOf(t, "testdata/brief.txt")) {
		item = strings.TrimSpace(item)
		if name, is := strings.CutPrefix(item, "# "); is {
			chapter = name
			continue
		}
		if item == "" {
			continue
		}
		var in []string
		for i, row := range rows {
			if row.chapter == chapter && strings.Contains(row.brief, item) {
				in = append(in, row.brief)
				named[i] = true
			}
		}
		if len(in) != 1 {
			t.Errorf("%s: %s is in %d rows, want 1: %q", chapter, item, len(in), in)
		}
	}
	for i, row := range rows {
		if !named[i] {
			t.Errorf("%s: testdata/brief.txt has nothing of the row %s", row.chapter, row.brief)
		}
	}
}

// Each row names a test, and that is there: a script by its name, a test of Go by its function, another by what it is called in its file.
func TestAppendixNamesTestsThatAre(t *testing.T) {
	for _, row := range appendix(t) {
		if len(row.tests) == 0 {
			t.Errorf("%s: no test runs %s", row.chapter, row.brief)
		}
		for _, p := range row.tests {
			text := fileOf(t, p.file)
			want := p.name
			switch {
			case strings.HasSuffix(p.file, ".txtar"):
				text, want = filepath.Base(p.file), p.name+".txtar"
			case strings.HasSuffix(p.file, "_test.go"):
				want = "func " + p.name + "("
			case strings.HasSuffix(p.file, ".ts"):
				want = `describe("` + p.name + `"`
			}
			if !strings.Contains(text, want) {
				t.Errorf("%s: %s: there is no %q in %s", row.chapter, row.brief, want, p.file)
			}
		}
	}
}

// A command of the appendix is run as it stands there by a script of its row, which may add to it.
func TestAppendixShowsCommandsThatAreRun(t *testing.T) {
	code := regexp.MustCompile("`(flyball [^`]+)`")
	for _, row := range appendix(t) {
		var scripts string
		for _, p := range row.tests {
			if strings.HasSuffix(p.file, ".txtar") {
				scripts += fileOf(t, p.file)
			}
		}
		for _, m := range code.FindAllStringSubmatch(row.here, -1) {
			if !slices.ContainsFunc(strings.Split(scripts, "\n"), func(line string) bool { return has(strings.Fields(line), strings.Fields(m[1])) }) {
				t.Errorf("%s: %s: its scripts do not run %s", row.chapter, row.brief, m[1])
			}
		}
	}
}

// has says whether words begin somewhere in line, and all follow in their order, with others between them.
func has(line, words []string) bool {
	for _, w := range line {
		if len(words) > 0 && w == words[0] {
			words = words[1:]
		}
	}
	return len(words) == 0
}
