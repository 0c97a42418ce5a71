package httpjson

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine/metrics/poll"
)

// Which of two fields of one name counts is not said anywhere. Two objects may have the same names.
func TestFieldsThatAreThereTwice(t *testing.T) {
	for text, says := range map[string]string{
		`{"dup":5,"dup":0}`:                             `the field "dup" is there twice in one object, at byte 27; allowed: once`,
		`{"a":[1,{"b":{},"c":[[]],"b":{}}]}`:            `the field "b" is there twice`,
		`{"a":{"x":1},"b":[{"x":1}],"a":null}`:          `the field "a" is there twice`,
		`{"dup":1,"d\u0075p":2}`:                        `the field "dup" is there twice`,
		`{"":1,"":2}`:                                   `the field "" is there twice`,
		`{"` + canary + `":1,"` + canary + `":1}`:       `the field "…" is there twice`,
		`{"a":{"a":{"a":[{"a":1},{"a":1}]}},"A":"a"}`:   "",
		`{"a":"b","b":"a","c":["a","a",{"a":"a"},"a"]}`: "",
		`["a","a"]`: "",
	} {
		s := source(t, Options{Token: canary, URL: serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"n":7,"all":`+text+`}`) })})
		got, err := s.Ask(t.Context(), "$.n")
		if says != "" {
			isError(t, err, false, says)
		} else if err != nil || got != 7 {
			t.Errorf("of %s: %v, %v; want 7", text, got, err)
		}
	}
}

// BenchmarkDecode is of the widest document there can be.
func BenchmarkDecode(b *testing.B) {
	text := []byte("[1" + strings.Repeat(`,{"a":[[1]]}`, 80000) + "]")
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := decode(text, poll.Short); err != nil {
			b.Fatal(err)
		}
	}
}
