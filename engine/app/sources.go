package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
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
	feeds, pushed := map[string]control.Feed{}, map[string]*push.Source{}
	var kept []*late
	for _, one := range settings {
		if one.Type == "push" {
			if pushed[one.Name] = s.pushed[one.Name]; pushed[one.Name] == nil {
				pushed[one.Name] = push.New()
			}
			feeds[one.Name] = control.Feed{Source: pushed[one.Name]}
			continue
		}
		at := slices.IndexFunc(s.lates, func(old *late) bool { return old.settings == one })
		if at < 0 {
			kept = append(kept, newLate(one, s.env))
		} else {
			kept = append(kept, s.lates[at])
		}
		feeds[one.Name] = kept[len(kept)-1].feed
	}
	gone := slices.DeleteFunc(s.lates, func(old *late) bool { return slices.Contains(kept, old) })
	s.lates, s.pushed = kept, pushed
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
	feed     control.Feed // of it

	mu      sync.RWMutex // held for reading while the source is asked: it is closed when nobody asks
	secrets secrets
	source  control.Source // nil: not connected
	closer  io.Closer
	closed  bool
}

func newLate(s schema.Source, env func(string) string) *late {
	l := &late{settings: s, env: env}
	l.feed = control.Feed{Source: l, Whole: true}
	if s.Type == "scrape" { // the others have a deadline and a breaker for each query
		l.feed = control.Feed{Source: poll.NewBreaker(l, s.Timeout)}
	}
	return l
}

// secrets are what the source's settings point at.
type secrets struct{ dsn, password, token string }

// LogValue keeps them out of logs.
func (secrets) LogValue() slog.Value { return slog.StringValue("(secret)") }

var _ slog.LogValuer = secrets{}

// Sample asks the source.
func (l *late) Sample(ctx context.Context, metrics []engine.Metric, s engine.Service) ([]engine.Sample, error) {
	if err := l.connect(); err != nil {
		return nil, unread(metrics, err)
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.source == nil { // closed meanwhile
		return nil, unread(metrics, errReplaced)
	}
	return l.source.Sample(ctx, metrics, s)
}

var errReplaced = errors.New("the source was set up anew")

func unread(metrics []engine.Metric, err error) error {
	errs := make([]error, len(metrics))
	for i, m := range metrics {
		errs[i] = engine.Unread{Metric: m.Name, Query: m.Query, Err: err}
	}
	return errors.Join(errs...)
}

// connect makes the source one with the secrets of now.
func (l *late) connect() error {
	found, err := l.find()
	if err != nil {
		return err
	}
	l.mu.RLock()
	ready := l.source != nil && found == l.secrets
	l.mu.RUnlock()
	if ready {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errReplaced
	}
	if l.source != nil && found == l.secrets { // somebody else did it
		return nil
	}
	if err := l.let(); err != nil {
		return err
	}
	source, closer, err := connect(l.settings, found)
	if err != nil {
		return fmt.Errorf("source %s: %w", l.settings.Name, err)
	}
	l.secrets, l.source, l.closer = found, source, closer
	return nil
}

// close lets go of the source, for good, once nobody asks it.
func (l *late) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
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
			return secrets{}, errSecret{fmt.Errorf("source %s: %s: %w", l.settings.Name, one.field, err)}
		}
	}
	return s, nil
}

// errSecret says that a secret is not where the settings say.
type errSecret struct{ error }

const secretSize = 64 << 10 // bytes of a file that are read at most

// secret is what stands in an environment variable or a file; "" where neither is named.
func secret(where schema.Secret, env func(string) string) (string, error) {
	switch {
	case where.Env != "":
		if found := env(where.Env); found != "" {
			return found, nil
		}
		return "", fmt.Errorf("environment variable %s is not set", where.Env)
	case where.File != "":
		file, err := os.Open(where.File)
		if err != nil {
			return "", err
		}
		defer file.Close()
		text, err := io.ReadAll(io.LimitReader(file, secretSize))
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
	return poll.NewEach(asker, s.AtOnce, s.Timeout), asker, nil
}
