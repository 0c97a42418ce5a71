package api

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// mostSent is how long a line of a stream may be: the status of some thousand policies takes a tenth of it.
const mostSent = 64 << 20

// sent is one server-sent event.
type sent struct {
	event string
	data  []byte
}

// sentStream reads server-sent events.
type sentStream struct {
	lines *bufio.Scanner
	alive func() // is called of whatever comes, comments too
}

func readSent(from io.Reader, alive func()) sentStream {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, mostSent)
	return sentStream{lines, alive}
}

// next is the next event that has data. The error is io.EOF where the stream ends between two; one that was begun is not passed on.
func (t sentStream) next() (sent, error) {
	var one sent
	has := false
	for t.lines.Scan() {
		t.alive()
		line := t.lines.Bytes()
		if len(line) == 0 {
			if has {
				return one, nil
			}
			one = sent{}
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			one.event = string(value)
		case "data":
			if has {
				one.data = append(one.data, '\n')
			}
			one.data, has = append(one.data, value...), true
		}
	}
	switch err := t.lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return sent{}, fmt.Errorf("a line is longer than %d MB", mostSent>>20)
	case err != nil:
		return sent{}, err
	}
	return sent{}, io.EOF
}
