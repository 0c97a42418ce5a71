package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
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
	if err := t.columns.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(t.text.String()) {
		if _, err := fmt.Fprintln(out, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}
