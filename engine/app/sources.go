package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
	httpjson "github.com/flyball-dev/flyball/engine/metrics/http"
	"github.com/flyball-dev/flyball/engine/metrics/poll"
	"github.com/flyball-dev/flyball/engine/metrics/prometheus"
	"github.com/flyball-dev/flyball/engine/metrics/push"
	"github.com/flyball-dev/flyball/engine/metrics/redis"
	"github.com/flyball-dev/flyball/engine/metrics/scrape"
	"github.com/flyball-dev/flyball/engine/metrics/sql"
	"github.com/flyball-dev/flyball/schema"
)

// queries checks what metrics ask, by the type of the source.
func queries() schema.Queries {
	return schema.Queries{
		"prometheus": prometheus.Check,
		"scrape":     scrape.Check,
		"redis":      redis.Check,
		"sql":        sql.Check,
		"http":       httpjson.Check,
	}
}

// sources are the author's, connected.
type sources struct {
	env    func(string) string
	pushed map[string]*push.Source // by name; what was pushed outlives a reload
	lates  []*late
}

// feeds are the sources of a config beside those that are there anyway, and closes what earlier ones held and these do not.
// An unchanged source stays as it is.
func (s *sources) feeds(settings []schema.Source) (map[string]control.Feed, func() error) {
	if !slices.ContainsFunc(settings, func(one schema.Source) bool { return one.Name == "business" }) {
		settings = append(slices.Clone(settings), schema.Source{Name: "business", Type: "scrape", Timeout: 5 * time.Second})
	}
	if s.pushed == nil {
		s.pushed = map[string]*push.Source{}
	}
	feeds := map[string]control.Feed{}
	var kept []*late
	for _, one := range settings {
		if one.Type == "push" {
			if s.pushed[one.Name] == nil {
				s.pushed[one.Name] = push.New()
			}
			feeds[one.Name] = control.Feed{Source: s.pushed[one.Name]}
			continue
		}
		l := &late{settings: one, env: s.env}
		if at := slices.IndexFunc(s.lates, func(old *late) bool { return old.settings == one }); at >= 0 {
			l = s.lates[at]
		} else {
			l.breaker = poll.NewBreaker(l, one.Timeout)
		}
		kept = append(kept, l)
		feeds[one.Name] = control.Feed{Source: l.breaker, Whole: one.Type != "scrape"}
	}
	gone := slices.DeleteFunc(s.lates, func(old *late) bool { return slices.Contains(kept, old) })
	s.lates = kept
	return feeds, func() error { return closeAll(gone) }
}

func (s *sources) close() error { return closeAll(s.lates) }

func closeAll(lates []*late) error {
	var errs []error
	for _, l := range lates {
		errs = append(errs, l.close())
	}
	return errors.Join(errs...)
}

// late is a source that is connected when it is first asked, so that one whose secret is missing keeps nothing else from
// starting, and anew when a secret changes.
type late struct {
	settings schema.Source
	env      func(string) string
	breaker  *poll.Breaker

	mu      sync.Mutex
	secrets secrets
	source  control.Source // nil: not connected
	closer  io.Closer
}

// secrets are what the source's settings point at.
type secrets struct{ dsn, password, token string }

// LogValue keeps them out of logs.
func (secrets) LogValue() any { return "(secret)" }

// Sample asks the source.
func (l *late) Sample(ctx context.Context, metrics []engine.Metric, s engine.Service) ([]engine.Sample, error) {
	source, err := l.now()
	if err != nil {
		errs := make([]error, len(metrics))
		for i, m := range metrics {
			errs[i] = engine.Unread{Metric: m.Name, Query: m.Query, Err: engine.Down{Err: err}}
		}
		return nil, errors.Join(errs...)
	}
	return source.Sample(ctx, metrics, s)
}

// now is the source, connected with the secrets of now.
func (l *late) now() (control.Source, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	found, err := l.find()
	if err != nil {
		return nil, err
	}
	if l.source != nil && found == l.secrets {
		return l.source, nil
	}
	if err := l.let(); err != nil {
		return nil, err
	}
	source, closer, err := connect(l.settings, found)
	if err != nil {
		return nil, fmt.Errorf("source %s: %w", l.settings.Name, err)
	}
	l.secrets, l.source, l.closer = found, source, closer
	return source, nil
}

func (l *late) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.let()
}

// let goes of the connection, with l.mu held.
func (l *late) let() error {
	closer := l.closer
	l.source, l.closer = nil, nil
	if closer == nil {
		return nil
	}
	return closer.Close()
}

// find looks the secrets up.
func (l *late) find() (s secrets, err error) {
	for _, one := range []struct {
		field string
		where schema.Secret
		to    *string
	}{
		{"dsn", l.settings.DSN, &s.dsn},
		{"password", l.settings.Password, &s.password},
		{"token", l.settings.Token, &s.token},
	} {
		if *one.to, err = secret(one.where, l.env); err != nil {
			return secrets{}, fmt.Errorf("source %s: %s: %w", l.settings.Name, one.field, err)
		}
	}
	return s, nil
}

// secret is what stands in an environment variable or a file; "" where neither is named.
func secret(where schema.Secret, env func(string) string) (string, error) {
	switch {
	case where.Env != "":
		if found := env(where.Env); found != "" {
			return found, nil
		}
		return "", fmt.Errorf("environment variable %s is not set", where.Env)
	case where.File != "":
		text, err := os.ReadFile(where.File)
		if err != nil {
			return "", err
		}
		if found := strings.TrimSpace(string(text)); found != "" {
			return found, nil
		}
		return "", fmt.Errorf("file %s is empty", where.File)
	}
	return "", nil
}

// connect makes a source of its settings. Nothing is asked yet.
func connect(s schema.Source, with secrets) (control.Source, io.Closer, error) {
	var asker interface {
		poll.Asker
		io.Closer
	}
	var err error
	switch s.Type {
	case "prometheus":
		asker, err = prometheus.New(prometheus.Options{URL: s.URL, Username: s.Username, Password: with.password, Token: with.token})
	case "redis":
		asker, err = redis.New(redis.Options{URL: s.URL, Username: s.Username, Password: with.password, Connections: s.AtOnce})
	case "sql":
		asker, err = sql.New(sql.Options{Driver: s.Driver, DSN: with.dsn, Timeout: s.Timeout, Connections: s.AtOnce})
	case "http":
		asker, err = httpjson.New(httpjson.Options{URL: s.URL, Username: s.Username, Password: with.password, Token: with.token})
	default:
		scraped, err := scrape.New(scrape.Options{Port: s.Port, Path: s.Path, Token: with.token})
		return scraped, scraped, err
	}
	if err != nil {
		return nil, nil, err
	}
	return poll.NewEach(asker, s.AtOnce), asker, nil
}
