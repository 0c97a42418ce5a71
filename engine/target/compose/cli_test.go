package compose

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
)

// madeFrom is a service of one replica that compose made from files in a folder, which exist.
func madeFrom(t *testing.T, files, envFiles string) service {
	t.Helper()
	dir := t.TempDir()
	for file := range strings.SplitSeq(files+","+envFiles, ",") {
		if file == "" || file == "-" || strings.Contains(file, "://") || strings.HasPrefix(file, "missing") {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return service{project: "shop", name: "web", replicas: []replica{{
		id: "a", name: "shop-web-1", state: container.StateRunning,
		labels: map[string]string{folderLabel: dir, filesLabel: files, envFileLabel: envFiles},
	}}}
}

func TestInvocation(t *testing.T) {
	up := []string{"up", "-d", "--no-deps", "--no-recreate", "--no-build", "--scale", "web=3", "web"}
	cases := map[string]struct {
		files, envFiles string
		want            []string // between the project's folder and the verb
		err             string
	}{
		"one file":              {"compose.yaml", "", []string{"-f", "compose.yaml"}, ""},
		"several, in order":     {"b.yaml,a.yaml", "one.env,two.env", []string{"-f", "b.yaml", "-f", "a.yaml", "--env-file", "one.env", "--env-file", "two.env"}, ""},
		"fetched":               {"oci://registry/app:1", "", []string{"-f", "oci://registry/app:1"}, ""},
		"standard input":        {"-", "", nil, "compose file of project shop: it was read from standard input"},
		"no label":              {"", "", nil, "container shop-web-1 does not say which compose file it was made from"},
		"file missing":          {"missing.yaml", "", nil, "missing.yaml: no such file or directory; put it back or, where flyball runs in a container, mount /"},
		"environment file gone": {"compose.yaml", "missing.env", nil, "environment file of project shop: stat /"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := madeFrom(t, c.files, c.envFiles)
			dir, args, err := invocation(s, 3)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want %q", err, c.err)
				}
				return
			}
			want := slices.Concat([]string{"compose", "-p", "shop", "--project-directory", s.replicas[0].labels[folderLabel]}, c.want, up)
			if err != nil || !slices.Equal(args, want) || dir != s.replicas[0].labels[folderLabel] {
				t.Errorf("in %s %q, %v\nwant %q", dir, args, err, want)
			}
		})
	}
}

// The newest of what compose made itself says which files to use: a clone has the labels of what it was cloned from.
func TestInvocationGoesByTheNewestContainerOfCompose(t *testing.T) {
	s := madeFrom(t, "new.yaml", "")
	s.replicas[0].created = noon
	s.replicas = append(s.replicas, replica{id: "b", created: noon.Add(time.Hour), event: "event-1", labels: map[string]string{folderLabel: "/", filesLabel: "/old.yaml"}})
	_, args, err := invocation(s, 2)
	if err != nil || !slices.Contains(args, "new.yaml") {
		t.Errorf("%q, %v; want the files of the newest that compose made", args, err)
	}
}

// program puts a docker of a few lines of shell before all others.
func program(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "docker"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// noReply answers what is asked while replicas are added: no events, no containers of that name.
func noReply(w http.ResponseWriter, r *http.Request) { refuse(w, http.StatusNotFound, "not found") }

func TestCommandFails(t *testing.T) {
	cases := map[string]struct {
		script   string // empty: there is no docker at all
		mentions []string
	}{
		"no docker": {"", []string{"needs the docker command with its compose plugin where flyball runs", "install them, or set target.driver: compose"}},
		"no plugin": {"echo unknown shorthand flag >&2; exit 125", []string{"`docker compose version` fails", "install them"}},
		"compose's own error": {`test "$2" = version && exit; echo first >&2; echo "no such service: web" >&2; exit 14`,
			[]string{"docker compose: exit status 14: first; no such service: web"}},
		"a long one": {`test "$2" = version && exit; i=0; while [ $i -lt 999 ]; do echo noise; i=$((i+1)); done; echo "the reason" >&2; exit 1`,
			[]string{"noise; the reason"}},
		"a long value": {`test "$2" = version && exit; printf 'invalid interpolation format for services.web.labels.a.\nescape it\n'; i=0; while [ $i -lt 999 ]; do echo hunter2; i=$((i+1)); done; exit 1`,
			[]string{"services.web.labels.a; a $ that begins no variable is written $$"}},
		"made nothing": {"exit 0", []string{"docker compose: made 0 new replicas where 1 were wanted"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.script == "" {
				t.Setenv("PATH", t.TempDir())
			} else {
				program(t, c.script)
			}
			out := composeCLI(t).Scale(t.Context(), order(1, 2))
			if out.Result != engine.Failed || out.Reached != 1 || len(out.Error) > 2<<10 {
				t.Errorf("outcome %+v, want failed at 1", out)
			}
			for _, m := range c.mentions {
				if !strings.Contains(out.Error, m) {
					t.Errorf("%q is not in: %s", m, out.Error)
				}
			}
			if strings.Contains(out.Error, "hunter2") {
				t.Errorf("it shows a value: %s", out.Error)
			}
		})
	}
}

// What somebody else makes or recreates while the order is carried out is not the order's.
func TestCommandOwnsWhatComposeMadeForIt(t *testing.T) {
	s := service{project: "shop", name: "web", replicas: []replica{
		{id: "one", number: 1, state: container.StateRunning}, {id: "five", number: 5, state: container.StateExited},
	}}
	of := func(id string, number int) replica {
		return replica{id: id, name: "shop-web-" + strconv.Itoa(number), number: number, state: container.StateRunning}
	}
	anew, beside := of("new", 6), of("new", 6)
	anew.labels = map[string]string{replaceLabel: "shop-web-6"}
	beside.name = "0123456789ab_shop-web-6"
	stopped := of("six", 6)
	stopped.state = container.StateExited
	for name, c := range map[string]struct {
		now  replica
		owns bool
	}{
		"was there":                  {of("one", 1), false},
		"compose started it again":   {of("five", 5), true},
		"made":                       {of("six", 6), true},
		"made, and stopped since":    {stopped, true},
		"made, up to the count":      {of("seven", 7), true},
		"beyond the count":           {of("eight", 8), false},
		"recreated, was there":       {of("new", 1), false},
		"in a gap":                   {of("new", 2), false},
		"recreated":                  {anew, false},
		"recreated, not by its name": {beside, false},
	} {
		t.Run(name, func(t *testing.T) {
			command := command{order: order(1, 4), service: s}
			if fresh := command.fresh(service{replicas: []replica{c.now}}); (len(fresh) == 1) != c.owns {
				t.Errorf("owned: %t, want %t", !c.owns, c.owns)
			}
		})
	}
}

// While somebody recreates the service nothing of it is removed.
func TestCommandRemovesNothingWhileTheServiceIsRecreated(t *testing.T) {
	labels := map[string]string{projectLabel: "shop", serviceLabel: "web", numberLabel: "2"}
	var removed atomic.Int64
	target := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			removed.Add(1)
			return
		}
		answer(w, http.StatusOK, []container.Summary{
			{ID: "own", Names: []string{"/shop-web-2"}, State: container.StateRunning, Labels: labels},
			{ID: "new", Names: []string{"/0123456789ab_shop-web-2"}, State: container.StateCreated, Labels: labels},
		})
	})
	made := command{target: target, order: order(1, 2), made: map[string]bool{"own": true},
		service: service{project: "shop", name: "web", replicas: []replica{{id: "one", number: 1, state: container.StateRunning}}}}
	ctx, cancel := context.WithTimeout(t.Context(), 3*pollEach)
	defer cancel()
	err := made.clear(ctx, []newReplica{{id: "own", name: "shop-web-2", err: context.Canceled}}, false)
	if err == nil || !strings.Contains(err.Error(), "docker compose is recreating service web") || removed.Load() != 0 {
		t.Errorf("%v, %d calls that change something; want that it is being recreated, and none", err, removed.Load())
	}
}

func TestDiscreet(t *testing.T) {
	for name, c := range map[string]struct{ said, want string }{
		"a service": {"no such service: web\n", "no such service: web\n"},
		"an image": {"Error response from daemon: pull access denied for shop/web, repository does not exist",
			"Error response from daemon: pull access denied for shop/web, repository does not exist"},
		"a wrong $": {"invalid interpolation format for services.web.environment.DB.\nYou may need to escape any $ with another $.\nhunter2\n${@\nhunter2\n",
			"invalid interpolation format for services.web.environment.DB; a $ that begins no variable is written $$"},
		"a variable":       {`required variable TOKEN is missing a value: set it in .env`, `required variable TOKEN is missing a value: set it in .env`},
		"a number":         {`'services[web].mem_limit' strconv.ParseFloat: parsing "hunter\"2": invalid syntax`, `'services[web].mem_limit' strconv.ParseFloat: parsing "…": invalid syntax`},
		"YAML":             {"line 4: cannot unmarshal !!str `hunter2` into int", `line 4: cannot unmarshal !!str "…" into int`},
		"a file of values": {`failed to read /shop/.env: line 2: unterminated quoted value 'hunter2 hunter2`, `failed to read /shop/.env: line 2: unterminated quoted value`},
		"KEY=value":        {"first\nunexpected DB_PASSWORD=hunter2 hunter2\nlast", "first\nunexpected DB_PASSWORD=…\nlast"},
		"a URL":            {"fetch https://u:hunter2@shop.invalid/web: no such host", "fetch https://…@shop.invalid/web: no such host"},
		"a warning":        {"time=\"2026-03-01T12:00:00Z\" level=warning msg=\"it is obsolete\"\nno such service: web", "no such service: web"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := discreet(c.said); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func order(from, to int) engine.Order {
	p := web
	p.Target.Driver = cliDriver
	return engine.Order{Event: "event-1", Policy: p, From: from, To: to}
}

// composeCLI is a target on an engine with one replica of web that compose made from a file, and others in these states.
func composeCLI(t *testing.T, others ...string) *Target {
	t.Helper()
	from := madeFrom(t, "compose.yaml", "").replicas[0].labels
	from[projectLabel], from[serviceLabel], from[oneoffLabel], from[numberLabel] = "shop", "web", "False", "1"
	list := []container.Summary{{ID: templateID, Names: []string{"/shop-web-1"}, State: container.StateRunning, Labels: from}}
	for i, state := range others {
		list = append(list, container.Summary{ID: strconv.Itoa(i), Names: []string{"/shop-web-" + strconv.Itoa(i+2)}, State: state, Labels: from})
	}
	var writes atomic.Int64
	target := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/containers/json") {
			answer(w, http.StatusOK, list)
			return
		}
		oneReplica(&writes, noReply)(w, r)
	})
	t.Cleanup(func() {
		if n := writes.Load(); n != 0 {
			t.Errorf("%d calls that change something", n)
		}
	})
	return target
}

// Compose would start what has stopped, and remove running ones where that were too many.
func TestCommandRefusesMoreStoppedReplicasThanAreToBeAdded(t *testing.T) {
	program(t, "touch \"$(dirname \"$0\")/ran\"")
	out := composeCLI(t, container.StateExited, container.StateCreated).Scale(t.Context(), order(1, 2))
	if out.Result != engine.Failed || !strings.Contains(out.Error, "has 2 stopped replicas") || !strings.Contains(out.Error, "docker compose -p shop rm web") {
		t.Errorf("outcome %+v", out)
	}
	dir, _, _ := strings.Cut(os.Getenv("PATH"), string(os.PathListSeparator))
	if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
		t.Error("docker was run")
	}
}

// The end of ctx kills the command with all that it started, and the engine that it speaks to is the target's.
func TestCommandIsKilledWithItsChildren(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TOLD", dir)
	program(t, `sleep 600 & echo $! > "$TOLD/child.new"; echo "$DOCKER_HOST" > "$TOLD/host"; mv "$TOLD/child.new" "$TOLD/child"; wait`)
	target := composeCLI(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan engine.Outcome, 1)
	go func() { done <- target.Scale(ctx, order(1, 2)) }()
	pid := 0
	eventually(t, "the command runs", func() bool {
		text, _ := os.ReadFile(filepath.Join(dir, "child"))
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return pid > 0
	})
	cancel()
	if out := <-done; out.Result != engine.Interrupted || !strings.Contains(out.Error, "was given up") {
		t.Errorf("outcome %+v, want interrupted", out)
	}
	eventually(t, "the command's child is gone", func() bool { return dead(pid) })
	if host, _ := os.ReadFile(filepath.Join(dir, "host")); strings.TrimSpace(string(host)) != target.docker.DaemonHost() {
		t.Errorf("DOCKER_HOST is %q, want %q", host, target.docker.DaemonHost())
	}
}

// dead says that a process is no more, or is only waited for.
func dead(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return syscall.Kill(pid, 0) != nil
	}
	return strings.Contains(string(stat), ") Z ")
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); <-time.After(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
