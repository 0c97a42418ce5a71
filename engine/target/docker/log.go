package docker

import (
	"bytes"
	"io"
	"strings"

	"github.com/docker/docker/pkg/stdcopy"
)

const (
	// TailLines is how many lines of a failed replica's log to ask for.
	TailLines = "20"
	tailBytes = 4 << 10
	logBytes  = 1 << 20 // read at most: a line may be of any length
)

// Tail reads a log that the engine sends and answers its end, at most 4 kB. A terminal has one stream, which is not framed.
func Tail(log io.Reader, terminal bool) (string, error) {
	var text bytes.Buffer
	var err error
	if from := io.LimitReader(log, logBytes); terminal {
		_, err = io.Copy(&text, from)
	} else {
		_, err = stdcopy.StdCopy(&text, &text, from)
	}
	if err != nil && text.Len() == 0 {
		return "", err
	}
	return Last(strings.TrimSpace(text.String()), tailBytes), nil
}

// Ending keeps the last kilobyte of what is written to it: what a command said in the end.
type Ending struct{ text []byte }

const endingBytes = 1 << 10

// Write never fails.
func (e *Ending) Write(p []byte) (int, error) {
	e.text = append(e.text, p[max(0, len(p)-endingBytes):]...)
	e.text = e.text[max(0, len(e.text)-endingBytes):]
	return len(p), nil
}

// String is it as it was written, without torn characters.
func (e *Ending) String() string { return strings.ToValidUTF8(string(e.text), "") }

// Line is it in one line.
func (e *Ending) Line() string {
	return strings.Join(strings.FieldsFunc(e.String(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// Last is the end of a text, at most n bytes of it and no torn character.
func Last(text string, n int) string {
	return strings.ToValidUTF8(text[max(0, len(text)-n):], "")
}
