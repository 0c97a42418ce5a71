package diff

import (
	"strconv"
	"strings"
	"time"
)

// Field is one thing that an author may write, by the author's name for it.
type Field struct {
	Path  string
	Value any                       // bool, int, float64, string, time.Duration or daytime; nil: there is none
	Means func(old, new any) string // what a change of it means, in words; nil: it speaks for itself
}

// Change is a field that differs.
type Change struct {
	Field string `json:"field"`
	Old   any    `json:"old"` // as the author writes it; nil: there is none
	New   any    `json:"new"`
	Means string `json:"means,omitempty"`

	Lines []string `json:"lines,omitempty"` // of a rule: those that changed, after - or +, and some around them
}

// Fields are those that differ, in the order of the new ones, and last those that are gone.
func Fields(old, new []Field) []Change {
	was, is := map[string]Field{}, map[string]bool{}
	for _, f := range old {
		was[f.Path] = f
	}
	var found []Change
	for _, f := range new {
		is[f.Path] = true
		if before := was[f.Path]; before.Value != f.Value {
			found = append(found, f.change(before.Value, f.Value))
		}
	}
	for _, f := range old {
		if !is[f.Path] && f.Value != nil {
			found = append(found, f.change(f.Value, nil))
		}
	}
	return found
}

func (f Field) change(old, new any) Change {
	c := Change{Field: f.Path, Old: written(old), New: written(new)}
	if f.Means != nil {
		c.Means = f.Means(old, new)
	}
	return c
}

// written is a value as authors write it.
func written(v any) any {
	switch v := v.(type) {
	case time.Duration:
		return short(v)
	case daytime:
		return clock(time.Duration(v))
	}
	return v
}

// daytime is a time of day, since midnight.
type daytime time.Duration

// Text is a value of a change as people read it.
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return "none"
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case float64:
		return number(v)
	case string:
		return v
	}
	return ""
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// short writes a duration without the zero units that time.Duration.String ends in.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// item is one element of an author's list.
type item struct {
	path   string // with the name that it is known by, such as thresholds[cpu_usage]
	form   string // of a threshold: those of another form match none of this one
	kin    string // another name, by which it is known where the first one has no match; empty: it has none
	whole  string // all of it, on a line
	fields []Field
}

// items are the changes between two lists. Elements match by what they are called, not by where they stand; of several that
// are called the same, first those that are alike.
func items(old, new []item) []Change {
	var found []Change
	match := func(alike func(a, b item) bool, tell func(a, b item)) {
		for i := 0; i < len(new); i++ {
			for j := range old {
				if alike(old[j], new[i]) {
					tell(old[j], new[i])
					old, new = without(old, j), without(new, i)
					i--
					break
				}
			}
		}
	}
	tell := func(a, b item) {
		for _, c := range Fields(a.fields, b.fields) {
			c.Field = b.path + "." + c.Field
			found = append(found, c)
		}
	}
	match(func(a, b item) bool {
		return a.path == b.path && a.form == b.form && len(Fields(a.fields, b.fields)) == 0
	}, tell)
	match(func(a, b item) bool { return a.path == b.path && a.form == b.form }, tell)
	match(func(a, b item) bool { return a.kin != "" && a.kin == b.kin }, tell)
	for _, b := range new {
		found = append(found, Change{Field: b.path, New: b.whole})
	}
	for _, a := range old {
		found = append(found, Change{Field: a.path, Old: a.whole})
	}
	return found
}

func without(list []item, i int) []item {
	return append(list[:i:i], list[i+1:]...)
}
