package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// Whatever a value is, an entry is one line, of bounded length, that no terminal obeys.
func TestLogLines(t *testing.T) {
	hostile := map[string]any{
		"a line break":        "one\nlevel=ERROR msg=forged",
		"a carriage return":   "one\rlevel=ERROR msg=forged",
		"escapes":             "\x1b[2J\x1b]0;owned\x07",
		"escapes of one byte": "\u009b2J\u0085",
		"another line break":  "one\u2028two\u2029three",
		"quotes":              `" level=ERROR msg="forged`,
		"10 kB":               strings.Repeat("long\n", 2000),
		"10 kB of an error":   errors.New(strings.Repeat("é\n", 5000)),
		"not UTF-8":           "\xff\xfe\x00",
		"nothing":             "",
	}
	for _, format := range Formats {
		for name, value := range hostile {
			t.Run(format+"/"+name, func(t *testing.T) {
				var out bytes.Buffer
				f := new(Format)
				if err := f.Set(format); err != nil {
					t.Fatal(err)
				}
				log := NewLog(&out, slog.LevelInfo, f)
				log.With("reason", value).WithGroup("of").Info("decision", "message", value)
				line := out.String()
				if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") || strings.ContainsAny(line, "\r\x1b\x07\x00\u009b\u0085\u2028\u2029") {
					t.Errorf("%q", line)
				}
				if len(line) > 2*3*mostText { // two values, of which each byte may be written as three
					t.Errorf("%d bytes", len(line))
				}
				if format == "json" && !json.Valid(out.Bytes()) {
					t.Errorf("not JSON: %s", line)
				}
			})
		}
	}
}

func TestFormat(t *testing.T) {
	var out bytes.Buffer
	f := new(Format)
	log := NewLog(&out, slog.LevelInfo, f)
	says := func(want string) {
		t.Helper()
		log.Debug("unheard")
		log.Info("event", "took", 2980*time.Millisecond, "to", 3)
		if !strings.Contains(out.String(), want) || strings.Contains(out.String(), "unheard") {
			t.Errorf("%s, want %s", out.String(), want)
		}
		out.Reset()
	}
	says(`level=INFO msg=event took=2.98s to=3`)
	if err := f.Set("json"); err != nil {
		t.Fatal(err)
	}
	says(`"level":"INFO","msg":"event","took":"2.98s","to":3}`)
	if err := f.Set("xml"); err == nil || err.Error() != `"xml" is no format of a log; allowed is text or json` {
		t.Errorf("got %v", err)
	}
	says(`"level":"INFO"`)
}
