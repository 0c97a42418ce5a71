package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

// annotate writes a problem as a workflow command, which GitHub shows beside the line:
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
func annotate(out io.Writer, p engine.Problem) {
	level := "error"
	if p.Warning {
		level = "warning"
	}
	var properties []string
	if p.File != "" {
		properties = append(properties, "file="+property(p.File))
	}
	if p.Line > 0 {
		properties = append(properties, fmt.Sprintf("line=%d", p.Line))
	}
	if p.Column > 0 {
		properties = append(properties, fmt.Sprintf("col=%d", p.Column))
	}
	if p.Rule != "" {
		properties = append(properties, "title="+property(p.Rule))
	}
	where := ""
	if properties != nil {
		where = " " + strings.Join(properties, ",")
	}
	fmt.Fprintf(out, "::%s%s::%s\n", level, where, message(p.Message))
}

// A workflow command escapes what would end its message, or one of its properties.
func message(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(message(s))
}
