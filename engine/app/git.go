package app

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// repository is a git repository, which is asked through the git command.
type repository struct {
	top string // its working tree
}

// repositoryOf finds the one that a path lies in, and the path in it. The path itself may be gone.
func repositoryOf(ctx context.Context, at string) (repository, string, error) {
	at, err := filepath.Abs(at)
	if err != nil {
		return repository{}, "", err
	}
	folder, below := at, ""
	for {
		if info, err := os.Stat(folder); err == nil && info.IsDir() {
			break
		}
		folder, below = filepath.Dir(folder), filepath.Join(filepath.Base(folder), below)
	}
	if folder, err = filepath.EvalSymlinks(folder); err != nil {
		return repository{}, "", err
	}
	out, err := repository{folder}.git(ctx, "rev-parse", "--show-toplevel")
	if err != nil {
		return repository{}, "", err
	}
	r := repository{filepath.FromSlash(strings.TrimSuffix(string(out), "\n"))}
	inside, err := filepath.Rel(r.top, filepath.Join(folder, below))
	return r, filepath.ToSlash(inside), err
}

// commit finds a revision. One that is written like an option is none.
func (r repository) commit(ctx context.Context, revision string) (string, error) {
	out, err := r.git(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
	return strings.TrimSpace(string(out)), err
}

// instead says what would do in the place of a revision that is not there. What checks out for a pipeline often knows a branch only as
// that of origin, or has fetched nothing but the one commit.
func (r repository) instead(ctx context.Context, revision string) string {
	if _, err := r.commit(ctx, "origin/"+revision); err == nil {
		return fmt.Sprintf("; there is origin/%s", revision)
	}
	if out, err := r.git(ctx, "rev-parse", "--is-shallow-repository"); err != nil || strings.TrimSpace(string(out)) != "true" {
		return ""
	}
	if strings.ContainsAny(revision, "~^@") {
		return ", which is a shallow clone: git fetch --unshallow, then again"
	}
	branch := strings.TrimPrefix(revision, "origin/")
	return fmt.Sprintf(", which is a shallow clone: git fetch --depth=1 origin %s, then flyball diff FETCH_HEAD", branch)
}

// blob is a file in a commit.
type blob struct {
	path string // from the top, with slashes
	id   string
	link bool
}

// blobs are the files of policies at or below a path. CUE files count wherever they are: they may be imported.
func (r repository) blobs(ctx context.Context, commit, below string) (found []blob, there bool, err error) {
	out, err := r.git(ctx, "ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return nil, false, err
	}
	for line := range strings.SplitSeq(string(out), "\x00") {
		about, name, _ := strings.Cut(line, "\t")
		words := strings.Fields(about) // mode, type, id
		if len(words) != 3 || words[1] != "blob" {
			continue
		}
		inside := below == "." || name == below || strings.HasPrefix(name, below+"/")
		there = there || inside
		if path.Ext(name) == ".cue" || inside && (name == below || slices.Contains(kinds(), strings.ToLower(path.Ext(name)))) {
			found = append(found, blob{name, words[2], words[0] == "120000"})
		}
	}
	return found, there, nil
}

// kinds are the files that a folder of policies is made of, by how their names end.
func kinds() []string { return []string{".cue", ".json", ".yaml", ".yml", ".rego", ".txtar"} }

// write lays files down in a folder, which nothing leaves: neither a path nor a link.
func (r repository) write(ctx context.Context, blobs []blob, folder string) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	var ids bytes.Buffer
	for _, b := range blobs {
		fmt.Fprintln(&ids, b.id)
	}
	cmd := r.command(ctx, "cat-file", "--batch")
	cmd.Stdin = &ids
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	in := bufio.NewReader(out)
	for _, b := range blobs {
		if err = b.write(root, in); err != nil {
			break
		}
	}
	_ = out.Close() // where that went wrong, git has nobody to write to
	if ended := cmd.Wait(); err == nil && ended != nil {
		err = gitSaid(ended, said.Bytes())
	}
	return err
}

// write takes one file from what git cat-file --batch says: its id, type and size on a line, the content, the end of a line.
func (b blob) write(root *os.Root, in *bufio.Reader) error {
	head, err := in.ReadString('\n')
	if err != nil {
		return fmt.Errorf("read %s from git: %w", b.path, err)
	}
	words := strings.Fields(head)
	size, err := strconv.ParseInt(words[len(words)-1], 10, 64)
	if err != nil || len(words) != 3 {
		return fmt.Errorf("read %s from git: %s", b.path, strings.TrimSpace(head))
	}
	if err := root.MkdirAll(path.Dir(b.path), 0o700); err != nil {
		return err
	}
	content := io.LimitReader(in, size)
	if b.link {
		err = b.writeLink(root, content)
	} else {
		err = b.writeFile(root, content)
	}
	if err != nil {
		return err
	}
	_, err = in.ReadByte()
	return err
}

func (b blob) writeFile(root *os.Root, content io.Reader) error {
	file, err := root.OpenFile(b.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close())
}

func (b blob) writeLink(root *os.Root, content io.Reader) error {
	target, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	if to := filepath.FromSlash(string(target)); filepath.IsAbs(to) || !filepath.IsLocal(filepath.Join(filepath.FromSlash(path.Dir(b.path)), to)) {
		return fmt.Errorf("%s is a link to %s, out of the repository", b.path, target)
	}
	return root.Symlink(string(target), b.path)
}

// command runs git in the repository, whatever another git, of whose hook we may be part, says of its own.
func (r repository) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = r.top
	cmd.Env = slices.DeleteFunc(os.Environ(), func(setting string) bool {
		name, _, _ := strings.Cut(setting, "=")
		return slices.Contains([]string{"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX"}, name)
	})
	cmd.Env = append(cmd.Env, "LC_ALL=C")
	return cmd
}

func (r repository) git(ctx context.Context, args ...string) ([]byte, error) {
	cmd := r.command(ctx, args...)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, gitSaid(err, exit.Stderr)
	}
	return out, err
}

// gitSaid is the error of a git that ended with one, in its own words.
func gitSaid(err error, stderr []byte) error {
	first, _, _ := strings.Cut(strings.TrimSpace(string(stderr)), "\n")
	if first == "" {
		return fmt.Errorf("git: %w", err)
	}
	return fmt.Errorf("git: %s", strings.TrimPrefix(first, "fatal: "))
}
