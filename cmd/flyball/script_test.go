package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(withEngine{m}, map[string]func(){"flyball": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:           "../../testdata/script",
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "", // writes what cmp compares with anew
		Setup: func(env *testscript.Env) error {
			for _, name := range []string{"AUTOSCALING_ENABLED", "AUTOSCALING_DRY_RUN", "COMPOSE_PROJECT_NAME", "DOCKER_HOST", "SCALING_NOTIFICATIONS_ENABLED", "SCALING_WEBHOOK_URL"} {
				env.Setenv(name, "")
			}
			env.Setenv("AUTOSCALING_LISTEN", "none") // scripts run side by side
			root, err := os.Getwd()
			env.Setenv("ROOT", strings.TrimSuffix(root, "/cmd/flyball"))
			return errors.Join(err, asShipped(env))
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "root":
				return os.Geteuid() == 0, nil
			case "ci": // where nothing may be missing
				return os.Getenv("CI") != "", nil
			}
			return false, fmt.Errorf("no condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"hears":  hears,
			"opens":  opens,
			"signal": signalAll,
			"until":  until,
		},
	})
}

// asShipped has scripts call the command as users have it. Only daemons are this test's own program, which watches them for
// data races: a verb ends after one thing, and a thousand of them cost three times as much to start so.
func asShipped(env *testscript.Env) error {
	bin := filepath.Join(env.WorkDir, ".bin")
	shipped, err := binary()
	if err != nil {
		return err
	}
	path := env.Getenv("PATH")
	watched := filepath.Join(strings.Split(path, string(os.PathListSeparator))[0], "flyball") // where testscript puts it
	script := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = run ] && exec '%s' \"$@\"\nexec '%s' \"$@\"\n", watched, shipped)
	env.Setenv("PATH", bin+string(os.PathListSeparator)+path)
	return errors.Join(os.Mkdir(bin, 0o700), os.WriteFile(filepath.Join(bin, "flyball"), []byte(script), 0o700))
}

// hears NAME FILE: somebody takes what is posted to $NAME, and writes it into the file, the headers webhook-* before each body. At
// $NAME/down nothing is taken; a GET is written as it is.
func hears(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: hears NAME FILE")
	}
	var mu sync.Mutex
	file := ts.MkAbs(args[1])
	ts.Check(os.WriteFile(file, nil, 0o600))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		out, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return // the script is over
		}
		defer out.Close()
		fmt.Fprintln(out, r.Method, r.URL, r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Signature"), string(body))
		if r.URL.Path == "/down" {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprintln(w, "heard")
	}))
	ts.Defer(s.Close)
	ts.Setenv(args[0], s.URL)
}

// exits CODE COMMAND...: the command ends with just this code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// signal HUP|TERM: all commands in the background get the signal, which kill does not know.
func signalAll(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]os.Signal{"HUP": syscall.SIGHUP, "TERM": syscall.SIGTERM}
	if neg || len(args) != 1 || signals[args[0]] == nil {
		ts.Fatalf("usage: signal HUP|TERM")
	}
	for _, c := range ts.BackgroundCmds() {
		ts.Check(c.Process.Signal(signals[args[0]]))
	}
}

// opens: the daemon on the default socket has an event that has not ended, soon. It asks without a process of its own
// each time, because the event may be open for a moment only.
func opens(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: opens")
	}
	for deadline := time.Now().Add(longest); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
		client, err := api.Dial(ts.MkAbs(".flyball/flyball.sock"))
		if err != nil {
			continue
		}
		events, _ := client.History(context.Background(), "", 1)
		if len(events) == 1 && events[0].Result == "" {
			return
		}
	}
	ts.Fatalf("no event was open within %s", longest)
}

// pause is between two looks of until.
const pause = 200 * time.Millisecond

// until TEXT COMMAND...: the command is run again until its output has the text, for a while.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until TEXT COMMAND...")
	}
	deadline := time.Now().Add(longest)
	for {
		err := ts.Exec(args[1], args[2:]...)
		if out := ts.ReadFile("stdout"); err == nil && strings.Contains(out, args[0]) {
			return
		} else if time.Now().After(deadline) {
			ts.Fatalf("no %q within %s; the last output was\n%s%s", args[0], longest, out, ts.ReadFile("stderr"))
		}
		<-time.After(pause)
	}
}
