package setup

import (
	"fmt"
	"strconv"
	"strings"
	"text/template"
)

// render has a text with values in it. An error is a flaw of the text, and no fault of the application.
func render(text string, with any) (string, error) {
	t, err := template.New("text").Funcs(template.FuncMap{
		"label": label, "yaml": scalar, "list": list, "cpus": CPUs,
		"add":    func(a, b int) int { return a + b },
		"digits": func(n int) int { return len(strconv.Itoa(n)) },
	}).Parse(text)
	if err != nil {
		return "", fmt.Errorf("setup: %w", err)
	}
	var out strings.Builder
	if err := t.Execute(&out, with); err != nil {
		return "", fmt.Errorf("setup: %w", err)
	}
	return out.String(), nil
}
