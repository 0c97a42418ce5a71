// Package socketproxy_test holds the example to what flyball really calls, and plays it, so that it can't rot.
package socketproxy_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
	"github.com/flyball-dev/flyball/engine/target/docker"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

var shared dockertest.Shared

func TestMain(m *testing.M) {
	defer shared.Stop()
	m.Run()
}

// needs are the calls of a driver.
func needs(driver string) []docker.Need {
	return slices.DeleteFunc(docker.Needs(), func(n docker.Need) bool { return !slices.Contains(n.Drivers, driver) })
}

// allowed are the lines of a cfg that allow a driver's calls.
func allowed(driver string) []string {
	var lines []string
	varies := strings.NewReplacer("{id}", "[0-9a-z]+", "{name}", "[0-9a-zA-Z_./:@-]+")
	for _, n := range needs(driver) {
		method, path := n.Call.Parts()
		lines = append(lines, fmt.Sprintf("http-request allow if { method %s } { path_reg ^(/v1[.][0-9]+)?%s$ }", method, varies.Replace(path)))
	}
	return lines
}

func TestListed(t *testing.T) {
	readme := read(t, "README.md")
	for driver, file := range cfgs() {
		var lines []string
		for line := range strings.Lines(read(t, file)) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "http-request allow") {
				lines = append(lines, line)
			}
		}
		if want := allowed(driver); !slices.Equal(lines, want) {
			t.Errorf("%s allows\n%s\nwant\n%s", file, strings.Join(lines, "\n"), strings.Join(want, "\n"))
		}
		table := "| call | what for | which policies | lost without it |\n|---|---|---|---|\n"
		for _, n := range needs(driver) {
			row := []string{"`" + string(n.Call) + "`", n.For, n.When, n.Without}
			if n.When == "" {
				row[2] = "all"
			}
			if n.Without == "" {
				row[3] = "all: it is needed"
			}
			table += "| " + strings.Join(row, " | ") + " |\n"
		}
		if !strings.Contains(readme, "\n\n"+table+"\n") {
			t.Errorf("README.md must have this table for driver %s:\n%s", driver, table)
		}
	}
}

func cfgs() map[string]string {
	return map[string]string{"compose": "haproxy.cfg", "swarm": "haproxy-swarm.cfg"}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// haproxy runs HAProxy by a cfg of the example, but for where it listens and where the engine is, until the test's end. It
// answers its host.
func haproxy(t *testing.T, cfg, engine string) string {
	t.Helper()
	program := metricstest.Program(t, "haproxy", "haproxy")
	dir, err := os.MkdirTemp("", "proxy") // short: a socket is in there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	sock, file := filepath.Join(dir, "sock"), filepath.Join(dir, "cfg")
	text := strings.NewReplacer("/run/engine/docker.sock", sock, "unix@/var/run/docker.sock", strings.Replace(engine, "unix://", "unix@", 1)).Replace(read(t, cfg))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	cmd := exec.Command(program, "-db", "-f", file)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Log("\n" + log.String())
		}
	})
	until(t, "haproxy listens", func() bool { // its socket is there a moment before
		conn, err := net.Dial("unix", sock)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return "unix://" + sock
}

func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); <-time.After(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// matches says whether a call as it arrived is one of the list.
func matches(c docker.Call, method, path string) bool {
	m, pattern := c.Parts()
	pattern = strings.NewReplacer("{id}", "[0-9a-z]+", "{name}", ".+").Replace(pattern)
	return m == method && regexp.MustCompile("^"+pattern+"$").MatchString(path)
}
