package monitor

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
)

// mostTyped is how many characters one may type.
const mostTyped = 200

// form asks for what an action needs, one thing after the other, and then whether it is meant.
type form struct {
	fields  []field
	at      int // the field that is asked for; after the last: whether it is meant
	wrong   string
	confirm func(answers []string) string
	do      func(answers []string) tea.Cmd
}

type field struct {
	ask   string
	typed string
	check func(string) string // says what is wrong with it; empty: nothing
}

// press is what a key does to a form. over says that it is done with; then ask is what is to be done.
func (f *form) press(key tea.KeyPressMsg) (ask tea.Cmd, over bool) {
	name := key.String()
	if name == "esc" || name == "ctrl+c" {
		return nil, true
	}
	if f.at == len(f.fields) {
		if name == "y" || name == "Y" {
			return f.do(f.answers()), true
		}
		return nil, true
	}
	one := &f.fields[f.at]
	switch name {
	case "enter":
		one.typed = strings.TrimSpace(one.typed)
		if f.wrong = one.check(one.typed); f.wrong == "" {
			f.at++
		}
	default:
		one.typed, f.wrong = typed(one.typed, key), ""
	}
	return nil, false
}

func (f *form) answers() []string {
	all := make([]string, len(f.fields))
	for i, one := range f.fields {
		all[i] = one.typed
	}
	return all
}

// line is what the form asks now, in so many columns: the end of it, but never the end alone of what is wrong.
func (f *form) line(columns int) string {
	if f.at == len(f.fields) {
		return tail(f.confirm(f.answers())+"? y/N", columns)
	}
	line := f.fields[f.at].ask + " " + f.fields[f.at].typed + "▏"
	if f.wrong == "" {
		return tail(line, columns)
	}
	if wrong := "  " + f.wrong; width(wrong) < columns {
		return tail(line+wrong, columns)
	}
	return cut(f.wrong, columns)
}

// typed is a text after a key.
func typed(text string, key tea.KeyPressMsg) string {
	switch key.String() {
	case "backspace":
		_, size := utf8.DecodeLastRuneInString(text)
		return text[:len(text)-size]
	case "ctrl+u":
		return ""
	}
	return added(text, key.Text)
}

// added is a text with some more of it.
func added(text, more string) string {
	if more != " " {
		more = clean(more)
	}
	if utf8.RuneCountInString(text)+utf8.RuneCountInString(more) > mostTyped {
		return text
	}
	return text + more
}

func (s *Screen) askPause(service string) *form {
	return &form{
		fields: []field{
			{ask: "Pause " + clean(service) + " for how many minutes? (nothing: until resumed)", check: func(text string) string {
				_, wrong := minutes(text)
				return wrong
			}},
			{ask: "Why?", check: func(text string) string {
				if text == "" {
					return "say why, for whoever finds it paused"
				}
				return ""
			}},
		},
		confirm: func(a []string) string {
			length, _ := minutes(a[0])
			text := "until somebody resumes it"
			if length > 0 {
				text = "for " + engine.FormatLength(length)
			}
			return fmt.Sprintf("Pause %s %s: %s", clean(service), text, a[1])
		},
		do: func(a []string) tea.Cmd {
			length, _ := minutes(a[0])
			return s.desk.pause(service, a[1], length)
		},
	}
}

// minutes reads 30, or a length of time such as 2h; nothing is no end.
func minutes(text string) (length time.Duration, wrong string) {
	if text == "" {
		return 0, ""
	}
	n, err := strconv.ParseUint(text, 10, 20)
	length = time.Duration(n) * time.Minute
	if err != nil {
		length, err = engine.ParseLength(text)
	}
	if err != nil || length <= 0 {
		return 0, "allowed is 30, or such as 2h or 1d"
	}
	return length, ""
}

func (s *Screen) askScale(r *row) *form {
	service, now := r.Service, r.CurrentReplicas
	return &form{
		fields: []field{{ask: fmt.Sprintf("Scale %s to how many replicas? (%d-%d, now %d)", clean(service), r.MinReplicas, r.MaxReplicas, now), check: func(text string) string {
			if n, err := strconv.Atoi(text); err != nil || n < 1 || n > engine.MostReplicas {
				return fmt.Sprintf("allowed is 1 to %d", engine.MostReplicas)
			}
			return ""
		}}},
		confirm: func(a []string) string { return fmt.Sprintf("Scale %s from %d to %s", clean(service), now, a[0]) },
		do: func(a []string) tea.Cmd {
			n, _ := strconv.Atoi(a[0])
			return s.desk.scale(service, n)
		},
	}
}

// askRollback asks whether to take a service back, and to what, where the last event tells.
func (s *Screen) askRollback(r *row) *form {
	service := r.Service
	question := "Take " + clean(service) + " back to the replicas before the last change"
	if e := r.LastEvent; e != nil && e.Result != "" && e.Reached != e.From {
		question = fmt.Sprintf("Take %s back from %d to %d", clean(service), r.CurrentReplicas, e.From)
	}
	return askOnly(question, func() tea.Cmd { return s.desk.rollback(service) })
}

func (s *Screen) askSwitch() *form {
	on := !s.board.status.Enabled
	return askOnly("Turn autoscaling "+api.OnOff(on)+" for all services", func() tea.Cmd { return s.desk.enable(on) })
}

// askOnly is a form that asks for nothing but whether it is meant.
func askOnly(question string, do func() tea.Cmd) *form {
	return &form{confirm: func([]string) string { return question }, do: func([]string) tea.Cmd { return do() }}
}
