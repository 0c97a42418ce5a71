package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/schema"
)

// Source is the text of a policy as it stands now, with what is wrong in it.
func (a *App) Source(ctx context.Context, name string) (api.Source, error) {
	now, err := a.asWritten(ctx)
	if err != nil {
		return api.Source{}, err
	}
	work := a.set()
	told, err := found(overview(work, a.mode), name)
	if err != nil { // it may be about to be
		if told, err = found(overview(now, a.mode), name); err != nil {
			_, err = found(overview(work, a.mode), name)
			return api.Source{}, err
		}
	}
	s := api.Source{Policy: name, Kind: told.Source, Language: "json", ETag: told.ETag, Editable: told.Source == api.FromAPI}
	p, _ := now.Policy(name)
	if atWork, err := work.Policy(name); err == nil {
		s.Revision = atWork.Revision
		if p.Name == "" { // what stands there now can't be read
			p = atWork
		}
	}
	s.Rules = rulesIn(a.given.Policies, now, p)
	if s.Kind == api.FromAPI {
		s.Text = string(now.document(name).Body)
		s.Problems = flaws(inBody(name, now.ofPosted(name)))
	} else {
		s.Path, s.Line = spotOf(p.File)
		s.Language = languageOf(s.Path)
		s.Text, s.Problems = textOf(a.given.Policies, s.Path, name, now, work)
	}
	s.Problems = append(s.Problems, elsewhere(now, name, s)...)
	return s, nil
}

// mostShown is how much of all files together is shown: as much as one file may have.
const mostShown = 1 << 20

// textOf is a file as it is now, with what is wrong in it, but for warnings of the other policies in it. It is one that was read as
// policies of a folder, and no other.
func textOf(folder, path, name string, now, work Loaded) (string, []api.Flaw) {
	wrong := flaws(slices.DeleteFunc(slices.Clone(now.Problems), func(p engine.Problem) bool {
		return p.File != path || p.Warning && p.Policy != "" && p.Policy != name
	}))
	if !slices.Contains(now.Files, path) && !slices.Contains(work.Files, path) {
		return "", append(wrong, api.FlawOf(engine.Problem{Message: "the file is not among those that policies are read from"}))
	}
	text, err := readText(folder, path)
	if err != nil {
		return "", append(wrong, illegible(err))
	}
	return crossedOut(text, work.Config, now.Config), wrong
}

// readText reads so much of a file as may be one of policies. What is below a folder is not followed out of it: who may write
// policies is not to have who may read them see whatever else the daemon may read.
func readText(folder, path string) (string, error) {
	base, name := filepath.Dir(path), filepath.Base(path)
	if below, err := filepath.Rel(folder, path); err == nil && below != "." && filepath.IsLocal(below) {
		base, name = folder, below
	}
	if path == folder { // whoever started the daemon chose it, and may have chosen a link
		resolved, err := filepath.EvalSymlinks(path)
		if err != nil {
			return "", err
		}
		base, name = filepath.Dir(resolved), filepath.Base(resolved)
	}
	root, err := os.OpenRoot(base)
	if err != nil {
		return "", err
	}
	defer root.Close()
	info, err := root.Stat(name)
	if err == nil && !info.Mode().IsRegular() { // to open a pipe waits for who writes into it
		err = errors.New("it is no file any more")
	}
	if err != nil {
		return "", openOf(path, err)
	}
	f, err := root.Open(name)
	if err != nil {
		return "", openOf(path, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostShown))
	return strings.ToValidUTF8(string(text), "\uFFFD"), err
}

// openOf has an error about a file below a root say which one it is.
func openOf(path string, err error) error {
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Errorf("open %s: %w", path, err)
}

// rulesIn are the author's rules that a policy is answered by, as they stand now.
func rulesIn(folder string, l Loaded, p engine.Policy) []api.Text {
	all, room := []api.Text{}, mostShown
	for _, f := range l.RulesOf(p) {
		t := api.Text{Name: f.Path, Text: string(f.Text), Problems: flaws(slices.DeleteFunc(slices.Clone(l.Problems), func(p engine.Problem) bool { return p.File != f.Path }))}
		var err error
		if slices.Contains(l.Files, f.Path) { // else it is in an archive
			t.Text, err = readText(folder, f.Path)
		}
		switch room -= len(t.Text); {
		case err != nil:
			t.Problems = append(t.Problems, illegible(err))
		case room < 0:
			t.Problems = append(t.Problems, api.FlawOf(engine.Problem{Warning: true, Message: fmt.Sprintf("not shown: all rules have more than %d bytes", mostShown)}))
			t.Text = ""
		}
		t.Text = strings.ToValidUTF8(t.Text, "\uFFFD")
		all = append(all, t)
	}
	return all
}

func illegible(err error) api.Flaw {
	return api.FlawOf(engine.Problem{Message: "the file can't be read: " + err.Error()})
}

// elsewhere is what is wrong in files that are not shown: each thing of the policy itself, and the first error of others, as with
// one of them nothing that stands there now is at work.
func elsewhere(l Loaded, name string, s api.Source) []api.Flaw {
	shown := []string{s.Path, schema.PostedAt(name)}
	for _, r := range s.Rules {
		shown = append(shown, r.Name)
	}
	all, others := []engine.Problem{}, []engine.Problem{}
	for _, p := range l.Problems {
		at := p.File
		if p.Line > 0 {
			at = fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
		}
		p.Line, p.Column, p.Message = 0, 0, at+": "+p.Message
		switch {
		case slices.Contains(shown, p.File):
		case p.Policy == name:
			all = append(all, p)
		case !p.Warning:
			others = append(others, p)
		}
	}
	if len(others) > 0 {
		all = append(all, engine.Problem{Message: "nothing that is changed here is taken up before another error is mended: " + others[0].Message})
	}
	return flaws(all)
}

func flaws(problems []engine.Problem) []api.Flaw {
	all := make([]api.Flaw, len(problems))
	for i, p := range problems {
		all[i] = api.FlawOf(p)
	}
	return all
}

// spotOf takes file:line apart.
func spotOf(at string) (path string, line int) {
	if i := strings.LastIndexByte(at, ':'); i >= 0 {
		if line, err := strconv.Atoi(at[i+1:]); err == nil {
			return at[:i], line
		}
	}
	return at, 0
}

// languageOf is what a file of policies is written in.
func languageOf(path string) string {
	switch ext := strings.ToLower(strings.TrimPrefix(filepath.Ext(path), ".")); ext {
	case "json", "yaml", "txtar":
		return ext
	case "yml":
		return "yaml"
	}
	return "cue"
}
