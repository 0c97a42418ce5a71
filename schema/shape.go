package schema

import (
	"fmt"
	"strings"
	"time"

	"cuelang.org/go/cue"
)

// shape is what the schema says of one field, read from the CUE once a load. A field may allow a struct or a list
// beside plain values.
type shape struct {
	check    cue.Value // the constraint on the value as a whole
	allowed  string    // in words, for messages
	required bool
	fields   map[string]*shape // of a struct
	names    []string          // of the fields, in the schema's order
	pattern  *shape            // of every field of a struct with any names
	element  *shape            // of a list
	plain    bool              // a value that is neither struct nor list is allowed
	secret   bool              // what is found here in place of what is allowed may be one
	whole    bool              // whatever it looks like
	duration bool
	shortest time.Duration // of a duration
}

// shapeOf reads a definition. It fails only when the schema itself is wrong.
func shapeOf(v cue.Value) (*shape, error) {
	s := &shape{check: v}
	if a := v.Attribute("secret"); a.Err() == nil {
		s.secret, s.whole = true, a.Contents() == "whole"
	}
	a := v.Attribute("allowed")
	if a.Err() != nil {
		a = cue.Dereference(v).Attribute("allowed") // an element of a list can't have one itself
	}
	if a.Err() == nil {
		words, err := a.String(0)
		if err != nil {
			return nil, fmt.Errorf("read @allowed of %s: %w", v.Path(), err)
		}
		s.allowed = words
	}
	if a := v.Attribute("bounds"); a.Err() == nil {
		least, _, err := a.Lookup(0, "min")
		if err != nil {
			return nil, fmt.Errorf("read @bounds of %s: %w", v.Path(), err)
		}
		if s.shortest, err = time.ParseDuration(least); err != nil {
			return nil, fmt.Errorf("read @bounds of %s: %w", v.Path(), err)
		}
		s.duration = true
	}
	parts := []cue.Value{v}
	if op, args := v.Expr(); op == cue.OrOp {
		parts = args
	}
	for _, part := range parts {
		if err := s.add(part); err != nil {
			return nil, err
		}
	}
	if a := v.Attribute("each"); a.Err() == nil {
		words, err := a.String(0)
		if err != nil {
			return nil, fmt.Errorf("read @each of %s: %w", v.Path(), err)
		}
		s.element.allowed = words // an element is no field, which could have words of its own
	}
	return s, nil
}

func (s *shape) add(v cue.Value) error {
	switch v.IncompleteKind() {
	case cue.StructKind:
		return s.addStruct(v)
	case cue.ListKind:
		element, err := shapeOf(v.LookupPath(cue.MakePath(cue.AnyIndex)))
		s.element = element
		return err
	default:
		s.plain = true
		return nil
	}
}

func (s *shape) addStruct(v cue.Value) error {
	s.fields = map[string]*shape{}
	if each := v.LookupPath(cue.MakePath(cue.AnyString)); each.Exists() {
		pattern, err := shapeOf(each)
		s.pattern = pattern
		return err
	}
	iter, err := v.Fields(cue.Optional(true))
	if err != nil {
		return fmt.Errorf("read fields of %s: %w", v.Path(), err)
	}
	for iter.Next() {
		field, err := shapeOf(iter.Value())
		if err != nil {
			return err
		}
		field.required = iter.Selector().ConstraintType() == cue.RequiredConstraint
		name := iter.Selector().Unquoted()
		s.fields[name] = field
		s.names = append(s.names, name)
	}
	return nil
}

// find is the shape of a field by its path, such as metrics[3].window; nil where there is none.
func (s *shape) find(path string) *shape {
	for _, name := range strings.Split(path, ".") {
		name, _, indexed := strings.Cut(name, "[")
		if s = s.fields[name]; s == nil {
			return nil
		}
		if indexed {
			s = s.element
		}
	}
	return s
}

// accepts says whether a plain value is concrete and meets its constraint.
func (s *shape) accepts(v cue.Value) bool {
	if s.duration && v.IncompleteKind() != cue.BoolKind { // which some allow in its place
		_, err := duration(scalar(v), s.shortest)
		return err == nil
	}
	return s.plain && s.check.Unify(v).Validate(cue.Concrete(true)) == nil
}

// words is what a field allows, for messages.
func (s *shape) words() string {
	switch {
	case s.allowed != "":
		return s.allowed
	case s.names != nil:
		return "a struct with " + strings.Join(s.names, ", ")
	case s.element != nil:
		return "a list"
	case s.plain && s.check.IncompleteKind() == cue.StringKind:
		return "a text"
	}
	return "a struct"
}
