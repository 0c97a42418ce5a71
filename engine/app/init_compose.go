package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/setup"
	"github.com/flyball-dev/flyball/engine/target/docker"
	"github.com/flyball-dev/flyball/schema"
)

// Ask is what init is asked to do for a compose application.
type Ask struct {
	Dir   string   // the folder of policies
	Files []string // compose files; none: those that docker compose takes
	Env   []string // as os.Environ has it
	Force bool     // replace files that are there, and keep each as NAME.old
}

// Laid is what init made of a compose application.
type Laid struct {
	Application setup.Application
	Place       setup.Place
	Written     []string
	Kept        []string // what was there before, under its new name
}

// ErrNoneScales says that no service of an application can scale, and so nothing was written. Each one's reason is in the
// application.
var ErrNoneScales = errors.New("no service here can scale, so nothing is written; each one's reason is above")

// ErrNoServices says that an application has none.
var ErrNoServices = errors.New("the compose files have no services, so nothing is written")

// InitCompose writes what it takes to scale the compose application of the current folder. It fails with setup.ErrNoFile where
// there is none, and overwrites nothing unasked: a file that is there is an error before anything is written.
func InitCompose(ctx context.Context, ask Ask) (Laid, error) {
	application, err := setup.Read(ctx, ask.Files, ask.Env, machine(ctx))
	if err != nil {
		return Laid{}, err
	}
	laid := Laid{Application: application}
	if len(application.Services) == 0 {
		return laid, ErrNoServices
	}
	if len(application.Scalable()) == 0 {
		return laid, ErrNoneScales
	}
	if laid.Place, err = surroundings(application, ask); err != nil {
		return laid, err
	}
	files, err := texts(application, laid.Place, ask.Dir)
	if err != nil {
		return laid, err
	}
	if laid.Kept, err = makeRoom(files, ask.Force); err != nil {
		return laid, err
	}
	if err := laid.write(files, ask.Dir); err != nil {
		return laid, errors.Join(err, laid.takeBack())
	}
	return laid, nil
}

func (l *Laid) write(files []laidFile, dir string) error {
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(f.path, []byte(f.text), 0o644); err != nil {
			return err
		}
		l.Written = append(l.Written, f.path)
	}
	if err := schema.Vendor(dir); err != nil {
		return err
	}
	l.Written = append(l.Written, filepath.Join(dir, "cue.mod"))
	return nil
}

// takeBack removes the files that were written, and gives those that were kept their names back: init again would be told that
// they are there already.
func (l *Laid) takeBack() error {
	var errs []error
	for _, path := range l.Written {
		errs = append(errs, os.Remove(path))
	}
	for _, path := range l.Kept {
		errs = append(errs, os.Rename(path, strings.TrimSuffix(path, ".old")))
	}
	l.Written, l.Kept = nil, nil
	return errors.Join(errs...)
}

// CheckCompose is Load of the folder, and beside it what setup.Check finds.
func CheckCompose(ctx context.Context, read Reader, ask Ask) (Loaded, error) {
	l, err := Load(ctx, read, ask.Dir)
	if err != nil {
		return l, err
	}
	problems, err := setup.Check(ctx, ask.Files, ask.Env, ask.Dir, l.Policies)
	l.Problems = append(l.Problems, problems...)
	return l, err
}

// WithoutPolicy names the services that could scale, and that none of the policies is for: those that came after init.
func WithoutPolicy(ctx context.Context, ask Ask, policies []engine.Policy) []string {
	application, err := setup.Read(ctx, ask.Files, ask.Env, setup.Machine{}) // which bounds how far, and not what
	if err != nil {
		return nil // CheckCompose has said it
	}
	var names []string
	for _, s := range application.Scalable() {
		if !slices.ContainsFunc(policies, func(p engine.Policy) bool { return p.Service == s.Name }) {
			names = append(names, s.Name)
		}
	}
	return names
}

// laidFile is a file that init writes.
type laidFile struct{ path, text string }

func texts(a setup.Application, p setup.Place, dir string) ([]laidFile, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	overlay, err := below(here, filepath.Join(a.Dir, p.Overlay))
	if err != nil {
		return nil, err
	}
	told := storied(a)
	var files []laidFile
	for _, f := range []struct {
		path string
		made func() (string, error)
	}{
		{filepath.Join(dir, "policies.cue"), func() (string, error) { return setup.Policies(a) }},
		{filepath.Join(dir, "flyball.cue"), func() (string, error) { return setup.Config(a) }},
		{filepath.Join(dir, setup.EnvFileName), func() (string, error) { return setup.Environment, nil }},
		{filepath.Join(dir, told.Name+".scenario.yaml"), func() (string, error) { return setup.Scenario(told) }},
		{filepath.Join(dir, setup.BalancerFile), func() (string, error) { return setup.Balancer(a) }},
		{overlay, func() (string, error) { return setup.Overlay(a, p) }},
	} {
		text, err := f.made()
		if err != nil {
			return nil, err
		}
		if text != "" { // an application without published ports needs no balancer
			files = append(files, laidFile{f.path, text})
		}
	}
	return files, nil
}

// storied is the service that the first scenario is about: one that people reach, where there is one.
func storied(a setup.Application) setup.Service {
	can := a.Scalable()
	if i := slices.IndexFunc(can, func(s setup.Service) bool { return len(s.Routes) > 0 }); i >= 0 {
		return can[i]
	}
	return can[0]
}

// makeRoom sees that no file is overwritten. With force what is there is kept as NAME.old, which must be free.
func makeRoom(files []laidFile, force bool) (kept []string, err error) {
	var there, old []string
	for _, f := range files {
		if isThere(f.path) {
			there = append(there, f.path)
		}
		if isThere(f.path + ".old") {
			old = append(old, f.path+".old")
		}
	}
	switch {
	case there == nil:
		return nil, nil
	case !force:
		return nil, fmt.Errorf("there already: %s; init overwrites nothing: remove it, give another folder, or use --force, which keeps it as NAME.old", strings.Join(there, ", "))
	case old != nil:
		return nil, fmt.Errorf("there already: %s, which --force would keep what it replaces as; remove it", strings.Join(old, ", "))
	}
	for _, path := range there {
		if err := os.Rename(path, path+".old"); err != nil {
			return kept, err
		}
		kept = append(kept, path+".old")
	}
	return kept, nil
}

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// machine is what the Docker engine's machine has, where the engine answers within two seconds; else what this one has.
func machine(ctx context.Context) setup.Machine {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	here := setup.Machine{CPUs: runtime.NumCPU(), Memory: memoryHere()}
	e, err := docker.Dial("")
	if err != nil {
		return here
	}
	defer e.Close()
	if err := e.Settle(ctx); err != nil {
		return here
	}
	info, err := e.Info(ctx)
	if err != nil {
		return here
	}
	return setup.Machine{CPUs: cmp.Or(info.NCPU, here.CPUs), Memory: cmp.Or(info.MemTotal, here.Memory)}
}

// memoryHere is the memory of this machine in bytes; 0 where it does not say so as Linux does.
func memoryHere() int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	var kb int64
	if _, err := fmt.Sscanf(string(text), "MemTotal: %d kB", &kb); err != nil {
		return 0
	}
	return kb << 10
}
