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

// Reader reads the policies of a folder or a file. An error means that the path could not be read at all, or that ctx
// ended.
type Reader func(ctx context.Context, path string) (schema.Set, error)

// Here reads in this process. CUE can't be interrupted: policies that take for ever to evaluate take the caller along.
func Here(_ context.Context, path string) (schema.Set, error) { return schema.Load(path, queries()) }

// What evaluating the policies may take: the shipped ones take some 30 ms and 60 MB.
const (
	mostCPU    = 3 * time.Second
	mostTime   = 10 * time.Second // on a machine that has other things to do, or no way to limit the rest
	mostMemory = 1 << 30
)

// answer is what the process that reads says to the one that asks.
type answer struct {
	Set   schema.Set
	Error string
}

// Apart reads in a process of its own, which ends with ctx and may take so much and no more. The process is this same
// program, which must be flyball, with the arguments of a verb that calls ReadFor, and the path.
func Apart(verb ...string) Reader {
	return func(ctx context.Context, path string) (schema.Set, error) {
		if _, err := os.Stat(path); err != nil {
			return schema.Set{}, fmt.Errorf("load policies: %w", err)
		}
		program, err := self()
		if err != nil {
			return schema.Set{}, fmt.Errorf("load policies: %w", err)
		}
		limited, cancel := context.WithTimeout(ctx, mostTime)
		defer cancel()
		child := exec.CommandContext(limited, program, append(verb, path)...)
		child.Args[0] = "flyball"
		child.WaitDelay = time.Second
		out, err := child.Output()
		var a answer
		if err == nil {
			err = json.Unmarshal(out, &a)
		}
		switch {
		case err == nil && a.Error == "":
			return a.Set, nil
		case err == nil:
			return schema.Set{}, errors.New(a.Error)
		case ctx.Err() != nil:
			return schema.Set{}, ctx.Err()
		case child.ProcessState == nil:
			return schema.Set{}, fmt.Errorf("load policies: %w", err)
		}
		return schema.Set{Problems: []engine.Problem{{File: path, Message: exhausted(child.ProcessState, limited.Err(), err)}}}, nil
	}
}

// exhausted says why the process that reads died.
func exhausted(child *os.ProcessState, late, err error) string {
	const mend = "simplify the comprehension that makes so many, or write out what it makes"
	var printed []byte
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		printed = exit.Stderr
	}
	switch {
	case late != nil:
		return fmt.Sprintf("policies took longer than %s to evaluate: %s", mostTime, mend)
	case bytes.Contains(printed, []byte("allocate")) || bytes.Contains(printed, []byte("out of memory")):
		return fmt.Sprintf("policies took more than %d MB of memory to evaluate: %s", mostMemory>>20, mend)
	case child.UserTime()+child.SystemTime() > mostCPU/2: // the kernel limits by another account than it reports
		return fmt.Sprintf("policies took longer than %s of CPU to evaluate: %s", mostCPU, mend)
	}
	first, _, _ := bytes.Cut(bytes.TrimSpace(printed), []byte("\n"))
	return fmt.Sprintf("evaluating the policies ended with %v: %s: %s", err, first, mend)
}

// ReadFor is the other end of Apart: it limits this process, reads, and writes what it read.
func ReadFor(out io.Writer, path string) error {
	if err := confine(); err != nil {
		return fmt.Errorf("limit what evaluating policies may take: %w", err)
	}
	var a answer
	set, err := schema.Load(path, queries())
	if a.Set = set; err != nil {
		a.Error = err.Error()
	}
	return json.NewEncoder(out).Encode(a)
}
