package docker

import (
	"io"
	"strings"
	"testing"
)

func TestEndingKeepsTheEnd(t *testing.T) {
	var e Ending
	for range 3 {
		io.WriteString(&e, strings.Repeat("a", endingBytes-1))
	}
	io.WriteString(&e, "\nthe\r\nend")
	if got := e.Line(); !strings.HasSuffix(got, "a; the; end") {
		t.Errorf("%d bytes are kept, the last of them %q", len(got), got[len(got)-20:])
	}
	io.WriteString(&e, strings.Repeat("b", 3*endingBytes))
	if got := e.String(); got != strings.Repeat("b", endingBytes) {
		t.Errorf("%d bytes are kept", len(got))
	}
}

func TestTail(t *testing.T) {
	long := strings.Repeat("é", tailBytes)
	if got, err := Tail(strings.NewReader(" "+long+"end\n"), true); err != nil || len(got) > tailBytes || !strings.HasSuffix(got, "éend") || strings.ContainsRune(got, '\uFFFD') {
		t.Errorf("%d bytes, the last of them %q, %v", len(got), got[len(got)-8:], err)
	}
}
