package swarm

import (
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/swarm"
)

// A climb from one replica, in slot 1, to three.
func TestClimb(t *testing.T) {
	nodes := []swarm.Node{node("n1", swarm.NodeStateReady, 0)}
	old := task("old", 1, run, run, -60)
	before := []swarm.Task{old, task("gone", 2, failed, shut, -90)}
	is := func(tasks ...swarm.Task) cluster { return cluster{nodes, append(before, tasks...)} }
	crash := func(id string, slot, at int) swarm.Task {
		return task(id, slot, failed, shut, at, err("task: non-zero exit (3)"))
	}

	for name, c := range map[string]struct {
		looks []cluster // a second apart
		want  standing  // after the last
		worst string
	}{
		"nothing yet":               {[]cluster{is()}, standing{}, ""},
		"running, and not for long": {[]cluster{is(task("a", 2, run, run, 0))}, standing{}, "running"},
		"ready":                     {[]cluster{is(task("a", 2, run, run, 0)), is(), is(task("a", 2, run, run, 0), task("b", 3, run, run, 0))}, standing{ready: 1}, "running"},
		"pulling":                   {[]cluster{is(task("a", 2, swarm.TaskStatePreparing, run, 0))}, standing{pulling: true}, "preparing"},
		"what failed before is not ours": {
			[]cluster{is(task("a", 2, swarm.TaskStateStarting, run, 0))}, standing{}, "starting"},
		"one failure is not the end": {
			[]cluster{is(crash("a", 2, 0), task("b", 2, delayed, delayed, 1))}, standing{}, "failed once: failed: task: non-zero exit (3)"},
		"three failures are": {
			[]cluster{is(crash("a", 2, 0), crash("b", 2, 1), crash("c", 2, 2), task("d", 2, run, run, 3))},
			standing{lost: 1}, "failed 3 times"},
		"also when swarm forgets them": {
			[]cluster{is(crash("a", 2, 0)), is(crash("b", 2, 1)), is(crash("c", 2, 2), task("d", 2, delayed, delayed, 3))},
			standing{lost: 1}, "failed 3 times"},
		"each counts once": {
			[]cluster{is(crash("a", 2, 0), task("b", 2, run, run, 1)), is(crash("a", 2, 0), task("b", 2, run, run, 1)), is(crash("a", 2, 0), task("b", 2, run, run, 1))},
			standing{ready: 1}, "failed once"},
		"a failure without a restart is": {
			[]cluster{is(crash("a", 2, 0))}, standing{lost: 1}, "failed once"},
		"an old replica that breaks is not ours": {
			[]cluster{{nodes, []swarm.Task{crash("old", 1, -60), task("x", 1, run, run, 0), crash("y", 1, 0), crash("z", 1, 0), crash("w", 1, 0)}}},
			standing{}, ""},
		"without a place": {
			[]cluster{is(task("a", 2, pending, run, 0, on(""), err("no suitable node")))}, standing{}, "waits for a node: no suitable node"},
	} {
		t.Run(name, func(t *testing.T) {
			up := newClimb(service{swarm.Service{ID: "web"}}, cluster{nodes, before}, 2, 2*time.Second)
			var got standing
			for i, look := range c.looks {
				got = up.look(look, noon.Add(time.Duration(i)*time.Second))
			}
			_, worst := up.worst()
			if got != c.want || !strings.Contains(worst, c.worst) {
				t.Errorf("%+v, %q; want %+v, %q", got, worst, c.want, c.worst)
			}
		})
	}
}
