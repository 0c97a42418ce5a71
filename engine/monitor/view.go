package monitor

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/flyball-dev/flyball/engine/api"
)

// View is the whole screen.
func (s *Screen) View() tea.View {
	v := tea.NewView(strings.Join(s.frame(), "\n"))
	v.AltScreen = true
	v.WindowTitle = "flyball monitor"
	return v
}

// frame is as many lines as the window has, none of them wider.
func (s *Screen) frame() []string {
	if s.width <= 0 || s.height <= 0 {
		return nil
	}
	lines := s.body()
	foot := s.foot()
	for len(lines)+len(foot) < s.height {
		lines = append(lines, "")
	}
	lines = append(lines[:max(0, s.height-len(foot))], foot...)
	return lines[:s.height]
}

func (s *Screen) body() []string {
	lines := []string{s.head()}
	if s.help {
		return append(lines, visible(s.helpLines(), s.read, s.helpRoom(), s.width)...)
	}
	shown := s.shown()
	l := s.layout(len(shown))
	if l.alert {
		lines = append(lines, s.paint.bad(cut(s.alert(), s.width)))
	}
	if l.sees(services) {
		lines = append(lines, s.listLines(shown, l.list)...)
	}
	switch {
	case l.pane == 0:
	case l.split > 0:
		lines = append(lines, s.beside(l)...)
	case l.lower == decision:
		lines = append(lines, s.title(decision, s.width))
		lines = append(lines, visible(s.decisionLines(s.width), s.why.scroll, l.pane, s.width)...)
	default:
		lines = append(lines, s.title(events, s.width))
		lines = append(lines, visible(s.eventLines(s.width, s.back+l.pane), s.back, l.pane, s.width)...)
	}
	return lines
}

// beside is the decision with the events at its right.
func (s *Screen) beside(l layout) []string {
	left, rest := l.whyColumns(s.width), l.eventColumns(s.width)
	lines := []string{s.title(decision, left) + " " + s.paint.faint("│") + " " + s.title(events, rest)}
	why := s.decisionLines(left)
	story := visible(why, s.why.scroll, l.pane, left)
	news := visible(s.eventLines(rest, s.back+l.pane), s.back, l.pane, rest)
	for i := range l.pane {
		one, other := strings.Repeat(" ", left), ""
		if i < len(story) {
			one = story[i] + strings.Repeat(" ", max(0, left-max(ansi.StringWidth(story[i]), ansi.StringWidthWc(story[i]))))
		}
		if i < len(news) {
			other = news[i]
		}
		lines = append(lines, strings.TrimRight(one+" "+s.paint.faint("│")+" "+other, " "))
	}
	return lines
}

// visible are the lines of a pane from one on.
func visible(all []line, from, most, columns int) []string {
	from = clamp(from, max(1, len(all)-most+1))
	var lines []string
	for _, l := range all[min(from, len(all)):min(from+most, len(all))] {
		lines = append(lines, l.show(columns))
	}
	return lines
}

// title is the line above a pane.
func (s *Screen) title(p pane, columns int) string {
	rule := "─"
	if s.pane == p {
		rule = "━"
	}
	text := rule + " Events "
	if p == decision {
		text = rule + " Decision "
		if r := s.subject(); r != nil {
			text += cut("on "+r.label(), max(0, columns-16)) + " "
		}
	}
	text = cut(text, columns)
	text += strings.Repeat(rule, max(0, columns-width(text)))
	if s.pane == p {
		return s.paint.bold(text)
	}
	return s.paint.faint(text)
}

// part is one thing that the head says. Those with a high rank go first where there is no room.
type part struct {
	text  string
	paint func(string) string
	rank  int
}

// head says how the whole of it is: whether it is on, who leads, how many replicas there are.
func (s *Screen) head() string {
	parts := []part{{"flyball", s.paint.bold, 4}}
	b := s.board
	switch {
	case !b.begun:
		parts = append(parts, part{"asking the daemon…", s.paint.faint, 0})
	case b.status.Pause != nil:
		parts = append(parts, part{"all services paused", s.paint.held, 0})
	case b.status.Enabled:
		parts = append(parts, part{"autoscaling on", s.paint.good, 0})
	default:
		parts = append(parts, part{"autoscaling off", s.paint.wary, 0})
	}
	if b.begun {
		parts = append(parts, part{s.fleet(), nil, 1})
	}
	if d := b.status.Daemon; d != nil {
		if d.DryRun {
			parts = append(parts, part{"dry run", s.paint.held, 2})
		}
		if d.Leader != nil {
			parts = append(parts, part{"leader: " + leader(*d.Leader), nil, 5})
		}
	}
	if b.lost != nil {
		parts = append(parts, part{"not connected", s.paint.bad, 1})
	} else if b.begun {
		parts = append(parts, part{"connected", s.paint.good, 3})
	}
	if n := len(b.rows); n > 0 {
		parts = append(parts, part{count(n, "policy", "policies"), nil, 6})
	}
	const mark = " · "
	long := func() int {
		n := -width(mark)
		for _, p := range parts {
			n += width(p.text) + width(mark)
		}
		return n
	}
	for len(parts) > 1 && long() > s.width {
		last := 0
		for i, p := range parts {
			if p.rank >= parts[last].rank {
				last = i
			}
		}
		parts = append(parts[:last:last], parts[last+1:]...)
	}
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = line{text: p.text, paint: p.paint}.show(s.width)
	}
	return strings.Join(texts, mark)
}

// fleet is the replicas of all services against the budget.
func (s *Screen) fleet() string {
	n, most := s.board.fleet(), s.board.status.Fleet.MaxTotalReplicas
	if most == 0 {
		return count(n, "replica", "replicas")
	}
	return fmt.Sprintf("%d of %s", n, count(most, "replica", "replicas"))
}

func leader(l api.Leader) string {
	switch {
	case l.Name == "":
		return "none yet"
	case l.Self:
		return fmt.Sprintf("this daemon, epoch %d", l.Epoch)
	}
	return fmt.Sprintf("%s, epoch %d", clean(l.Name), l.Epoch)
}

// alert is what is wrong with all of it; empty: nothing.
func (s *Screen) alert() string {
	b := s.board
	switch d := b.status.Daemon; {
	case b.lost != nil:
		return "not connected, and asking again: " + clean(b.lost.Error())
	case d != nil && d.Store != "":
		return "the store can't be read, so nothing is decided: " + clean(d.Store)
	case d != nil && d.Problem != "":
		return "the policies on disk can't be used, the last good ones stay: " + clean(d.Problem)
	case b.status.Pause != nil:
		return "paused: all services, " + pauseLine(*b.status.Pause, s.zone)
	}
	return ""
}

// pauseLine says who, until when and why.
func pauseLine(p api.Pause, zone *time.Location) string {
	until := "until resumed"
	if p.Until != nil {
		until = "until " + p.Until.In(zone).Format(time.DateTime)
	}
	return fmt.Sprintf("by %s, %s: %s", clean(p.Actor), until, clean(p.Reason))
}
