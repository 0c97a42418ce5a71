package schema

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strconv"
	"unicode/utf8"

	"cuelang.org/go/cue/scanner"
	"cuelang.org/go/cue/token"

	"github.com/flyball-dev/flyball/engine"
)

// Limits of what is read at all. Parsers recurse, so depth is bounded before they see the text.
const (
	maxBytes  = 1 << 20
	maxDepth  = 100  // brackets inside brackets
	maxTokens = 2000 // in one CUE expression, brackets apart
)

// empty is what is said of a file without content, by what it would be.
func empty(file string) string {
	if k := kindOf(filepath.Base(file)); k == scenarioFile || k == archiveFile {
		return "the file is empty; write steps, or remove the file"
	}
	return "the file is empty; write a policy, or remove the file"
}

// screen refuses text that no parser should see: too much of it, not UTF-8, characters that make a reviewer see
// something else than the machine does, or nesting that exists to exhaust it.
func screen(file string, text []byte) *engine.Problem {
	at := func(offset int, format string, args ...any) *engine.Problem {
		before := text[:offset]
		return &engine.Problem{
			File:    file,
			Line:    1 + bytes.Count(before, []byte("\n")),
			Column:  offset - bytes.LastIndexByte(before, '\n'),
			Message: fmt.Sprintf(format, args...),
		}
	}
	if len(text) > maxBytes {
		return &engine.Problem{File: file, Message: fmt.Sprintf(
			"the file has %d bytes; allowed: at most %d; split it", len(text), maxBytes)}
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return &engine.Problem{File: file, Message: empty(file)}
	}
	depth := 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return at(i, "byte 0x%02x is not UTF-8; save the file as UTF-8", text[i])
		case r == 0:
			return at(i, "a NUL character; save the file as plain text in UTF-8")
		case r == '\uFEFF':
			return at(i, "a byte order mark (U+FEFF); save the file as UTF-8 without one")
		case hidden(r):
			return at(i, "the invisible character U+%04X, which changes the order that text is shown in; remove it", r)
		case r == '{' || r == '[' || r == '(':
			if depth++; depth > maxDepth {
				return at(i, "brackets are nested deeper than %d; write it flatter", maxDepth)
			}
		case r == '}' || r == ']' || r == ')':
			depth = max(0, depth-1)
		}
		i += size
	}
	return nil
}

// hidden says whether a character reorders the text around it.
func hidden(r rune) bool {
	return r == '\u061C' || r == '\u200E' || r == '\u200F' || r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
}

// screenCUE refuses expressions so long that parsing them would exhaust the stack, and comprehensions nested so deep
// that evaluating them would not end: CUE evaluation can't be cancelled.
func screenCUE(file string, text []byte) *engine.Problem {
	handle := token.NewFile(file, -1, len(text))
	var s scanner.Scanner
	s.Init(handle, text, func(token.Pos, string, []any) {}, 0) // the parser reports what the scanner finds
	tokens, loops, repeats := 0, 0, false
	for {
		pos, tok, literal := s.Scan()
		refuse := func(message string) *engine.Problem {
			p := pos.Position()
			return &engine.Problem{File: file, Line: p.Line, Column: p.Column, Message: message}
		}
		switch tok {
		case token.EOF:
			return nil
		case token.COMMA, token.LBRACE, token.LBRACK, token.LPAREN:
			tokens = 0
			if tok == token.COMMA {
				loops = 0
			}
		case token.IDENT:
			repeats = repeats || literal == "Range" || literal == "Repeat"
		case token.RPAREN:
			repeats = false
		case token.INT, token.FLOAT:
			if !usable(literal) {
				return refuse(unusable(literal))
			}
			if n, err := strconv.ParseFloat(literal, 64); repeats && (err != nil || n > maxRepeats) {
				return refuse(fmt.Sprintf("%s is more than may be repeated; allowed: at most %d", abridge(literal), maxRepeats))
			}
		case token.FOR:
			if loops++; loops > maxLoops {
				return refuse(fmt.Sprintf("more than %d loops inside each other; write it flatter", maxLoops))
			}
		}
		if tokens++; tokens > maxTokens {
			return refuse(fmt.Sprintf("an expression of more than %d tokens; split it", maxTokens))
		}
	}
}

// What one comprehension may multiply: four for clauses over a hundred elements are a hundred million. And what list.Range,
// list.Repeat and strings.Repeat may be told to make.
const (
	maxLoops   = 3
	maxRepeats = 1000
)
