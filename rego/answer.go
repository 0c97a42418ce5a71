package rego

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/flyball-dev/flyball/engine"
)

// Bounds on what a rule may say. A value can be small in memory and endless when written out, so nothing of it is
// written out unread.
const (
	maxReasons = 100
	maxText    = 2000 // bytes
)

// read turns what a rule answered into a recommendation, checked against the current number of replicas.
func read(v ast.Value, current int) (engine.Recommendation, error) {
	var r engine.Recommendation
	err := fields(v, "recommendation", []string{"action", "replicas", "confidence", "priority", "reasons"}, func(key string, v ast.Value) (err error) {
		switch key {
		case "action":
			r.Action, err = oneOf(v, engine.ScaleUp, engine.ScaleDown, engine.Hold)
		case "replicas":
			r.Replicas, err = count(v)
		case "confidence":
			r.Confidence, err = share(v)
		case "priority":
			r.Priority, err = oneOf(v, engine.Low, engine.Medium, engine.High)
		case "reasons":
			r.Reasons, err = reasons(v)
		default:
			err = errors.New("no such field; there are action, replicas, confidence, priority and reasons")
		}
		return err
	})
	if err != nil {
		return engine.Recommendation{}, err
	}
	if r.Action != engine.Between(current, r.Replicas) {
		return engine.Recommendation{}, fmt.Errorf("action %s disagrees with replicas %d of %d now, which is %s",
			r.Action, r.Replicas, current, engine.Between(current, r.Replicas))
	}
	return r, nil
}

func reasons(v ast.Value) ([]engine.Reason, error) {
	var list interface {
		Len() int
		Foreach(func(*ast.Term))
	}
	switch v := v.(type) {
	case *ast.Array:
		list = v
	case ast.Set: // what `reasons contains …` makes
		list = v
	default:
		return nil, fmt.Errorf("%s, not a list", describe(v))
	}
	if list.Len() > maxReasons {
		return nil, fmt.Errorf("%d of them; at most %d", list.Len(), maxReasons)
	}
	found := make([]engine.Reason, 0, list.Len())
	var bad error
	list.Foreach(func(t *ast.Term) {
		if bad != nil {
			return
		}
		r, err := reason(t.Value)
		if err != nil {
			bad = fmt.Errorf("[%d]: %w", len(found), err)
			return
		}
		found = append(found, r)
	})
	return found, bad
}

func reason(v ast.Value) (engine.Reason, error) {
	var r engine.Reason
	err := fields(v, "reason", []string{"code", "message"}, func(key string, v ast.Value) (err error) {
		switch key {
		case "code":
			r.Code, err = text(v)
		case "metric":
			r.Metric, err = text(v)
		case "message":
			r.Message, err = text(v)
		case "value":
			r.Value, err = float(v)
		case "threshold":
			r.Threshold, err = float(v)
		default:
			err = errors.New("no such field; there are code, metric, value, threshold and message")
		}
		return err
	})
	return r, err
}

// fields reads each field of an object, and says which of the required ones is missing.
func fields(v ast.Value, what string, required []string, read func(key string, v ast.Value) error) error {
	object, ok := v.(ast.Object)
	if !ok {
		return fmt.Errorf("the %s is %s, not an object", what, describe(v))
	}
	seen := 0
	err := object.Iter(func(k, v *ast.Term) error {
		key, ok := k.Value.(ast.String)
		if !ok {
			return fmt.Errorf("the %s has %s for a key, not a string", what, describe(k.Value))
		}
		if err := read(string(key), v.Value); err != nil {
			return fmt.Errorf("%.50s: %w", string(key), err)
		}
		if i := slices.Index(required, string(key)); i >= 0 {
			seen |= 1 << i
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, name := range required {
		if seen&(1<<i) == 0 {
			return fmt.Errorf("the %s has no %s", what, name)
		}
	}
	return nil
}

func oneOf[T ~string](v ast.Value, allowed ...T) (T, error) {
	s, ok := v.(ast.String)
	for _, a := range allowed {
		if ok && string(s) == string(a) {
			return a, nil
		}
	}
	return "", fmt.Errorf("%s, not one of %v", describe(v), allowed)
}

func count(v ast.Value) (int, error) {
	if n, ok := v.(ast.Number); ok {
		if i, ok := n.Int(); ok && i >= 0 && i <= math.MaxInt32 {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%s, not a whole number from 0", describe(v))
}

func share(v ast.Value) (float64, error) {
	if f, err := float(v); err == nil && *f >= 0 && *f <= 1 {
		return *f, nil
	}
	return 0, fmt.Errorf("%s, not a number from 0 to 1", describe(v))
}

func float(v ast.Value) (*float64, error) {
	if n, ok := v.(ast.Number); ok {
		if f, ok := n.Float64(); ok && finite(&f) != nil {
			return &f, nil
		}
	}
	return nil, fmt.Errorf("%s, not a finite number", describe(v))
}

func text(v ast.Value) (string, error) {
	s, ok := v.(ast.String)
	if !ok {
		return "", fmt.Errorf("%s, not a string", describe(v))
	}
	if len(s) > maxText {
		return "", fmt.Errorf("a string of %d bytes; at most %d", len(s), maxText)
	}
	return string(s), nil
}

// describe names a value shortly.
func describe(v ast.Value) string {
	switch v := v.(type) {
	case ast.String:
		return fmt.Sprintf("%.50q", string(v))
	case ast.Number, ast.Boolean, ast.Null:
		return fmt.Sprintf("%.50s", v.String())
	}
	return "an " + ast.ValueName(v)
}
