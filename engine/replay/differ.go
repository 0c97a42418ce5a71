package replay

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/flyball-dev/flyball/engine"
)

// Difference is one field that came out otherwise. The values are as JSON writes them, but shortened; empty: it is not there.
type Difference struct {
	Field string `json:"field"` // decision.trace[cooldown].message
	Was   string `json:"was"`   // on record
	Is    string `json:"is"`    // now
}

func (d Difference) String() string {
	return fmt.Sprintf("%s was %s, is %s", d.Field, cmp.Or(d.Was, "not there"), cmp.Or(d.Is, "not there"))
}

// mostDifferences of one decision are told. Whoever reads them has long seen that it is another one.
const mostDifferences = 20

// Differences compares what came out of two decisions byte by byte, and tells the fields that differ: what was computed of
// what was seen, what was asked for, the recommendation and the decision. more is how many are left out at the end.
func Differences(was, is engine.Record) (told []Difference, more int, err error) {
	var found differences
	for _, part := range []struct {
		name    string
		was, is any
	}{
		{"snapshot.metrics", was.Snapshot.Metrics, is.Snapshot.Metrics},
		{"snapshot.schedule", was.Snapshot.Schedule, is.Snapshot.Schedule},
		{"request", was.Request, is.Request},
		{"recommendation", was.Recommendation, is.Recommendation},
		{"decision", was.Decision, is.Decision},
	} {
		if err := found.compare(part.name, part.was, part.is); err != nil {
			return nil, 0, fmt.Errorf("compare the %s: %w", part.name, err)
		}
	}
	if len(found) > mostDifferences {
		return found[:mostDifferences], len(found) - mostDifferences, nil
	}
	return found, 0, nil
}

type differences []Difference

func (d *differences) compare(name string, was, is any) error {
	before, err := json.Marshal(was)
	if err != nil {
		return err
	}
	after, err := json.Marshal(is)
	if err != nil || bytes.Equal(before, after) {
		return err
	}
	x, err := parsed(before)
	if err != nil {
		return err
	}
	y, err := parsed(after)
	if err != nil {
		return err
	}
	d.walk(name, x, y)
	return nil
}

func parsed(text []byte) (v any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // which keeps every digit
	err = decoder.Decode(&v)
	return v, err
}

// walk goes down two values as long as both are alike in kind.
func (d *differences) walk(path string, was, is any) {
	switch x := was.(type) {
	case map[string]any:
		if y, both := is.(map[string]any); both {
			d.parts(sorted(x), sorted(y), func(name string) string { return path + "." + name })
			return
		}
	case []any:
		if y, both := is.([]any); both {
			d.parts(listed(x), listed(y), func(name string) string { return path + "[" + name + "]" })
			return
		}
	default:
		if was == is {
			return
		}
	}
	*d = append(*d, Difference{path, written(was), written(is)})
}

// part is one field of a value, or one element.
type part struct {
	name  string
	value any
}

// absent stands for one that is not there.
type absent struct{}

// parts walks those of the same name, in the order of the first value, and last those that it has not.
func (d *differences) parts(was, is []part, path func(name string) string) {
	in := func(all []part, name string) any {
		if i := slices.IndexFunc(all, func(p part) bool { return p.name == name }); i >= 0 {
			return all[i].value
		}
		return absent{}
	}
	for _, p := range was {
		d.walk(path(p.name), p.value, in(is, p.name))
	}
	for _, p := range is {
		if in(was, p.name) == (absent{}) {
			d.walk(path(p.name), absent{}, p.value)
		}
	}
}

func sorted(fields map[string]any) []part {
	var all []part
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		all = append(all, part{name, fields[name]})
	}
	return all
}

// listed names elements by where they stand, and the steps of a trace by their stage.
func listed(elements []any) []part {
	var all []part
	for i, e := range elements {
		name := strconv.Itoa(i)
		if fields, is := e.(map[string]any); is && fields["stage"] != nil {
			name = fmt.Sprint(fields["stage"])
		}
		all = append(all, part{name, e})
	}
	return all
}

// written is a value as a person reads it, on one line that is not long.
func written(v any) string {
	const most = 120 // runes
	text := ""
	switch v := v.(type) {
	case absent:
		return ""
	case nil:
		return "none"
	case string:
		if text = v; text == "" || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }) {
			text = strconv.Quote(v)
		}
	default:
		plain, _ := json.Marshal(v) // it came out of JSON
		text = string(plain)
	}
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
