package convert

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/literal"

	"github.com/flyball-dev/flyball/engine"
)

// policy is one that is being written.
type policy struct {
	*conversion
	name       string
	top        part // what stands before the metrics
	metrics    part
	thresholds part
	schedule   part
	bottom     part
	signals    map[string]bool // names of metrics
	floor      int             // replicas while a metric can't be read; 0: none
	decides    bool            // there is a target, or there are bands
	windows    bool            // there is a window in schedule
}

// source is an entry under config: sources.
type source struct {
	name     string
	comment  part
	settings []string
}

// part is a piece of CUE, in lines.
type part []string

func (p *part) line(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

// comment writes a comment of any length in lines that can be read. Nothing in it can end the comment.
func (p *part) comment(said string) {
	const width = 110
	line := "//"
	for _, word := range strings.Fields(said) {
		if len(line)+len(word) > width {
			*p = append(*p, line)
			line = "//"
		}
		line += " " + word
	}
	*p = append(*p, line)
}

// plain leaves out what makes a reviewer see something else than is written.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

// entry writes an element of a list, on one line where it fits.
func (p *part) entry(fields ...string) {
	if one := "{" + strings.Join(fields, ", ") + "},"; len(one) <= 110 {
		*p = append(*p, one)
		return
	}
	*p = append(*p, "{")
	*p = append(*p, fields...)
	*p = append(*p, "},")
}

// add begins a policy. Its name is mended where flyball has no such names, and where it is taken.
func (c *conversion) add(at *node, name string) *policy {
	p := &policy{conversion: c, signals: map[string]bool{}}
	p.name = fit(name, engineName, 128)
	for base := p.name; c.taken[p.name] > 0; {
		c.taken[base]++
		p.name = fmt.Sprintf("%s-%d", fit(base, engineName, 120), c.taken[base])
	}
	c.taken[p.name]++
	switch {
	case p.name == name:
	case fit(name, engineName, 128) == name:
		p.differs(&p.top, at, "a policy is called %s already; this one is %s", name, p.name)
	default:
		p.differs(&p.top, at, "%s is no name of a policy; it is %s here", strconv.Quote(short(name)), p.name)
	}
	c.policies = append(c.policies, p)
	return p
}

// drop takes back a policy of which nothing could be made. What has no equal in it may be why, and is still told.
func (p *policy) drop() {
	c := p.conversion
	delete(c.taken, p.name)
	c.policies = slices.DeleteFunc(c.policies, func(q *policy) bool { return q == p })
	c.remarks = slices.DeleteFunc(c.remarks, func(r Remark) bool { return r.Policy == p.name && r.Kind == Differs })
}

func (p *policy) noEqual(to *part, at *node, format string, args ...any) {
	to.comment(p.remark(p.name, at, NoEqual, format, args...))
}

// without says of a metric that it is left out. The blank line keeps the comment apart from the metric after it.
func (p *policy) without(at *node, format string, args ...any) {
	p.noEqual(&p.metrics, at, format, args...)
	p.metrics.line("")
}

func (p *policy) differs(to *part, at *node, format string, args ...any) {
	to.comment(p.remark(p.name, at, Differs, format, args...))
}

// signal is the name of one more metric of the policy.
func (p *policy) signal(name string) string {
	name = fit(name, metricName, 120)
	for base, n := name, 2; p.signals[name]; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	p.signals[name] = true
	return name
}

// Letters of the names of policies and services, and of metrics and sources.
const (
	engineName = "-._"
	metricName = "-_"
)

// fit makes a name of one, which begins with what it may begin with and is no longer than it may be.
func fit(name, beside string, most int) string {
	name = strings.Map(func(r rune) rune {
		if letter(r) || strings.ContainsRune(beside, r) {
			return r
		}
		if beside == metricName {
			return '_'
		}
		return '-'
	}, name[:min(len(name), most)])
	if beside == metricName {
		if name == "" || name[0] == '-' || name[0] >= '0' && name[0] <= '9' {
			name = "m_" + name
		}
		return name
	}
	if name = strings.TrimLeft(name, engineName); name == "" {
		name = "imported"
	}
	return name
}

func letter(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// isName says whether flyball can call a service so.
func isName(name string) bool {
	return name != "" && len(name) <= 128 && fit(name, engineName, 128) == name
}

// source is the name of a source with such settings, which is set up where there is none. The name is the first of it that
// is free.
func (c *conversion) source(name string, comment part, settings ...string) string {
	name = fit(name, metricName, 120)
	free := name
	for n := 2; ; n++ {
		i := slices.IndexFunc(c.sources, func(s source) bool { return s.name == free })
		if i < 0 {
			break
		}
		if slices.Equal(c.sources[i].settings, settings) {
			return free
		}
		free = fmt.Sprintf("%s_%d", name, n)
	}
	c.sources = append(c.sources, source{free, comment, settings})
	return free
}

// print writes everything as CUE, in its canonical form.
func (c *conversion) print() string {
	if len(c.policies) == 0 {
		return ""
	}
	var b strings.Builder
	if len(c.sources) > 0 {
		b.WriteString("config: sources: {\n")
		for _, s := range c.sources {
			for _, line := range s.comment {
				b.WriteString(line + "\n")
			}
			fmt.Fprintf(&b, "%s: {%s}\n", quote(s.name), strings.Join(s.settings, ", "))
		}
		b.WriteString("}\n\n")
	}
	for i, p := range c.policies {
		if i > 0 {
			b.WriteString("\n")
		}
		p.print(&b)
	}
	out, err := format.Source([]byte(b.String()), format.Simplify())
	if err != nil { // what is written here is CUE; a test and a fuzz test hold it to that
		c.problems = append(c.problems, engine.Problem{File: c.file, Message: "can't be written as CUE: " + short(err.Error())})
		return ""
	}
	return string(out)
}

func (p *policy) print(b *strings.Builder) {
	write := func(lines part) {
		for _, l := range lines {
			b.WriteString(l + "\n")
		}
	}
	fmt.Fprintf(b, "policies: %s: {\n", quote(p.name))
	write(p.top)
	for _, l := range []struct {
		name  string
		lines part
	}{{"metrics", p.metrics}, {"thresholds", p.thresholds}, {"schedule", p.schedule}} {
		for len(l.lines) > 0 && l.lines[len(l.lines)-1] == "" {
			l.lines = l.lines[:len(l.lines)-1]
		}
		if len(l.lines) > 0 {
			fmt.Fprintf(b, "\n%s: [\n", l.name)
			write(l.lines)
			b.WriteString("]\n")
		}
	}
	if len(p.bottom) > 0 {
		b.WriteString("\n")
		write(p.bottom)
	}
	b.WriteString("}\n")
}

func quote(s string) string { return literal.String.Quote(s) }

func pair(name, value string) string { return name + ": " + quote(value) }

// amount writes a number.
func amount(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// duration writes a number of units as a duration: 300 seconds are "5m".
func duration(n float64, unit time.Duration) string {
	if n > 1e6 || n < -1e6 {
		return fmt.Sprintf("%v × %s", n, duration(1, unit))
	}
	s := (time.Duration(n * float64(unit))).Round(time.Millisecond).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func lasts(d time.Duration) string { return duration(d.Seconds(), time.Second) }

func seconds(n int) string { return duration(float64(n), time.Second) }
