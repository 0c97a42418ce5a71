package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/sqlite"
)

// Counted is what was found in a store.
type Counted struct {
	Store  string          `json:"store"` // where it is
	Counts []store.CountOf `json:"counts"`
	store.Findings
}

// CheckStore reads everything in the store of the options, beside a daemon too.
func CheckStore(ctx context.Context, given Options) (Counted, error) {
	o, err := located(ctx, given)
	if err != nil {
		return Counted{}, err
	}
	c := Counted{Store: o.Store, Counts: []store.CountOf{}, Findings: store.Findings{Problems: []string{}}}
	from, err := openStore(o, true)
	switch {
	case sqlite.Damaged(err):
		c.Problems = []string{err.Error()}
		return c, nil
	case err != nil:
		return c, err
	}
	found, err := from.Check(ctx)
	c.Settings = found.Settings
	if c.Problems = append(c.Problems, found.Problems...); err == nil && len(c.Problems) == 0 {
		c.Counts, err = exported(ctx, from)
	}
	return c, errors.Join(err, from.Shutdown())
}

// located is the options with the store that they, or the author's config, name.
func located(ctx context.Context, given Options) (Options, error) {
	set, err := given.Read(ctx, given.Policies)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return given, err
	}
	if doubts := set.Doubts(); doubts != nil && given.Store == "" {
		return given, Invalid{doubts}
	}
	return given.filled(set.Config), nil
}

// Backup writes everything in the store of the options, as it is at one instant, to a file that is not there yet. told is
// how many records it has so far.
func Backup(ctx context.Context, given Options, file string, told func(records int64)) (Counted, error) {
	o, err := located(ctx, given)
	if err != nil {
		return Counted{}, err
	}
	if err := absent(file); err != nil {
		return Counted{}, err
	}
	from, err := openStore(o, true)
	if err != nil {
		return Counted{}, err
	}
	c, err := backUp(ctx, from, file, told)
	return c, errors.Join(err, from.Shutdown())
}

// backUp makes the file beside its place, and gives it its name once it is whole.
func backUp(ctx context.Context, from store.Store, file string, told func(int64)) (c Counted, err error) {
	folder, err := os.MkdirTemp(filepath.Dir(file), ".flyball-backup-")
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	made := filepath.Join(folder, filepath.Base(file))
	into, err := sqlite.Open(made, sqlite.Options{})
	if err != nil {
		return c, err
	}
	var unread error
	err = into.Replace(ctx, func(take func(store.Part) error) error {
		unread = telling(ctx, from, &tally{told: told})(take)
		return unread
	}, time.Time{})
	if unread != nil {
		err = unread // alone: nothing is replaced but what is in the new file
	}
	if err := errors.Join(err, into.Shutdown()); err != nil {
		return c, fmt.Errorf("copy the store: %w", err)
	}
	if c, err = checkFile(ctx, made); err != nil {
		return c, err
	}
	if err := errors.Join(os.Chmod(made, 0o600), synced(made), absent(file)); err != nil {
		return c, err
	}
	c.Store = file
	return c, errors.Join(os.Rename(made, file), synced(filepath.Dir(file)))
}

// absent is an error where there is a file.
func absent(file string) error {
	_, err := os.Lstat(file)
	switch {
	case err == nil:
		return refusal(http.StatusConflict, "%s is there already, and nothing is overwritten: name another file", file)
	case errors.Is(err, os.ErrNotExist):
		return nil
	}
	return err
}

// synced has what is in a file, or the names in a folder, on disk.
func synced(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// checkFile reads everything in a file.
func checkFile(ctx context.Context, file string) (Counted, error) {
	s, err := sqlite.Open(file, sqlite.Options{ReadOnly: true, Backup: true})
	if err != nil {
		return Counted{}, err
	}
	c, err := whole(ctx, s, file)
	return c, errors.Join(err, s.Shutdown())
}

// refusal says why something is not done.
func refusal(status int, format string, args ...any) error {
	return api.Refusal{Status: status, Detail: fmt.Sprintf(format, args...)}
}

// whole counts what is in a store. That something is wrong with it is an error.
func whole(ctx context.Context, s store.Store, where string) (Counted, error) {
	found, err := s.Check(ctx)
	if err == nil && len(found.Problems) > 0 {
		err = refusal(http.StatusUnprocessableEntity, "%s is not whole: %s", where, strings.Join(found.Problems, "; "))
	}
	if err != nil {
		return Counted{}, err
	}
	c := Counted{Store: where}
	c.Counts, err = exported(ctx, s)
	return c, err
}
