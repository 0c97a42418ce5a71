package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/schema"
)

// reader reads the policies beside the watch, one at a time: each reading may take seconds.
type reader struct {
	busy chan struct{} // full while somebody reads

	sum  uint64 // of what was read last as it stands; 0: nothing was
	last Loaded
}

// enter waits for its turn.
func (r *reader) enter(ctx context.Context) error {
	select {
	case r.busy <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *reader) leave() { <-r.busy }

// asWritten is what stands in files and came by the API, as it is now, also where it can't be used. Of those by the API it is the
// indented text that problems are in. Nothing is read again before something has changed.
func (a *App) asWritten(ctx context.Context) (Loaded, error) {
	if err := a.reader.enter(ctx); err != nil {
		return Loaded{}, err
	}
	defer a.reader.leave()
	by := lookout{documents: a.set().documents, known: true}
	sum := by.sum(fingerprint(a.given.Policies))
	if sum == a.reader.sum {
		return a.reader.last, nil
	}
	by.documents = slices.Clone(by.documents)
	for i, d := range by.documents {
		by.documents[i].Body = indented(d.Body)
	}
	l, err := Load(ctx, a.given.Read, a.given.Policies, posted(by.documents)...)
	if ctx.Err() != nil {
		return l, ctx.Err()
	}
	if err != nil { // the folder is gone, or can't be read
		l.Problems = []engine.Problem{{File: a.given.Policies, Message: err.Error()}}
	}
	l.documents = by.documents
	if len(l.Files) > 0 && notRead(l.Set) == nil { // else it may be the machine's doing, and other the next time
		a.reader.sum, a.reader.last = sum, l
	}
	return l, nil
}

// indented is JSON as people read it.
func indented(text []byte) []byte {
	var out bytes.Buffer
	if json.Indent(&out, bytes.TrimSpace(text), "", "  ") != nil {
		return text
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// CheckPolicy says what is wrong with a policy in JSON, in the place of the one of its name.
func (a *App) CheckPolicy(ctx context.Context, name string, body []byte) ([]engine.Problem, error) {
	_, problems, err := a.drafted(ctx, cmp.Or(name, nameIn(body)), body)
	return problems, err
}

// drafted is everything that is at work, with a policy in JSON in the place of the one of its name, and what is wrong with that
// one. It is not among the policies where there is an error.
func (a *App) drafted(ctx context.Context, name string, body []byte) (Loaded, []engine.Problem, error) {
	if err := legible(body); err != nil {
		return Loaded{}, nil, err
	}
	if err := a.reader.enter(ctx); err != nil {
		return Loaded{}, nil, err
	}
	defer a.reader.leave()
	others := slices.DeleteFunc(slices.Clone(a.set().documents), func(d store.Document) bool { return d.Name == name })
	draft := schema.Posted{Name: name, Body: body, Instead: true}
	l, err := Load(ctx, a.given.Read, a.given.Policies, append(posted(others), draft)...)
	if ctx.Err() != nil {
		return l, nil, ctx.Err()
	}
	if err != nil {
		return l, nil, refusal(http.StatusServiceUnavailable, "the policies in files can't be read, so this one can't be held against them: %v", err)
	}
	if errs := l.Errors(); len(errs) > 0 {
		return l, nil, refusal(http.StatusConflict, "the policies in files can't be used, so this one can't be held against them; mend them first:\n%v", Invalid{errs})
	}
	if err := notRead(l.Set); err != nil {
		return l, nil, refusal(http.StatusServiceUnavailable, "the policy was not checked: %v; or try again", err)
	}
	return l, inBody(name, l.ofPosted(name)), nil
}

// ofPosted are the problems of a posted policy: why it is left out, or else what it is warned of.
func (l Loaded) ofPosted(name string) (problems []engine.Problem) {
	for _, left := range l.Left {
		if left.Name == name {
			return left.Problems
		}
	}
	at := schema.PostedAt(name)
	for _, p := range l.Problems {
		if p.File == at {
			problems = append(problems, p)
		}
	}
	return problems
}
