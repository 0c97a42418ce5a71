package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// document is a file of Markdown, as far as the tests look at it.
type document struct {
	path     string // from the root of the repository
	lines    []string
	blocks   []block
	links    []mark
	spans    []mark // code within text
	anchors  map[string]bool
	indented []mark // lines of code blocks without a fence
}

// mark is a text of a page and the line it stands in, from 1.
type mark struct {
	line int
	text string
}

// block is a fenced block. Its text begins in the line after the fence.
type block struct {
	line     int
	language string
	text     string
	file     string // the name that the line before gives it, as in `busy.json`:
	run      order
}

// order is what the comment before a block says of running it: run in a place, run by another test, played by one in its own way, or
// not run and why. It holds for the blocks up to the next one.
type order struct {
	line     int
	verb     string
	argument string
}

var (
	orderLine   = regexp.MustCompile(`^<!-- (run in|run by|played by|not run): (.+) -->$`)
	headingLine = regexp.MustCompile(`^#{1,6} +(.+?) *$`)
	fileLine    = regexp.MustCompile("`([A-Za-z0-9._/-]+[.][a-z]+)`:$")
	codeSpan    = regexp.MustCompile("`([^`]+)`")
	linkTarget  = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

const root = "../.."

// documents are all files of Markdown in the repository.
func documents(t testing.TB) []document {
	t.Helper()
	var all []document
	err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := e.Name()
		if e.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "bin" || name == "dist") {
			return filepath.SkipDir
		}
		if e.IsDir() || filepath.Ext(name) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		all = append(all, parse(filepath.ToSlash(rel), string(text)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func parse(path, all string) document {
	p := document{path: path, lines: strings.Split(all, "\n"), anchors: map[string]bool{}}
	var run order
	var open *block
	before, list := "", false // the last line that is not blank; whether a list goes on
	begins, text := 0, ""     // of the paragraph that goes on
	for i, line := range p.lines {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case open != nil && line == "```":
			p.blocks = append(p.blocks, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
			continue
		case isFence:
			open = &block{line: i + 1, language: fence, run: run}
			if m := fileLine.FindStringSubmatch(before); m != nil {
				open.file = m[1]
			}
		default:
			if m := orderLine.FindStringSubmatch(line); m != nil {
				run = order{i + 1, m[1], m[2]}
				continue // the line before it is the line before the block
			}
			if strings.HasPrefix(line, "    ") && !list && (p.blank(i-1) || len(p.indented) > 0 && p.indented[len(p.indented)-1].line == i) {
				p.indented = append(p.indented, mark{i + 1, strings.TrimSpace(line)})
			}
			if m := headingLine.FindStringSubmatch(line); m != nil {
				p.anchor(m[1])
			}
			if text == "" {
				begins = i + 1
			}
			text += line + "\n"
		}
		if line == "" || isFence {
			p.prose(begins, text)
			text = ""
		}
		if line != "" {
			before = line
			list = strings.HasPrefix(line, "- ") || line[0] >= '0' && line[0] <= '9' || list && line[0] == ' '
		}
	}
	p.prose(begins, text)
	if open != nil {
		open.language = "without an end"
		p.blocks = append(p.blocks, *open)
	}
	return p
}

func (p *document) blank(i int) bool { return i < 0 || p.lines[i] == "" }

// prose takes what a paragraph has. Code goes on over the ends of lines.
func (p *document) prose(begins int, text string) {
	at := func(i int) int { return begins + strings.Count(text[:i], "\n") }
	for _, m := range codeSpan.FindAllStringSubmatchIndex(text, -1) {
		p.spans = append(p.spans, mark{at(m[2]), strings.ReplaceAll(text[m[2]:m[3]], "\n", " ")})
	}
	links := codeSpan.ReplaceAllStringFunc(text, func(code string) string { return strings.Repeat("\n", strings.Count(code, "\n")) })
	for _, m := range linkTarget.FindAllStringSubmatchIndex(links, -1) {
		p.links = append(p.links, mark{begins + strings.Count(links[:m[2]], "\n"), links[m[2]:m[3]]})
	}
}

// anchor names a heading as GitHub does.
func (p *document) anchor(heading string) {
	heading = linkText.ReplaceAllString(heading, "$1")
	name := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, heading)
	for n := 1; p.anchors[name]; n++ {
		if next := fmt.Sprint(name, "-", n); !p.anchors[next] {
			name = next
		}
	}
	p.anchors[name] = true
}

var linkText = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
