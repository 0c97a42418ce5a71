package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

// Revision is one side of a diff: a file or a folder as it is now, or as it is in a revision of its git repository.
type Revision struct {
	Name   string // as it was asked for
	Path   string // of the file or folder, as it is now
	Absent bool   // the revision does not have the path

	read   string // where it can be read
	folder string // to be removed again; empty: none
	prefix string // of what was read, and
	shown  string // how messages write it
}

// NoRevision says that an argument names neither a path nor a revision.
type NoRevision string

func (e NoRevision) Error() string { return string(e) }

// Now is a file or a folder as it is now.
func Now(path string) (Revision, error) {
	_, err := os.Stat(path)
	return Revision{Name: path, Path: path, read: path}, err
}

// Find finds what an argument names: a path that is there, else REV:PATH, else REV, which is that of the folder policies. The
// caller closes it.
func Find(ctx context.Context, argument, policies string) (Revision, error) {
	if strings.HasPrefix(argument, "-") {
		return Revision{}, NoRevision(fmt.Sprintf("%q begins with a dash; allowed: a file, a folder or a git revision", argument))
	}
	if _, err := os.Lstat(argument); err == nil {
		return Now(argument)
	}
	revision, path, written := strings.Cut(argument, ":")
	if !written {
		path = policies
	}
	if revision == "" || path == "" {
		return Revision{}, NoRevision(fmt.Sprintf("%q is no file or folder; allowed: one, or REV or REV:PATH, such as HEAD~1:%s", argument, policies))
	}
	repository, inside, err := repositoryOf(ctx, path)
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return Revision{}, fmt.Errorf("%q is no file or folder, and for a revision the git command is needed: %w", argument, err)
	case err != nil:
		return Revision{}, NoRevision(fmt.Sprintf("%q is no file or folder, and %s lies in no git repository that could have it as a revision: %v", argument, path, err))
	}
	commit, err := repository.commit(ctx, revision)
	if err != nil {
		return Revision{}, NoRevision(fmt.Sprintf("%q is no file or folder, and no revision of the git repository %s%s",
			revision, repository.top, repository.instead(ctx, revision)))
	}
	r := Revision{Name: argument, Path: path}
	if err := r.checkOut(ctx, repository, commit, inside); err != nil {
		return Revision{}, errors.Join(fmt.Errorf("read %s of %s: %w", path, revision, err), r.Close())
	}
	r.shown = revision + ":"
	if r.Absent && written {
		return Revision{}, errors.Join(NoRevision(fmt.Sprintf("there is no %s in revision %s", path, revision)), r.Close())
	}
	return r, nil
}

func (r *Revision) checkOut(ctx context.Context, from repository, commit, inside string) error {
	blobs, there, err := from.blobs(ctx, commit, inside)
	if err != nil || !there {
		r.Absent = !there
		return err
	}
	if r.folder, err = os.MkdirTemp("", "flyball-diff-"); err != nil {
		return err
	}
	r.prefix, r.read = r.folder+string(filepath.Separator), filepath.Join(r.folder, filepath.FromSlash(inside))
	if err := from.write(ctx, blobs, r.folder); err != nil {
		return err
	}
	return os.MkdirAll(filepath.Dir(r.read), 0o700)
}

// Close removes what was checked out.
func (r Revision) Close() error {
	if r.folder == "" {
		return nil
	}
	return os.RemoveAll(r.folder)
}

// Load reads it. Where policies are absent there are none; what is wrong is an Invalid that says on which side.
func (r Revision) Load(ctx context.Context, read Reader, side string) (Loaded, error) {
	if r.Absent {
		return Loaded{}, nil
	}
	l, err := Load(ctx, read, r.read)
	if err != nil {
		return l, fmt.Errorf("%s (%s): %s", side, r.Name, r.show(err.Error()))
	}
	if errs := l.Errors(); len(errs) > 0 {
		wrong := make([]engine.Problem, len(errs))
		for i, p := range errs {
			p.File, p.Message = r.show(p.File), r.show(p.Message)
			wrong[i] = p
		}
		return l, fmt.Errorf("%s (%s):\n%w", side, r.Name, Invalid{wrong})
	}
	for i := range l.Policies {
		l.Policies[i].File = r.show(l.Policies[i].File)
	}
	for i := range l.Set.Rules {
		l.Set.Rules[i].Path = r.show(l.Set.Rules[i].Path)
	}
	return l, nil
}

// show writes where a file is in the revision, in the place of where it was read.
func (r Revision) show(text string) string {
	if r.prefix == "" {
		return text
	}
	return strings.ReplaceAll(text, r.prefix, r.shown)
}
