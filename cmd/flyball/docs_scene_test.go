package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

// scene is where the commands of a page are run: a folder, and what documents say beside what there is.
type scene struct {
	testing.TB
	dir   string // where they are run
	notes string // what the test needs, out of their way
	env   []string
	says  *strings.Replacer // what documents say, into what there is
	means *strings.Replacer // and back
}

// enter makes a place, by what a page says after "run in:".
//
//	empty  a folder with nothing in it
//	sim    a folder with policies of simulated services, a daemon that runs, and a first change
//	redis  as sim, without a daemon, beside a Redis that is redis:6379 in the text
func enter(t testing.TB, name string) *scene {
	t.Helper()
	if _, err := binary(); err != nil { // the command as users have it: the test program with the race detector takes its time
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "flyball-docs-") // short: a socket's path is at most 107 bytes long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &scene{TB: t, dir: filepath.Join(dir, "shop"), notes: dir}
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	hears := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(hears.Close)
	secrets := filepath.Join(dir, "secrets")
	if err := errors.Join(os.Mkdir(secrets, 0o700), os.WriteFile(filepath.Join(secrets, "webhook"), []byte("whsec_"+strings.Repeat("c2Vj", 8)), 0o600)); err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(metricstest.Port(t))
	stand := []string{
		"https://ops.example.com", hears.URL, "http://alertmanager:9093", hears.URL, "10.0.0.0/8", "127.0.0.0/8", "/run/secrets", secrets, "/srv/shop", s.dir,
		"5001", port,
		"unix:///var/run/docker.sock", "unix://" + dir + "/none.sock",
	}
	s.env = append(os.Environ(),
		"PATH="+binaries()+string(os.PathListSeparator)+os.Getenv("PATH"), "HOME="+dir, "EDITOR=true", "NO_COLOR=1", "TZ=UTC", "COLUMNS=", "NOTES="+dir, "BASH_ENV="+filepath.Join(dir, "prelude"),
		"DOCKER_HOST=unix://"+dir+"/none.sock", "COMPOSE_PROJECT_NAME=", "MIN_AVAILABLE_MEMORY_MB=0", "AUTOSCALING_ENABLED=", "AUTOSCALING_DRY_RUN=",
		"SCALING_WEBHOOK_URL=", "SLACK_URL="+hears.URL, "HEARTBEAT_URL="+hears.URL, "AUTOSCALING_LISTEN=127.0.0.1:"+port)
	switch name {
	case "empty":
	case "sim":
		copySim(t, s.dir)
	case "redis":
		copySim(t, s.dir)
		redis := metricstest.Port(t)
		metricstest.RedisAt(t, redis)
		stand = append(stand, "redis:6379", metricstest.Address(redis))
	default:
		t.Fatalf("there is no place %q", name)
	}
	s.says, s.means = strings.NewReplacer(stand...), strings.NewReplacer(back(stand)...)
	t.Cleanup(s.end)
	if name != "empty" {
		if out, err := s.shell(firstChanges); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if name == "redis" {
		s.end()
	}
	return s
}

func copySim(t testing.TB, dir string) {
	t.Helper()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "testdata/docs/sim"))); err != nil {
		t.Fatal(err)
	}
}

// back turns pairs around.
func back(pairs []string) []string {
	turned := make([]string, len(pairs))
	for i := 0; i < len(pairs); i += 2 {
		turned[i], turned[i+1] = pairs[i+1], pairs[i]
	}
	return turned
}

// prelude makes commands that go on for ever end where nobody watches them: a daemon goes on beside the commands after it, the
// others until they have printed something. A daemon of which a page has the output is meant to end by itself. Who is asked for a password gives that of the API's guide.
const prelude = `
set -euo pipefail
flyball() {
	case " $* " in
	*' --help '*) command flyball "$@" ;;
	' run '*) if [ "${CONSOLE-}" ]; then command flyball "$@"; else daemon "$@"; fi ;;
	' monitor '* | *' --watch '* | *' --follow '*) endless flyball "$@" ;;
	' user add '* | ' user passwd '*) command flyball "$@" <<<password ;;
	*) command flyball "$@" ;;
	esac
}
curl() {
	case " $* " in
	*' -N '*) endless curl -sS "$@" ;;
	*) command curl -sS --fail-with-body "$@" ;;
	esac
}
docker() {
	case " $* " in
	*' monitor '*) endless docker "$@" ;;
	*) command docker "$@" ;;
	esac
}
daemon() {
	if [ -e "$NOTES/daemon" ]; then
		kill "$(cat "$NOTES/daemon")"
		while [ -S .flyball/flyball.sock ]; do sleep 0.05; done
	fi
	command flyball "$@" >"$NOTES/log" 2>&1 </dev/null &
	echo $! >"$NOTES/daemon"
	until command flyball status 2>/dev/null | grep -q '^daemon: pid'; do
		if ! kill -0 $!; then cat "$NOTES/log"; return 1; fi
		sleep 0.05
	done
}
endless() {
	command "$@" >"$NOTES/said" 2>&1 </dev/null &
	local it=$! code=0
	while kill -0 $it 2>/dev/null && ! [ -s "$NOTES/said" ]; do sleep 0.05; done
	kill $it 2>/dev/null || true
	wait $it || code=$?
	cat "$NOTES/said"
	[ $code = 0 ] || [ $code = 130 ] || [ $code = 143 ]
}
`

// firstChanges has both services of the sim changed once. Their cooldown keeps them so for as long as documents are run.
const firstChanges = `
flyball run
(until flyball scale web 2; do sleep 0.2; done) &
web=$!
until flyball scale backend 3; do sleep 0.2; done
wait $web
`

// shell runs a script as a reader would at a terminal, and answers what it printed, in the words of documents.
func (s *scene) shell(script string) (string, error) {
	s.Helper()
	file := filepath.Join(s.notes, "prelude")
	if err := os.WriteFile(file, []byte(prelude), 0o600); err != nil {
		s.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(s.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", s.says.Replace(script))
	cmd.Dir, cmd.Env = s.dir, s.env
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = errors.Join(err, fmt.Errorf("it has not ended after 5m"))
	}
	return s.means.Replace(string(out)), err
}

// write puts a file there that a page shows. A daemon has taken it up then.
func (s *scene) write(name, text string) {
	s.Helper()
	reloads := s.reloads()
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(s.says.Replace(text)), 0o600)); err != nil {
		s.Fatal(err)
	}
	if s.daemon() == 0 || !strings.HasPrefix(name, "config/") {
		return
	}
	_ = syscall.Kill(s.daemon(), syscall.SIGHUP)
	for end := time.Now().Add(20 * time.Second); s.reloads() == reloads; <-time.After(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("the daemon does not take up %s:\n%s", name, s.log())
		}
	}
}

func (s *scene) reloads() int { return strings.Count(s.log(), "msg=reload ") }

func (s *scene) log() string {
	text, _ := os.ReadFile(filepath.Join(s.notes, "log"))
	return string(text)
}

// daemon is the process of the daemon, 0 where none was started.
func (s *scene) daemon() int {
	text, _ := os.ReadFile(filepath.Join(s.notes, "daemon"))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}

func (s *scene) end() {
	pid := s.daemon()
	if pid == 0 {
		return
	}
	os.Remove(filepath.Join(s.notes, "daemon"))
	_ = syscall.Kill(pid, syscall.SIGTERM)
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		if _, err := os.Lstat(filepath.Join(s.dir, ".flyball/flyball.sock")); err != nil {
			return
		}
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
}
