package monitor

import (
	"fmt"
	"strings"
)

// foot is what is asked or said, and the keys.
func (s *Screen) foot() []string {
	said := ""
	switch {
	case s.help && s.height > 1:
		return []string{s.paint.faint(s.helpFoot())}
	case s.form != nil:
		said = s.paint.bold(s.form.line(s.width))
	case s.typing:
		said = s.paint.bold(tail("filter: "+s.filter+"▏", s.width))
	case s.said != "" && s.wrong:
		said = s.paint.bad(cut(clean(s.said), s.width))
	case s.said != "":
		said = cut(clean(s.said), s.width)
	case s.filter != "":
		said = cut(fmt.Sprintf("filter: %s (%d of %d), esc shows all", s.filter, len(s.shown()), len(s.board.rows)), s.width)
	}
	keys := s.paint.faint(s.keys())
	switch {
	case s.height >= tall:
		return []string{said, keys}
	case s.height < 2:
		return nil
	case said != "":
		return []string{said}
	}
	return []string{keys}
}

// tail is the end of a text in so many columns: what is typed is seen.
func tail(text string, columns int) string {
	if width(text) <= columns {
		return text
	}
	runes := []rune(text)
	n := 1 // for …
	for at := len(runes) - 1; at >= 0; at-- {
		if n += wide(runes[at]); n > columns {
			return cut("…"+string(runes[at+1:]), columns)
		}
	}
	return text
}

// names are the keys, each in words from long to short. Keys that change something are no part of it for who may only look.
func (s *Screen) names(length int) []string {
	var names []string
	for _, key := range [][4]string{
		{"? help", "? help", "? help", "? help"}, {"q quit", "q quit", "q quit", "q"}, {"tab pane", "tab", "tab", "tab"}, {"/ filter", "/ filter", "/", "/"},
		{"p pause", "p pause", "p pause", "p"}, {"r resume", "r resume", "r resume", "r"}, {"s scale", "s scale", "s scale", "s"},
		{"b roll back", "b back", "b back", "b"}, {"enter decision", "enter why", "enter", "enter"}, {"↑↓ move", "↑↓", "↑↓", "↑↓"},
	} {
		if !s.looks || !acts(key[3]) {
			names = append(names, key[length])
		}
	}
	return names
}

// keys names all of them in the longest words that there is room for, or those that even the shortest leave room for.
func (s *Screen) keys() string {
	for length := range 4 {
		for _, blanks := range []string{"  ", " "} {
			text := strings.Join(s.names(length), blanks)
			if width(text) <= s.width && (blanks == "  " || length >= 2) {
				return text
			}
		}
	}
	text := ""
	for _, key := range s.names(3) {
		if width(text)+1+width(key) > s.width {
			break
		}
		text = strings.TrimSpace(text + " " + key)
	}
	return text
}

// acts says whether a key changes something.
func acts(key string) bool { return strings.Contains("eprsb", key) }

// helpRoom is how many lines of the help are seen.
func (s *Screen) helpRoom() int { return max(0, s.height-2) }

// helpFoot says how much more help there is.
func (s *Screen) helpFoot() string {
	all := len(s.helpLines())
	above := clamp(s.read, max(1, all-s.helpRoom()+1))
	switch below := all - s.helpRoom() - above; {
	case below > 0:
		return cut(fmt.Sprintf("%d more below: ↓  esc ends help", below), s.width)
	case above > 0:
		return cut(fmt.Sprintf("%d more above: ↑  esc ends help", above), s.width)
	}
	return cut("esc ends help", s.width)
}

// helpLines name every key.
func (s *Screen) helpLines() []line {
	var lines []line
	for _, one := range [][2]string{
		{"↑ ↓ j k", "move"}, {"PgUp PgDn", "a page"}, {"Home End g G", "the first, the last"},
		{"enter", "the decision on the service, and back"}, {"tab", "the next pane"}, {"esc", "back to the services, then to all of them"},
		{"/", "show the services with a text in their name or state"},
		{"p", "pause the service"}, {"r", "resume it"}, {"s", "scale it by hand"}, {"b", "back to the replicas before the last change"},
		{"e", "turn autoscaling on or off, for all services"},
		{"q ctrl+c", "quit"},
		{"█ ▓ ▒ ░", "replicas: ready, starting, missing to the minimum, room to the maximum"},
		{"64/70", "what a metric reads, and the bound that has the service grow"},
	} {
		if s.looks && acts(one[0]) {
			continue
		}
		lines = append(lines, plain(wrap("  "+pad(one[0], 13)+" ", strings.Repeat(" ", 16), one[1], s.width), nil)...)
	}
	return lines
}
