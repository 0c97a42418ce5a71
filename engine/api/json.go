package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

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
			return json.Unmarshal(text, into)
		},
	}
}

// sound says what is wrong with a JSON text that encoding/json lets pass: the same key twice in an object, more levels than
// anybody needs, text that is not UTF-8.
func sound(text []byte) error {
	if !utf8.Valid(text) {
		return errors.New("it is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := value(d, 0); err != nil {
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
