package monitor

// layout is how many lines and columns each part of the screen has. A pane has a line with its title above.
type layout struct {
	alert bool // a line says what is wrong
	list  int  // services; 0: they are not seen
	pane  int  // lines of what is under them, or in their place
	lower pane // which of the two it is
	split int  // columns of the decision, beside which the events are; 0: one of the two has all
	foot  int
}

const (
	tall = 16  // lines for services and a pane under them, whichever has the keys
	some = 2   // lines of a pane that are worth a title
	vast = 100 // columns for a decision and the events beside it
)

// layout shares the window out.
func (s *Screen) layout(count int) layout {
	l := layout{alert: s.alert() != "" && s.height > 5, lower: s.lower, foot: 1}
	if l.lower == services {
		l.lower = decision // which says why
	}
	room := s.height - 1 - l.foot // for the head
	if l.alert {
		room--
	}
	if s.height < tall {
		room = max(0, room-1)
		if s.pane != services {
			l.pane = room
			return l
		}
		if l.list = room; room-max(count, 1)-1 >= some {
			l.list = max(count, 1)
			l.pane = room - l.list - 1
		}
		return l
	}
	l.foot = 2
	room -= 3 // that, and two titles
	l.list = min(max(count, 1), room/2)
	l.pane = room - l.list
	if s.width >= vast {
		l.split = s.width * 3 / 5
	}
	return l
}

// sees says whether a pane is seen.
func (l layout) sees(p pane) bool {
	if p == services {
		return l.list > 0
	}
	return l.pane > 0 && (l.split > 0 || l.lower == p)
}

func (l layout) whyColumns(width int) int {
	if l.split > 0 {
		return l.split - 1
	}
	return width
}

func (l layout) eventColumns(width int) int {
	if l.split > 0 {
		return width - l.split - 2
	}
	return width
}
