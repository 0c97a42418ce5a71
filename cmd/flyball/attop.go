package main

import (
	"os"
	"path/filepath"
	"strings"
)

// atTop is a path from the top of the git repository that it lies in, whatever folder flyball runs in: that is how GitHub and GitLab
// find the file that something is said of. Outside of a repository, such as where the runner had no git to check it out with, it is
// from the runner's workspace, or else as it is.
func atTop(path string) string {
	if path == "" {
		return ""
	}
	whole, err := filepath.Abs(path)
	if err != nil {
		return filepath.ToSlash(path)
	}
	for folder := filepath.Dir(whole); ; folder = filepath.Dir(folder) {
		_, err := os.Lstat(filepath.Join(folder, ".git")) // a folder, or a file in a worktree
		if err == nil || folder == os.Getenv("GITHUB_WORKSPACE") {
			return filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(whole, folder), string(filepath.Separator)))
		}
		if folder == filepath.Dir(folder) {
			return filepath.ToSlash(path)
		}
	}
}
