package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

// tmux is a command in a terminal of tmux.
type tmux struct {
	*site
	program, socket string
}

// terminal runs a verb in a terminal of so many columns and lines.
func (s *site) terminal(columns, lines int, env []string, args ...string) *tmux {
	s.Helper()
	t := &tmux{site: s, program: metricstest.Program(s, "tmux", "tmux"), socket: filepath.Join(s.dir, "tmux")}
	s.write("tmux.conf", "set -g escape-time 0\n")
	verb := s.command(args...)
	const around = `trap : INT; "$@"; echo "ended with $?"; exec cat`
	command := []string{"-u", "-f", filepath.Join(s.dir, "tmux.conf"), "new-session", "-d", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(lines), "-c", s.dir, "env"}
	command = append(command, verb.Env[len(os.Environ()):]...)
	command = append(append(command, env...), "sh", "-c", around, "sh")
	t.tell(append(command, verb.Args...)...)
	s.Cleanup(func() { _ = exec.Command(t.program, "-S", t.socket, "kill-server").Run() })
	return t
}

func (t *tmux) tell(args ...string) string {
	t.Helper()
	out, err := exec.Command(t.program, append([]string{"-S", t.socket}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

// press presses keys, as tmux names them.
func (t *tmux) press(keys ...string) {
	t.Helper()
	t.tell(append([]string{"send-keys"}, keys...)...)
}

// shows waits until all patterns are on the screen, each within a line.
func (t *tmux) shows(patterns ...string) {
	t.Helper()
	screen := ""
	defer func() {
		if t.Failed() {
			t.Logf("the screen is\n%s", screen)
		}
	}()
	t.until(fmt.Sprintf("%q on the screen", patterns), func() bool {
		screen = t.tell("capture-pane", "-p")
		for _, p := range patterns {
			if !regexp.MustCompile("(?m)" + p).MatchString(screen) {
				return false
			}
		}
		return true
	})
}

// fills waits until the screen is one of so many columns and lines, with a service in it and the keys in the last line.
func (t *tmux) fills(columns, lines int, service string) {
	t.Helper()
	t.until(fmt.Sprintf("a screen of %d columns and %d lines", columns, lines), func() bool {
		screen := strings.Split(strings.TrimSuffix(t.tell("capture-pane", "-p"), "\n"), "\n")
		return len(screen) == lines && strings.HasPrefix(screen[lines-1], "? help") && strings.HasPrefix(screen[2], service) &&
			!slices.ContainsFunc(screen, func(line string) bool { return utf8.RuneCountInString(line) > columns })
	})
}

// The monitor on a terminal: what is seen, what keys do, windows of several sizes, a daemon that goes and comes back.
func TestLiveMonitor(t *testing.T) {
	t.Parallel()
	s := simulated(t, calmPolicy+strings.ReplaceAll(calmPolicy, "web", "shop"))
	d := s.run()
	s.door()
	screen := s.terminal(120, 30, nil, "monitor")
	screen.shows("^flyball · autoscaling on · 2 of 20 replicas · connected", "^▸ shop +active +1 +1-6 ", "^  web +active +1 +1-6 ", `cpu_usage \d`)

	screen.press("Down")
	screen.shows("^▸ web ", "^─ Decision on web ", "^web: hold, 1 → 1: ")
	screen.press("Enter")
	screen.shows("^━ Decision on web ", "^Recommended: hold at 1", "✓ enabled, stopped, rollout", "^Applied: nothing, hold at 1")
	screen.press("Escape")
	screen.shows("^─ Decision on web ")

	screen.press("p")
	screen.shows(`^Pause web for how many minutes\?`)
	screen.press("30", "Enter")
	screen.shows(`^Why\?`)
	screen.press("load test", "Enter")
	screen.shows(`^Pause web for 30m: load test\? y/N`)
	if s.policy("web").Pause != nil {
		t.Error("it is paused before anybody has confirmed it")
	}
	screen.press("y")
	screen.shows("^web is paused for 30m", "^▸ web +paused (30m|29m)", `│ \S+ web is paused until`)
	if p := s.policy("web").Pause; p == nil || p.Reason != "load test" {
		t.Errorf("the pause is %+v", p)
	}
	screen.press("r")
	screen.shows(`^Resume web\? y/N`)
	screen.press("y")
	screen.shows("^web is resumed", "^▸ web +active", `│ \S+ web is resumed, by `)

	screen.press("s")
	screen.shows(`^Scale web to how many replicas\? \(1-6, now 1\)`)
	screen.press("3", "Enter")
	screen.shows(`^Scale web from 1 to 3\? y/N`)
	screen.press("y")
	screen.shows("^web: 1 → 3 has begun", "^▸ web .* 3 +1-6 +███░░░ ", "web scale_up from 1 to 3 succeeded", "^flyball · autoscaling on · 4 of 20 replicas")
	screen.press("s", "9", "Enter", "y")
	screen.shows(`^web: 3 → 6 has begun \(AtMaximum: `, "web scale_up from 3 to 6 succeeded")
	screen.press("b", "y")
	screen.shows("^web: 6 → 3 has begun", "^▸ web .* 3 +1-6 +███░░░ ")

	screen.press("e")
	screen.shows(`^Turn autoscaling off for all services\? y/N`)
	screen.press("y")
	screen.shows("^autoscaling is off$", "^flyball · autoscaling off ·", "^▸ web +off ")
	screen.press("e", "y")
	screen.shows("^autoscaling is on$", "^flyball · autoscaling on ·")

	screen.press("/")
	screen.press("sho", "Enter")
	screen.shows("^▸ shop ", `^filter: sho \(1 of 2\)`)
	if text := screen.tell("capture-pane", "-p"); strings.Contains(text, "\n  web ") {
		t.Errorf("a service that does not pass the filter is seen:\n%s", text)
	}
	screen.press("Escape")
	screen.shows("^  web ")

	for _, size := range [][2]int{{40, 10}, {80, 24}, {20, 5}, {160, 50}} {
		screen.tell("resize-window", "-x", fmt.Sprint(size[0]), "-y", fmt.Sprint(size[1]))
		screen.fills(size[0], size[1], "▸ shop ")
	}

	d.end(syscall.SIGTERM)
	screen.shows("^not connected, and asking again: ", "· not connected ·")
	s.run()
	screen.shows("· connected ·", " started: version ")

	screen.press("q")
	screen.shows("^ended with 0$")
	if text := screen.tell("capture-pane", "-p"); strings.Contains(text, "flyball ·") {
		t.Errorf("the terminal is not as it was before:\n%s", text)
	}
}

// Colours are for who wants them, and a screen for a terminal that can have one.
func TestLiveMonitorWithLess(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env     string
		args    []string
		shows   string
		colours bool
	}{
		"colours":       {"X=y", nil, "^▸ web +active", true},
		"no colours":    {"NO_COLOR=1", nil, "^▸ web +active", false},
		"dumb terminal": {"TERM=dumb", nil, "^20.* web active: 1 replica ", false},
		"plain":         {"X=y", []string{"--plain"}, "^20.* web active: 1 replica ", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := simulated(t, calmPolicy)
			s.run()
			s.door()
			s.until("web is evaluated", func() bool { p := s.policy("web"); return p.State.Name == "active" && p.Reason == "WithinBounds" })
			screen := s.terminal(120, 30, []string{c.env}, append([]string{"monitor"}, c.args...)...)
			screen.shows(c.shows)
			if coloured := strings.Contains(screen.tell("capture-pane", "-p", "-e"), "\x1b[3"); coloured != c.colours {
				t.Errorf("there are colours: %t, want %t", coloured, c.colours)
			}
			screen.press("C-c")
			screen.shows("ended with 0$") // behind ^C, where the terminal writes that
		})
	}
}
