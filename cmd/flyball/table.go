package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// table lines up columns.
type table struct {
	text    bytes.Buffer
	columns *tabwriter.Writer
}

func newTable(heads ...string) *table {
	t := &table{}
	t.columns = tabwriter.NewWriter(&t.text, 0, 0, 2, ' ', 0)
	t.row(heads...)
	return t
}

func (t *table) row(cells ...string) { fmt.Fprintln(t.columns, strings.Join(cells, "\t")) }

// print writes the table without the blanks that empty last cells leave.
func (t *table) print(out io.Writer) error {
	for _, line := range t.lines() {
		if _, err := fmt.Fprintln(out, strings.TrimRight(line, " ")); err != nil {
			return err
		}
	}
	return nil
}

// lines is the table as it is printed, with those blanks.
func (t *table) lines() []string {
	_ = t.columns.Flush() // to memory
	return strings.Split(strings.TrimSuffix(t.text.String(), "\n"), "\n")
}

// width is of a terminal that is not wide.
const width = 100

// fold breaks a text between words into lines that fit, the first behind indent and the others a little further in.
func fold(text, indent string) []string {
	var lines []string
	line := indent
	for i, word := range strings.Fields(text) {
		if i > 0 && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, line)
			line = indent + "  "
		} else if i > 0 {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
