// Package monitor shows a daemon's services as they are scaled: on a full screen with keys, or in plain lines where there is no
// terminal. What is shown is pure: messages go in, text comes out. What asks the daemon is in desk.go, what has a terminal in show.go.
package monitor

import (
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/api/auth"
)

// Screen is what is seen, and what a key does to it.
type Screen struct {
	desk  desk
	zone  *time.Location // of the times that are shown
	paint paint

	now           time.Time
	width, height int
	board         board

	pane   pane // that has the keys
	lower  pane // that is under the services, where there is room for one
	chosen string
	top    int // the first service that is seen
	filter string
	typing bool // the filter
	form   *form
	said   string // what came of the last question
	wrong  bool   // it was refused
	help   bool
	read   int // lines that the help is scrolled
	why    why
	back   int // lines that the events are scrolled back

	asking bool  // for the status
	looks  bool  // whoever watches may do nothing else
	ended  error // why nothing will be heard any more
}

const (
	refresh = time.Minute // how old a status may be
	retrace = step        // how old the bounds of a metric may be: not each change of a policy is told
)

// pane is a part of the screen.
type pane int

const (
	services pane = iota
	decision
	events
)

// What comes from outside, beside keys and the size of the window.
type (
	tick   time.Time
	heard  []api.Happening
	parted struct{ err error }
)

var _ tea.Model = (*Screen)(nil)

// Init asks for what is known.
func (s *Screen) Init() tea.Cmd { return tea.Batch(s.desk.tick(), s.desk.myself(), s.desk.past()) }

// Update takes up what has happened, and says what is to be asked for then.
func (s *Screen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var ask tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		s.width, s.height = msg.Width, msg.Height
	case tick:
		s.now, ask = time.Time(msg), s.desk.tick()
	case heard:
		for _, h := range msg {
			s.board.hear(h, s.now)
		}
	case myself:
		s.looks = msg.Role == auth.Viewer
	case recalled:
		s.board.recall(msg)
	case known:
		if s.asking = false; msg.err == nil {
			s.board.know(msg.status, s.now)
		} else {
			s.board.stale, s.board.told = false, s.now // the stream says more
		}
	case explained:
		s.why.take(msg, s.now)
	case traced:
		s.board.trace(api.Trends(msg))
	case answered:
		s.said, s.wrong = msg.text, msg.wrong
	case parted:
		s.ended = msg.err
		return s, tea.Quit
	case tea.KeyPressMsg:
		ask = s.press(msg)
	case tea.PasteMsg:
		s.paste(msg.Content)
	}
	s.settle()
	return s, tea.Batch(ask, s.wonder())
}

// settle has a service chosen that is seen.
func (s *Screen) settle() {
	shown := s.shown()
	at := s.index(shown)
	if at < 0 && len(shown) > 0 {
		at = 0
		s.chosen = shown[0].Name
	}
	rows := s.layout(len(shown)).list
	if at < s.top {
		s.top = at
	}
	if at >= s.top+rows {
		s.top = at - rows + 1
	}
	s.top = max(0, min(s.top, len(shown)-rows))
}

// shown are the services that pass the filter.
func (s *Screen) shown() []*row {
	if s.filter == "" {
		return s.board.rows
	}
	wanted := strings.ToLower(s.filter)
	var shown []*row
	for _, r := range s.board.rows {
		if strings.Contains(strings.ToLower(r.label()), wanted) || strings.Contains(r.word(s.now), wanted) {
			shown = append(shown, r)
		}
	}
	return shown
}

// subject is the chosen service, where it is seen: nil where a filter hides it, or there is none.
func (s *Screen) subject() *row {
	r := s.board.named[s.chosen]
	if r == nil || s.index(s.shown()) < 0 {
		return nil
	}
	return r
}

func (s *Screen) index(shown []*row) int {
	return slices.IndexFunc(shown, func(r *row) bool { return r.Name == s.chosen })
}

// wonder asks for what is seen and not known.
func (s *Screen) wonder() tea.Cmd {
	var asks []tea.Cmd
	old := s.board.begun && s.now.Sub(s.board.told) >= refresh // nobody tells when a pause is over
	if (s.board.stale || old) && !s.asking {
		s.asking = true
		asks = append(asks, s.desk.status())
	}
	shown := s.shown()
	l := s.layout(len(shown))
	var names []string
	for _, r := range shown[s.top:min(s.top+l.list, len(shown))] {
		if r.LastEvaluation != nil && (r.traced.IsZero() || s.now.Sub(r.traced) >= retrace) {
			r.traced = s.now
			names = append(names, r.Name)
		}
	}
	for some := range slices.Chunk(names, mostTraced) {
		asks = append(asks, s.desk.trends(some, s.now))
	}
	if r := s.subject(); r != nil && l.sees(decision) && s.why.wants(r, s.now) {
		s.why.begin(r, s.now)
		asks = append(asks, s.desk.explain(r.Name))
	}
	return tea.Batch(asks...)
}
