package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// exchange is a command of a console block, and what the page says it prints.
type exchange struct {
	line    int // in the page
	command string
	output  string
}

// console takes a block apart: a command stands behind "$ ", and goes on after a line that ends in a backslash.
func console(b block) []exchange {
	var all []exchange
	goesOn := false
	for i, line := range strings.Split(strings.TrimSuffix(b.text, "\n"), "\n") {
		command, is := strings.CutPrefix(line, "$ ")
		switch last := len(all) - 1; {
		case is:
			all = append(all, exchange{line: b.line + 1 + i, command: command})
			goesOn = strings.HasSuffix(line, `\`)
		case goesOn:
			all[last].command += "\n" + line
			goesOn = strings.HasSuffix(line, `\`)
		case last >= 0:
			all[last].output += line + "\n"
		}
	}
	return all
}

// vary is what a daemon prints otherwise each time: times, ids of events, lengths of time, hashes.
var vary = []struct {
	pattern *regexp.Regexp
	as      string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?`), "TIME"},
	{regexp.MustCompile(`\b\d\d:\d\d:\d\d\b`), "TIME"},
	{regexp.MustCompile(`\b([a-z]+)-\d{13}\b`), "$1-ID"},
	{regexp.MustCompile(`\b(\d+(\.\d+)?(ms|µs|[smhd]))+\b`), "SPAN"},
	{regexp.MustCompile(`\b[0-9a-f]{12,64}\b`), "HASH"},
}

// even makes comparable what is printed: columns are as far apart as they need to be, and with a daemon what varies is left out.
func even(text string, daemon bool) string {
	if daemon {
		for _, v := range vary {
			text = v.pattern.ReplaceAllString(text, v.as)
		}
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = columns.ReplaceAllString(strings.TrimRight(line, " "), "  ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

var columns = regexp.MustCompile(` {2,}`)

// matches tells whether something was printed as a page says: … there stands for anything in a line, and alone in a line for
// any lines.
func matches(want, got string) bool {
	var pattern strings.Builder
	for i, line := range strings.Split(want, "\n") {
		if strings.TrimSpace(line) == "…" {
			pattern.WriteString(`(\n[^\n]*)*?`)
			continue
		}
		if i > 0 {
			pattern.WriteString(`\n`)
		}
		pattern.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", `[^\n]*`))
	}
	// What … left at the very beginning may be without a line break before it.
	return regexp.MustCompile(`^`+pattern.String()+`$`).MatchString(got) ||
		regexp.MustCompile(`^`+pattern.String()+`$`).MatchString("\n"+got)
}

func TestWhatIsPrintedIsCompared(t *testing.T) {
	for name, c := range map[string]struct {
		want, got       string
		daemon, matches bool
	}{
		"the same":               {"a\nb\n", "a\nb\n", false, true},
		"another line":           {"a\nb\n", "a\nc\n", false, false},
		"a line more":            {"a\n", "a\nb\n", false, false},
		"columns":                {"a   b\n", "a  b   \n", false, true},
		"anything in a line":     {"a … c\n", "a b c\n", false, true},
		"not over its end":       {"a … c\n", "a b\nc\n", false, false},
		"any lines":              {"a\n…\nd\n", "a\nb\nc\nd\n", false, true},
		"no line":                {"a\n…\nd\n", "a\nd\n", false, true},
		"lines at the beginning": {"…\nd\n", "b\nd\n", false, true},
		"not another end":        {"a\n…\nd\n", "a\nb\ne\n", false, false},
		"times of a daemon":      {"at 2026-01-01 10:00:00 for 5m", "at 2026-11-27 11:12:13 for 1m2s", true, true},
		"times without one":      {"for 5m", "for 1m2s", false, false},
		"numbers of a daemon":    {"2 replicas", "3 replicas", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := matches(even(c.want, c.daemon), even(c.got, c.daemon)); got != c.matches {
				t.Errorf("%q against %q: %v", c.want, c.got, got)
			}
		})
	}
}

// mend writes into a page what is really printed there (UPDATE_DOCS=1).
func mend(t *testing.T, p document, b block, outputs []string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(p.path))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var now strings.Builder
	for i, s := range console(b) {
		now.WriteString("$ " + s.command + "\n")
		if out := strings.TrimRight(outputs[i], "\n"); out != "" {
			now.WriteString(out + "\n")
		}
	}
	mended := strings.Replace(string(text), "```console\n"+b.text+"```", "```console\n"+now.String()+"```", 1)
	if err := os.WriteFile(path, []byte(mended), 0o644); err != nil {
		t.Fatal(err)
	}
}
