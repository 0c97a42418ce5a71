package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// meaning names the files that say what the policies mean: all that were read but tests and scenarios.
func (l Loaded) meaning() []string {
	beside := slices.Clone(l.Scenarios)
	for _, f := range l.Tests {
		beside = append(beside, f.Path)
	}
	return slices.DeleteFunc(slices.Clone(l.Files), func(file string) bool { return slices.Contains(beside, file) })
}

// commitOf is the commit of a git repository in which files are as they are now; empty where there is none, or no git, or
// nobody can tell.
func commitOf(ctx context.Context, files []string) string {
	const most = 5 * time.Second // nobody waits for long for what is only good to know
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	if len(files) == 0 {
		return ""
	}
	r, _, err := repositoryOf(ctx, files[0])
	if err != nil {
		return ""
	}
	var paths []string
	for _, file := range files {
		inside, err := r.inside(file)
		if err != nil {
			return ""
		}
		paths = append(paths, inside)
	}
	head, err := r.commit(ctx, "HEAD")
	if err != nil {
		return ""
	}
	for _, ask := range [][]string{
		{"ls-files", "--error-unmatch", "--"},
		{"diff", "--no-ext-diff", "--quiet", head, "--"},
	} {
		look := append([]string{"--no-optional-locks", "--literal-pathspecs", "-c", "core.fsmonitor=false"}, ask...)
		if _, err := r.git(ctx, append(look, paths...)...); err != nil {
			return ""
		}
	}
	return head
}

// inside is the path of a file from the top of the repository. Of a link the repository has no more than where it leads.
func (r repository) inside(file string) (string, error) {
	info, err := os.Lstat(file)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("it is a link")
	}
	file, err = filepath.Abs(file)
	if err != nil {
		return "", err
	}
	if file, err = filepath.EvalSymlinks(file); err != nil {
		return "", err
	}
	return filepath.Rel(r.top, file)
}
