package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// A key is a field of a body where it is written exactly so. encoding/json takes it in any case, and of two the last: huma, which looks
// before, must not let it come to that, and has this switch alone.
func init() { huma.ValidateStrictCasing = true }

// deepest is how many levels a body may have.
const deepest = 64

// strict is JSON as it is read and written here. A body that means two things, or that costs more to read than its size, is no
// body.
func strict() huma.Format {
	return huma.Format{
		Marshal: func(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) },
		Unmarshal: func(text []byte, into any) error {
			if _, first := into.(*any); first { // a body is read twice: to be looked at, and to be used
				if err := sound(text); err != nil {
					return err
				}
			}
			return plainly(json.Unmarshal(text, into))
		},
	}
}

// plainly is what encoding/json says, without our names of types.
func plainly(err error) error {
	var of *json.UnmarshalTypeError
	if !errors.As(err, &of) {
		return err
	}
	number, is := strings.CutPrefix(of.Value, "number ")
	switch {
	case is && of.Type != nil && of.Type.Kind() == reflect.Float64:
		err = fmt.Errorf("%.60s is a larger number than can be used", number)
	case is:
		err = fmt.Errorf("found %.60s; allowed is a whole number, written with digits alone", number)
	default:
		err = fmt.Errorf("found %.60s, which can't stand there", of.Value)
	}
	if of.Field != "" {
		return fmt.Errorf("%s: %w", of.Field, err)
	}
	return err
}

// sound says what is wrong with a JSON text that encoding/json lets pass: the same key twice in an object, more levels than
// anybody needs, text that is not UTF-8.
func sound(text []byte) error {
	if !utf8.Valid(text) {
		return errors.New("it is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err := value(d, 0)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it is no JSON: it ends in the middle")
	}
	if wrong := (*json.SyntaxError)(nil); errors.As(err, &wrong) {
		return fmt.Errorf("it is no JSON: %w, at byte %d", err, wrong.Offset)
	}
	if err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind its end")
	}
	return nil
}

func value(d *json.Decoder, depth int) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	open, is := token.(json.Delim)
	if !is {
		return nil
	}
	if depth == deepest {
		return fmt.Errorf("it has more than %d levels", deepest)
	}
	keys := map[string]bool{}
	for d.More() {
		if open == '{' {
			key, err := d.Token()
			if err != nil {
				return err
			}
			name, _ := key.(string)
			if keys[name] {
				return fmt.Errorf("the key %.60q stands twice in one object", name)
			}
			keys[name] = true
		}
		if err := value(d, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}
