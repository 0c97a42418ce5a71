package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/flyball-dev/flyball/engine/setup"
)

// surroundings is what the overlay has to know of this machine, and of where things are on it.
func surroundings(a setup.Application, ask Ask) (setup.Place, error) {
	p := setup.Place{Overlay: setup.OverlayName, EnvFile: true, Port: a.FreePort(5001), Socket: dockerSocket(ask.Env)}
	dir, err := filepath.Abs(ask.Dir)
	if err != nil {
		return p, err
	}
	if p.Policies, err = below(a.Dir, dir); err != nil {
		return p, err
	}
	for _, file := range a.Files {
		name, err := below(a.Dir, file)
		if err != nil {
			return p, err
		}
		p.Files = append(p.Files, name)
	}
	if p.Env, err = setup.ReadDotEnv(a.Dir, ask.Env); err != nil {
		return p, err
	}
	if info, err := os.Stat(p.Socket); err == nil {
		p.Group = groupOf(info)
	}
	return p, nil
}

// below is a path as one writes it from a folder, with slashes.
func below(dir, path string) (string, error) {
	rel, err := filepath.Rel(dir, path)
	if err != nil {
		return "", fmt.Errorf("%s can't be reached from %s: %w", path, dir, err)
	}
	return filepath.ToSlash(rel), nil
}

// dockerSocket is where the engine answers: at the socket that DOCKER_HOST names, else at the usual one.
func dockerSocket(env []string) string {
	for _, v := range env {
		if path, ok := strings.CutPrefix(v, "DOCKER_HOST=unix://"); ok {
			return path
		}
	}
	return "/var/run/docker.sock"
}
