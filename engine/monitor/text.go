package monitor

import (
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

const (
	mostRunes = 2000 // of one text are looked at: more is never seen
	mostMarks = 2    // that are stacked on one letter
)

// clean is somebody else's text on one line, without what would steer a terminal, turn the line around or pile up on it.
func clean(text string) string {
	var b strings.Builder
	runes, marks, gap := 0, mostMarks, false
	for _, r := range text {
		if runes++; runes > mostRunes {
			break
		}
		switch {
		case unicode.IsSpace(r), !unicode.IsPrint(r):
			gap = true
			continue
		case unicode.In(r, unicode.Me, unicode.Variation_Selector): // how wide they make a letter differs from terminal to terminal
			continue
		case unicode.Is(unicode.Mn, r):
			if marks++; marks > mostMarks {
				continue
			}
		default:
			if marks = 0; gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// wide is how many columns a rune takes at most, whether a terminal measures runes or clusters of them.
func wide(r rune) int {
	if r >= ' ' && r < 0x300 && r != 0x7f || r >= 0x2190 && r < 0x2300 || r >= 0x2500 && r < 0x25a0 { // arrows and mathematics, boxes and blocks
		return 1
	}
	text := string(r)
	return max(ansi.StringWidth(text), ansi.StringWidthWc(text))
}

// width is how many columns a text takes that has no colours.
func width(text string) int {
	n := 0
	for _, r := range text {
		n += wide(r)
	}
	return n
}

// cut is a text in so many columns at most, with … where something is left out.
func cut(text string, most int) string {
	if most <= 0 {
		return ""
	}
	n, fits := 0, 0 // fits: the bytes that leave a column for …
	for i, r := range text {
		w := wide(r)
		if n+w > most {
			return text[:fits] + "…"
		}
		if n += w; n < most {
			fits = i + len(string(r))
		}
	}
	return text
}

// pad is a text in just so many columns.
func pad(text string, columns int) string {
	text = cut(text, columns)
	return text + strings.Repeat(" ", max(0, columns-width(text)))
}

// right is pad with the text at the right.
func right(text string, columns int) string {
	text = cut(text, columns)
	return strings.Repeat(" ", max(0, columns-width(text))) + text
}

// wrap breaks a text between words into lines of so many columns: the first behind a mark, the others behind an indent.
func wrap(mark, indent, text string, columns int) []string {
	if columns <= max(width(mark), width(indent))+1 {
		return []string{cut(mark+text, columns)}
	}
	var lines []string
	line, n, begun := mark, width(mark), false
	next := func() {
		lines = append(lines, line)
		line, n, begun = indent, width(indent), false
	}
	for word := range strings.SplitSeq(text, " ") {
		w := width(word)
		if begun && n+1+w > columns {
			next()
		} else if begun {
			line, n = line+" ", n+1
		}
		for n+w > columns { // a word that is longer than a line
			part := fitting(word, columns-n)
			if part == "" {
				break
			}
			line += part
			next()
			word = word[len(part):]
			w = width(word)
		}
		line, n, begun = line+word, n+w, true
	}
	return append(lines, cut(line, columns))
}

// fitting is the beginning of a text that takes so many columns at most.
func fitting(text string, columns int) string {
	n := 0
	for i, r := range text {
		if n += wide(r); n > columns {
			return text[:i]
		}
	}
	return text
}
