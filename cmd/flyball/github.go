package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

// annotation is what GitHub shows beside a line of a file.
type annotation struct {
	level        string // error, warning or notice
	file         string // from the top of the repository
	line, column int
	title, text  string
}

func annotationOf(p engine.Problem) annotation {
	a := annotation{"error", atTop(p.File), p.Line, p.Column, p.Rule, p.Message}
	if p.Warning {
		a.level = "warning"
	}
	return a
}

// annotate writes annotations as workflow commands: https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
// GitHub keeps ten of each level of a step (https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md#limitations) and says
// nothing of the others, so where there are more the tenth does, and the others are lines of the log.
func annotate(out io.Writer, all []annotation) {
	const most = 10
	total := map[string]int{}
	for _, a := range all {
		total[a.level]++
	}
	written := map[string]int{}
	for _, a := range all {
		n := written[a.level]
		written[a.level]++
		if total[a.level] > most && n == most-1 {
			annotation{level: a.level, text: fmt.Sprintf("and %d more, for which GitHub has no room here: the log of this step has them", total[a.level]-n)}.write(out)
		}
		if total[a.level] > most && n >= most-1 {
			// A line of the log stays one: what it quotes could be a command to the runner.
			fmt.Fprintln(out, message(a.String()))
			continue
		}
		a.write(out)
	}
}

// String is the annotation as compilers print it.
func (a annotation) String() string {
	text := a.level + ": " + a.text
	if a.title != "" {
		text += " [" + a.title + "]"
	}
	switch {
	case a.file == "":
		return text
	case a.line == 0:
		return a.file + ": " + text
	case a.column == 0:
		return fmt.Sprintf("%s:%d: %s", a.file, a.line, text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", a.file, a.line, a.column, text)
}

func (a annotation) write(out io.Writer) {
	var properties []string
	if a.file != "" {
		properties = append(properties, "file="+property(a.file))
	}
	if a.line > 0 {
		properties = append(properties, fmt.Sprintf("line=%d", a.line))
	}
	if a.column > 0 {
		properties = append(properties, fmt.Sprintf("col=%d", a.column))
	}
	if a.title != "" {
		properties = append(properties, "title="+property(a.title))
	}
	where := ""
	if properties != nil {
		where = " " + strings.Join(properties, ",")
	}
	fmt.Fprintf(out, "::%s%s::%s\n", a.level, where, message(a.text))
}

// A workflow command escapes what would end its message, or one of its properties.
func message(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(message(s))
}
