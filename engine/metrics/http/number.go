package httpjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/flyball-dev/flyball/engine/metrics/poll"
	"github.com/ohler55/ojg/jp"
)

// decode reads one JSON document. A number too large for a float64 is a *json.UnmarshalTypeError, what is no JSON a
// *json.SyntaxError, both with the offset in bytes. An object with two fields of one name is an error, too: which of them
// counts is not said anywhere, see section 4 of RFC 8259. quote makes the document's words short.
func decode(text []byte, quote func(string) string) (any, error) {
	var document any
	err := json.Unmarshal(text, &document)
	var wrong *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &wrong):
		return nil, unfit{fmt.Sprintf("the document has a %s near byte %d; allowed: numbers up to 1.8e308", poll.Short(wrong.Value), wrong.Offset), err}
	case errors.As(err, &syntax):
		return nil, unfit{fmt.Sprintf("the answer is not JSON, at byte %d: %s", syntax.Offset, poll.Short(err.Error())), err}
	case err != nil:
		return nil, err
	}
	return document, unique(json.NewDecoder(bytes.NewReader(text)), quote)
}

// unique reads one value of valid JSON, and says which name is there twice in one object.
func unique(text *json.Decoder, quote func(string) string) error {
	opening, err := text.Token()
	if err != nil || opening != json.Delim('{') && opening != json.Delim('[') {
		return err
	}
	var names map[json.Token]bool // nil: a list has none
	if opening == json.Delim('{') {
		names = map[json.Token]bool{}
	}
	for text.More() {
		if names != nil {
			name, err := text.Token()
			if err != nil {
				return err
			}
			if names[name] {
				return fmt.Errorf("the field %q is there twice in one object, at byte %d; allowed: once", quote(fmt.Sprint(name)), text.InputOffset())
			}
			names[name] = true
		}
		if err := unique(text, quote); err != nil {
			return err
		}
	}
	_, err = text.Token() // the closing one
	return err
}

// unfit is an error in plain words, beside what it is of.
type unfit struct {
	text string
	error
}

func (u unfit) Error() string { return u.text }

func (u unfit) Unwrap() error { return u.error }

// number is the one number that a path leads to. quote makes the document's words short.
func number(path jp.Expr, document any, quote func(string) string) (float64, error) {
	found := path.Get(document)
	switch {
	case len(found) == 0:
		return 0, fmt.Errorf("nothing is there, in a document that is %s", kind(document))
	case len(found) > 1:
		return 0, fmt.Errorf("%d values are there; allowed: one", len(found))
	}
	switch value := found[0].(type) {
	case float64:
		return value, nil
	case string:
		n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return 0, fmt.Errorf("the text %q is there; allowed: a number, or a text that is one", quote(value))
		}
		return n, nil
	default:
		return 0, fmt.Errorf("%s is there; allowed: a number, or a text that is one", kind(value))
	}
}

// kind says what a value of JSON is.
func kind(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(value)
	case float64:
		return "a number"
	case string:
		return "a text"
	case []any:
		return fmt.Sprintf("a list of %d", len(value))
	case map[string]any:
		return fmt.Sprintf("an object with %d fields", len(value))
	default:
		return fmt.Sprintf("a %T", value)
	}
}
