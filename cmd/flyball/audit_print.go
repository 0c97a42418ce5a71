package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/flyball-dev/flyball/engine/store"
)

// entryPrinter writes entries of the audit log as they come.
type entryPrinter struct {
	out    io.Writer
	json   bool
	widths []int // of the columns so far
}

// print writes entries, an object of JSON or a row each.
func (p *entryPrinter) print(entries []store.Entry) error {
	if p.json {
		return p.objects(entries)
	}
	var rows [][]string
	if p.widths == nil {
		rows = append(rows, []string{"NUMBER", "TIME", "ACTOR", "KIND", "POLICY", "SERVICE", "MESSAGE"})
	}
	for _, e := range entries {
		rows = append(rows, []string{fmt.Sprint(e.Number), e.At.Local().Format(time.DateTime), harmless(e.Actor), string(e.Kind),
			orDash(harmless(e.Policy)), orDash(harmless(e.Service)), harmless(e.Message)})
	}
	return p.rows(rows)
}

// objects writes each entry at once. JSON leaves some characters as they are that would steer a terminal.
func (p *entryPrinter) objects(entries []store.Entry) error {
	for _, e := range entries {
		text, err := json.Marshal(e)
		if err != nil {
			return err
		}
		var line strings.Builder
		for _, r := range string(text) {
			if unicode.IsPrint(r) {
				line.WriteRune(r)
				continue
			}
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&line, "\\u%04x", unit)
			}
		}
		if _, err := fmt.Fprintln(p.out, line.String()); err != nil {
			return err
		}
	}
	return nil
}

// rows lines up cells with those before, whose columns grow as they must.
func (p *entryPrinter) rows(rows [][]string) error {
	for _, row := range rows {
		for i, cell := range row {
			if i == len(p.widths) {
				p.widths = append(p.widths, 0)
			}
			p.widths[i] = max(p.widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", p.widths[i]-utf8.RuneCountInString(cell)+2))
			}
		}
		if _, err := fmt.Fprintln(p.out, strings.TrimRight(line.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// harmless is somebody else's text on one line, without what would steer a terminal.
func harmless(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)), " ")
}
