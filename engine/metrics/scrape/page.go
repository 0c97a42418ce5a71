package scrape

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// replicaLabel is what each series gets: the name of its replica. A label of that name on the page gets the prefix that
// Prometheus gives it.
const replicaLabel = "replica"

// read takes what is wanted from a page: text or OpenMetrics, read by Prometheus's own parser, with which a line that
// nobody wants costs no memory. have is what is known already. Times on the page do not count.
func read(body []byte, contentType, replica string, wanted *selection, have map[string]*series) ([]found, error) {
	if err := readable(contentType); err != nil {
		return nil, err
	}
	p, err := textparse.New(dense(body), contentType, nil, textparse.ParserOptions{FallbackContentType: "text/plain"})
	if p == nil {
		return nil, err
	}
	var all []found
	var l labels.Labels
	var key []byte
	seen := map[string]bool{}
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the page is not in Prometheus's format: %w", err)
		}
		if entry != textparse.EntrySeries {
			continue
		}
		line, _, value := p.Series()
		if !wanted.named(line) {
			continue
		}
		p.Labels(&l)
		key = l.Bytes(key[:0])
		s := have[string(key)]
		if s == nil || s.selected != wanted {
			s, err = recognize(s, string(key), l, replica, wanted)
		}
		switch {
		case err != nil:
			return nil, err
		case s == nil:
			continue
		case seen[s.key]:
			return nil, fmt.Errorf("the page has a series twice: %s", s.labels)
		case len(all) == mostSeries:
			return nil, tooMany()
		}
		seen[s.key] = true
		all = append(all, found{s, value})
	}
}

// recognize makes a series of what is on a page; nil where no query looks at it.
func recognize(s *series, key string, l labels.Labels, replica string, wanted *selection) (*series, error) {
	if name, twice := l.HasDuplicateLabelNames(); twice {
		return nil, fmt.Errorf("the page has a series with two labels %s: %s", name, l)
	}
	if s == nil {
		b := labels.NewBuilder(l)
		if theirs := l.Get(replicaLabel); theirs != "" {
			b.Set("exported_"+replicaLabel, theirs)
		}
		s = &series{key: key, labels: b.Set(replicaLabel, replica).Labels()}
	}
	if !wanted.wants(s.labels) {
		return nil, nil
	}
	return s, nil
}

// named says whether the metric of a line may be looked at, as far as its name tells.
func (s *selection) named(line []byte) bool {
	if s.names == nil {
		return true
	}
	end := bytes.IndexAny(line, "{ \t")
	switch end {
	case -1:
		return s.names[string(line)]
	case 0: // the name is in the braces
		return true
	}
	return s.names[string(line[:end])]
}

// readable says whether a page may be what the parser reads.
func readable(contentType string) error {
	kind, _, err := mime.ParseMediaType(contentType)
	switch {
	case contentType == "", err == nil && (kind == "text/plain" || kind == "application/openmetrics-text"):
		return nil
	default:
		return fmt.Errorf("the page is of type %q; allowed: text/plain or application/openmetrics-text: is `path` of the source right?", contentType)
	}
}

// dense leaves out blank lines, and blanks before a line, in place: the parser calls itself for each blank line, and
// millions of them would end the process.
func dense(body []byte) []byte {
	kept := body[:0]
	for len(body) > 0 {
		line := body
		if end := bytes.IndexByte(body, '\n'); end >= 0 {
			line = body[:end+1]
		}
		body = body[len(line):]
		if line = bytes.TrimLeft(line, " \t"); len(line) > 0 && line[0] != '\n' {
			kept = append(kept, line...)
		}
	}
	return kept
}
