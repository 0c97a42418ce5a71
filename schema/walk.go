package schema

import (
	"fmt"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"

	"github.com/flyball-dev/flyball/engine"
)

// walk holds the author's value to a shape, field by field. Each field is judged alone, so one mistake does not hide
// or cause another.
type walk struct {
	name     string // of the policy
	beside   string // a field beside the policy's own, judged elsewhere
	problems []engine.Problem
	wrong    []string // paths of fields that must not be used any further
}

// report says what is wrong with a field, and keeps it from further use.
func (w *walk) report(at token.Position, path, format string, args ...any) {
	w.wrong = append(w.wrong, path)
	w.say(at, path, format, args...)
}

func (w *walk) say(at token.Position, path, format string, args ...any) {
	w.problems = append(w.problems, engine.Problem{
		File: at.Filename, Line: at.Line, Column: at.Column,
		Policy: w.name, Path: path, Message: fmt.Sprintf(format, args...),
	})
}

// warn says what is allowed, and yet not likely meant. rule is one of #Lint.
func (w *walk) warn(rule string, at token.Position, path, format string, args ...any) {
	w.say(at, path, format, args...)
	last := &w.problems[len(w.problems)-1]
	last.Warning, last.Rule = true, rule
}

// sound says whether nothing is wrong with a field, what it is part of and what is part of it.
func (w *walk) sound(paths ...string) bool {
	for _, path := range paths {
		if slices.ContainsFunc(w.wrong, func(bad string) bool { return within(path, bad) || within(bad, path) }) {
			return false
		}
	}
	return true
}

func within(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (outer == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
}

func (w *walk) value(v cue.Value, s *shape, path string) {
	kind := v.IncompleteKind()
	if kind == cue.BottomKind {
		if kind = brokenKind(v); kind == cue.BottomKind {
			w.conflict(v, path)
			return
		}
	}
	switch {
	case kind == cue.StructKind && s.fields != nil:
		w.fields(v, s, path)
	case kind == cue.ListKind && s.element != nil:
		if len(elements(v)) == 0 && s.check.Unify(v).Validate() != nil {
			w.report(valuePlace(v), path, "%s is empty; allowed: %s", path, s.words())
		}
		for i, element := range elements(v) {
			w.value(element, s.element, fmt.Sprintf("%s[%d]", path, i))
		}
	default:
		w.leaf(v, s, path)
	}
}

// elements are the values of a list, also of one with something wrong inside, which CUE's own iterator refuses.
func elements(v cue.Value) []cue.Value {
	var found []cue.Value
	for i := 0; ; i++ {
		element := v.LookupPath(cue.MakePath(cue.Index(i)))
		if !element.Exists() {
			return found
		}
		found = append(found, element)
	}
}

// brokenKind finds whether a value is wrong only because of something inside it, and then what kind it is.
func brokenKind(v cue.Value) cue.Kind {
	own := len(v.Path().Selectors())
	for _, err := range errors.Errors(v.Err()) {
		if len(err.Path()) <= own {
			return cue.BottomKind
		}
	}
	if v.LookupPath(cue.MakePath(cue.Index(0))).Exists() {
		return cue.ListKind
	}
	return cue.StructKind
}

// conflict reports what CUE says of the author's own value.
func (w *walk) conflict(v cue.Value, path string) {
	for _, err := range errors.Errors(v.Err()) {
		at, others := errorPlace(err)
		if !at.IsValid() {
			at = valuePlace(v)
		}
		w.report(at, path, "%s%s%s", prefix(path), plainly(err), also(others))
	}
}

func (w *walk) fields(v cue.Value, s *shape, path string) {
	iter, err := v.Fields()
	if err != nil {
		w.conflict(v, path)
		return
	}
	for iter.Next() {
		name, field := iter.Selector().Unquoted(), s.fields[iter.Selector().Unquoted()]
		switch {
		case s.pattern != nil:
			w.value(iter.Value(), s.pattern, join(path, name))
		case field != nil:
			w.value(iter.Value(), field, join(path, name))
		case path == "" && name == w.beside && name != "":
		default:
			w.unknown(iter.Value(), s, path, name)
		}
	}
	for _, name := range s.names {
		if !s.fields[name].required || v.LookupPath(cue.MakePath(cue.Str(name))).Exists() {
			continue
		}
		w.report(labelPlace(v), join(path, name), "%s is missing; allowed: %s", join(path, name), s.fields[name].words())
	}
}

func (w *walk) unknown(v cue.Value, s *shape, path, name string) {
	at := labelPlace(v)
	where := ""
	if path != "" {
		where = " in " + path
	}
	mend := "allowed: " + strings.Join(s.names, ", ")
	if near := engine.Nearest(name, s.names); near != "" {
		mend = fmt.Sprintf("did you mean %q?", near)
	}
	w.report(at, join(path, name), "unknown field %q%s; %s", abridge(name), where, mend)
}

func (w *walk) leaf(v cue.Value, s *shape, path string) {
	if s.accepts(v) {
		return
	}
	mend := ""
	text, err := v.String()
	status := s.fields["status"]
	switch {
	case v.Kind() == cue.NullKind:
		w.report(valuePlace(v), path, "%s has no value; allowed: %s", w.call(path), s.words())
		return
	case err == nil && status != nil && status.accepts(v):
		mend = fmt.Sprintf("; did you mean {status: %q}?", text)
	case err == nil:
		if near := engine.Nearest(text, strings.Split(s.allowed, ", ")); near != "" {
			mend = fmt.Sprintf("; did you mean %q?", near)
		} else if number(text) && s.check.IncompleteKind()&cue.NumberKind != 0 && !s.duration {
			mend = "; write it without quotes"
		}
	case s.check.IncompleteKind() == cue.StringKind && v.IsConcrete() && v.Kind()&cue.NumberKind != 0:
		mend = "; write it in quotes"
	}
	what := found(v)
	if s.secret && v.IncompleteKind() == cue.StringKind && (s.whole || s.fields != nil || strings.ContainsAny(text, "@?=")) {
		what = "a text that may be a secret"
	}
	w.report(valuePlace(v), path, "%s is %s; allowed: %s%s", w.call(path), what, s.words(), mend)
}

// call is how a message names a field.
func (w *walk) call(path string) string {
	switch {
	case path != "":
		return path
	case w.name != "":
		return fmt.Sprintf("policy %q", w.name)
	}
	return "the file"
}

func prefix(path string) string {
	if path == "" {
		return ""
	}
	return path + ": "
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// scalar is a text or a number as plain Go, nil for anything else.
func scalar(v cue.Value) any {
	v, _ = v.Default()
	if text, err := v.String(); err == nil {
		return text
	}
	if n, err := v.Float64(); err == nil {
		return n
	}
	return nil
}

func number(text string) bool {
	var n float64
	rest := ""
	read, _ := fmt.Sscanf(text, "%g%s", &n, &rest)
	return read == 1
}
