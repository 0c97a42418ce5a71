package poll

import (
	"strings"
	"testing"
)

func TestShort(t *testing.T) {
	long := strings.Repeat("ä", 5*shown)
	for _, c := range []struct{ name, text, want string }{
		{"short", "a b", "a b"},
		{"lines and colours", "a\n\n\x1b[31mb\x00\t c\r\n", "a [31mb c"},
		{"long", long, long[:2*shown] + "…"},
		{"not UTF-8", "a\xffb", "a\ufffdb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Short(c.text); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
