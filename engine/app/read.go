package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/schema"
)

// Reader reads the policies of a folder or a file, and beside them those that were posted. An error means that the path could
// not be read at all, or that ctx ended.
type Reader func(ctx context.Context, path string, posted ...schema.Posted) (schema.Set, error)

// Here reads in this process. CUE can't be interrupted: policies that take for ever to evaluate take the caller along.
func Here(_ context.Context, path string, posted ...schema.Posted) (schema.Set, error) {
	return schema.Load(path, queries(), posted...)
}

// What evaluating the policies may take: the shipped ones take some 30 ms and 60 MB.
const (
	mostCPU    = 3 * time.Second
	mostTime   = 30 * time.Second // on a machine that has other things to do, or no way to limit the rest
	mostMemory = 1 << 30
)

// What each posted policy may take beside that, of which it takes some 3 ms.
const (
	postedCPU  = 20 * time.Millisecond
	postedTime = 3 * postedCPU
)

// answer is what the process that reads says to the one that asks.
type answer struct {
	Set   schema.Set
	Error string
}

// Apart reads in a process of its own, which ends with ctx and may take so much and no more. The process is this same
// program, which must be flyball, with the arguments of a verb that calls ReadFor, and the path. Where posted policies take too
// much, all of them are left out: they never keep those in files from being read.
func Apart(verb ...string) Reader {
	return func(ctx context.Context, path string, posted ...schema.Posted) (schema.Set, error) {
		if _, err := os.Stat(path); err != nil {
			return schema.Set{}, fmt.Errorf("load policies: %w", err)
		}
		child := apart{verb: append(verb, path)}
		set, why, err := child.read(ctx, posted)
		if why == "" || err != nil {
			return set, err
		}
		if len(posted) == 0 {
			return schema.Set{Problems: []engine.Problem{{File: path, Message: why}}}, nil
		}
		set, beside, err := child.read(ctx, nil)
		if beside != "" {
			set.Problems = []engine.Problem{{File: path, Message: beside}}
		}
		for _, p := range posted {
			left := engine.Problem{File: schema.PostedAt(p.Name), Policy: p.Name, Message: "with those by API the " + why}
			set.Left = append(set.Left, schema.Left{Name: p.Name, Problems: []engine.Problem{left}, Unread: true})
		}
		return set, err
	}
}

type apart struct{ verb []string }

// read has the process read. why says what it died of.
func (a apart) read(ctx context.Context, posted []schema.Posted) (set schema.Set, why string, err error) {
	program, err := self()
	if err != nil {
		return set, "", fmt.Errorf("load policies: %w", err)
	}
	in, err := json.Marshal(posted)
	if err != nil {
		return set, "", fmt.Errorf("load policies: %w", err)
	}
	allowed := time.Duration(len(posted))
	limited, cancel := context.WithTimeout(ctx, mostTime+allowed*postedTime)
	defer cancel()
	child := exec.CommandContext(limited, program, a.verb...)
	child.Args[0] = "flyball"
	child.Stdin = bytes.NewReader(in)
	child.WaitDelay = time.Second
	out, err := child.Output()
	var said answer
	if err == nil {
		err = json.Unmarshal(out, &said)
	}
	switch {
	case err == nil && said.Error == "":
		return said.Set, "", nil
	case err == nil:
		return set, "", errors.New(said.Error)
	case ctx.Err() != nil:
		return set, "", ctx.Err()
	case child.ProcessState == nil:
		return set, "", fmt.Errorf("load policies: %w", err)
	}
	return set, exhausted(child.ProcessState, allowed, limited.Err(), err), nil
}

// exhausted says why the process that reads died, with so many posted policies.
func exhausted(child *os.ProcessState, posted time.Duration, late, err error) string {
	mend := "simplify the comprehension that makes so many, or write out what it makes"
	if posted > 0 {
		mend = "post fewer, or smaller ones"
	}
	longest, cpu := mostTime+posted*postedTime, mostCPU+posted*postedCPU
	var printed []byte
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		printed = exit.Stderr
	}
	switch {
	case late != nil:
		return fmt.Sprintf("policies took longer than %s to evaluate: %s", longest, mend)
	case bytes.Contains(printed, []byte("allocate")) || bytes.Contains(printed, []byte("out of memory")):
		return fmt.Sprintf("policies took more than %d MB of memory to evaluate: %s", mostMemory>>20, mend)
	case child.UserTime()+child.SystemTime() > cpu/2: // the kernel limits by another account than it reports
		return fmt.Sprintf("policies took longer than %s of CPU to evaluate: %s", cpu, mend)
	}
	first, _, _ := bytes.Cut(bytes.TrimSpace(printed), []byte("\n"))
	return fmt.Sprintf("evaluating the policies ended with %v: %s: %s", err, first, mend)
}

// ReadFor is the other end of Apart: it limits this process, takes the posted policies, reads, and writes what it read.
func ReadFor(in io.Reader, out io.Writer, path string) error {
	var posted []schema.Posted
	if err := json.NewDecoder(in).Decode(&posted); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the posted policies: %w", err)
	}
	if err := confine(mostCPU + time.Duration(len(posted))*postedCPU); err != nil {
		return fmt.Errorf("limit what evaluating policies may take: %w", err)
	}
	var a answer
	set, err := schema.Load(path, queries(), posted...)
	if a.Set = set; err != nil {
		a.Error = err.Error()
	}
	return json.NewEncoder(out).Encode(a)
}
