package monitor

import (
	"github.com/charmbracelet/x/ansi"

	"github.com/flyball-dev/flyball/engine/api"
)

// paint colours what is shown, by the terminal's own sixteen colours, so that it is legible on dark and on light. The zero paint
// leaves all as it is.
type paint struct{ on bool }

// as is a text in a style.
func (p paint) as(style ansi.Style, text string) string {
	if !p.on || text == "" {
		return text
	}
	return style.Styled(text)
}

func (p paint) bold(text string) string   { return p.as(ansi.Style{}.Bold(), text) }
func (p paint) faint(text string) string  { return p.as(ansi.Style{}.Faint(), text) }
func (p paint) chosen(text string) string { return p.as(ansi.Style{}.Reverse(true), text) }
func (p paint) good(text string) string   { return p.in(ansi.Green, text) }
func (p paint) wary(text string) string   { return p.in(ansi.Yellow, text) }
func (p paint) bad(text string) string    { return p.in(ansi.Red, text) }
func (p paint) calm(text string) string   { return p.in(ansi.Blue, text) }
func (p paint) busy(text string) string   { return p.in(ansi.Cyan, text) }
func (p paint) held(text string) string   { return p.in(ansi.Magenta, text) }

func (p paint) in(colour ansi.BasicColor, text string) string {
	return p.as(ansi.Style{}.ForegroundColor(colour), text)
}

// state is the word of a state in its colour.
func (p paint) state(name, text string) string {
	switch name {
	case api.IsActive:
		return p.good(text)
	case api.IsScaling:
		return p.busy(text)
	case api.IsCooling:
		return p.wary(text)
	case api.IsPaused:
		return p.held(text)
	case api.IsBlocked, api.IsFailing:
		return p.bad(text)
	}
	return p.faint(text)
}
