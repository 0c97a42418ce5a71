package monitor

import (
	tea "charm.land/bubbletea/v2"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/api/auth"
)

// press is what a key does. It answers what is to be asked of the daemon then.
func (s *Screen) press(key tea.KeyPressMsg) tea.Cmd {
	name := key.String()
	switch {
	case s.form != nil:
		ask, over := s.form.press(key)
		if over {
			s.form = nil
		}
		if over && ask == nil {
			s.said, s.wrong = "nothing was done", false
		} else if over {
			s.said, s.wrong = "asking the daemon…", false
		}
		return ask
	case name == "ctrl+c":
		return tea.Quit
	case s.typing:
		s.filterBy(key)
		return nil
	case s.help:
		if lines, moves := by(name, s.helpRoom()); moves {
			s.read = clamp(s.read+lines, max(1, len(s.helpLines())-s.helpRoom()+1))
		} else {
			s.help = false
		}
		return nil
	}
	s.said, s.wrong = "", false
	switch name {
	case "q":
		return tea.Quit
	case "?":
		s.help, s.read = true, 0
	case "/":
		s.typing, s.pane = true, services
	case "esc":
		s.leave()
	case "tab":
		s.turn(1)
	case "shift+tab":
		s.turn(2)
	case "enter":
		switch {
		case s.pane != services:
			s.look(services)
		case s.subject() == nil:
			s.said = s.unchosen()
		default:
			s.look(decision)
		}
	case "e", "p", "r", "s", "b":
		s.begin(name)
	default:
		s.move(name)
	}
	return nil
}

// filterBy is what a key does while the filter is typed.
func (s *Screen) filterBy(key tea.KeyPressMsg) {
	switch key.String() {
	case "enter":
		s.typing = false
	case "esc":
		s.typing, s.filter = false, ""
	case "up", "down":
		s.move(key.String())
	default:
		s.filter = typed(s.filter, key)
	}
}

// paste is text that comes at once.
func (s *Screen) paste(text string) {
	switch {
	case s.form != nil && s.form.at < len(s.form.fields):
		one := &s.form.fields[s.form.at]
		one.typed = added(one.typed, text)
	case s.typing:
		s.filter = added(s.filter, text)
	}
}

// leave goes back one step: to the services, and from there to all of them.
func (s *Screen) leave() {
	if s.pane == services {
		s.filter = ""
	}
	s.look(services)
}

// turn gives the keys to another pane, around.
func (s *Screen) turn(by int) { s.look((s.pane + pane(by)) % 3) }

func (s *Screen) look(at pane) {
	if s.pane = at; at != services {
		s.lower = at
	}
}

// begin asks for what an action needs.
func (s *Screen) begin(key string) {
	r := s.subject()
	switch {
	case s.looks:
		s.said = "role " + auth.Viewer + " may only look"
		return
	case key == "e":
		s.form = s.askSwitch()
		return
	case r == nil:
		s.said = s.unchosen()
		return
	}
	switch service := r.Service; key {
	case "p":
		s.form = s.askPause(service)
	case "r":
		if r.Pause == nil {
			s.said = s.unpaused(r)
			return
		}
		s.form = askOnly("Resume "+clean(service), func() tea.Cmd { return s.desk.resume(service) })
	case "s":
		s.form = s.askScale(r)
	case "b":
		s.form = s.askRollback(r)
	}
}

// unpaused says why there is nothing to resume of a service.
func (s *Screen) unpaused(r *row) string {
	text := clean(r.Service) + " is not paused"
	switch all := s.board.status.Pause; {
	case all != nil:
		text += " by itself: all services are, which flyball resume ends"
	case r.State.Name == api.IsPaused:
		text += " by anybody: " + clean(r.State.Why)
	}
	return text
}

// by says how far a key moves among lines of which so many are seen.
func by(key string, page int) (lines int, moves bool) {
	lines, moves = map[string]int{
		"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -max(1, page-1), "pgdown": max(1, page-1),
		"home": -endless, "g": -endless, "end": endless, "G": endless,
	}[key]
	return lines, moves
}

// move moves through the pane that has the keys.
func (s *Screen) move(key string) {
	shown := s.shown()
	l := s.layout(len(shown))
	page := l.list
	if s.pane != services {
		page = l.pane
	}
	lines, moves := by(key, page)
	if !moves {
		return
	}
	switch s.pane {
	case services:
		if len(shown) > 0 {
			s.chosen = shown[clamp(s.index(shown)+lines, len(shown))].Name
		}
	case decision:
		s.why.scroll = clamp(s.why.scroll+lines, max(1, len(s.decisionLines(l.whyColumns(s.width)))-l.pane+1))
	case events:
		s.back = clamp(s.back+lines, max(1, len(s.eventLines(l.eventColumns(s.width), endless))-l.pane+1))
	}
}

const endless = 1 << 30

// clamp is a place among n.
func clamp(at, n int) int { return max(0, min(at, n-1)) }
