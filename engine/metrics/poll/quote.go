package poll

import (
	"strings"
	"unicode"
)

const shown = 200 // characters of somebody else's text that an error quotes

// Short makes one short line, of printable characters, of what somebody else wrote.
func Short(text string) string {
	line := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text[:min(len(text), 4*shown)])
	all := []rune(strings.Join(strings.Fields(line), " "))
	if len(all) > shown {
		return string(all[:shown]) + "…"
	}
	return string(all)
}
