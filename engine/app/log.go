package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
)

// Format is how log lines are written: text, as long as nothing else is said, or json.
type Format struct{ json atomic.Bool }

// Formats are the names of all.
var Formats = []string{"text", "json"}

// Set takes the name of a format.
func (f *Format) Set(name string) error {
	if !slices.Contains(Formats, name) {
		return fmt.Errorf("%q is no format of a log; allowed is %s", name, strings.Join(Formats, " or "))
	}
	f.json.Store(name == "json")
	return nil
}

// NewLog is a log of one line an entry, in the format of the moment.
func NewLog(to io.Writer, level slog.Leveler, format *Format) *slog.Logger {
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: shortened}
	return slog.New(formatted{format, slog.NewTextHandler(to, o), slog.NewJSONHandler(to, o)})
}

// WritesJSON says that a log of NewLog is in JSON at the moment.
func WritesJSON(log *slog.Logger) bool {
	f, is := log.Handler().(formatted)
	return is && f.format.json.Load()
}

// formatted writes each entry in one of two formats.
type formatted struct {
	format     *Format
	text, json slog.Handler
}

func (f formatted) now() slog.Handler {
	if f.format.json.Load() {
		return f.json
	}
	return f.text
}

// Enabled is the same for both.
func (f formatted) Enabled(ctx context.Context, l slog.Level) bool { return f.text.Enabled(ctx, l) }

// Handle writes an entry.
func (f formatted) Handle(ctx context.Context, r slog.Record) error { return f.now().Handle(ctx, r) }

// WithAttrs has the attributes in every entry.
func (f formatted) WithAttrs(attrs []slog.Attr) slog.Handler {
	return formatted{f.format, f.text.WithAttrs(attrs), f.json.WithAttrs(attrs)}
}

// WithGroup begins a group.
func (f formatted) WithGroup(name string) slog.Handler {
	return formatted{f.format, f.text.WithGroup(name), f.json.WithGroup(name)}
}

// mostText is how many bytes of one value are logged.
const mostText = 4 << 10

// shortened cuts values that nobody would read to their end: what a source or a rule answers may be any length.
func shortened(_ []string, a slog.Attr) slog.Attr {
	switch v := a.Value.Any().(type) {
	case string:
		a.Value = slog.StringValue(cut(v))
	case time.Duration: // which JSON has in nanoseconds
		a.Value = slog.StringValue(v.String())
	case error:
		a.Value = slog.StringValue(cut(v.Error()))
	}
	return a
}

func cut(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cc, r) && r > unicode.MaxASCII { // which JSON leaves as they are, and a terminal may obey
			return unicode.ReplacementChar
		}
		return r
	}, text)
	if len(text) <= mostText {
		return text
	}
	return fmt.Sprintf("%s… and %d bytes more", strings.ToValidUTF8(text[:mostText], ""), len(text)-mostText)
}
