package compose

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

// cliDriver is the driver of policies whose new replicas docker compose makes, from its file, instead of flyball by
// cloning. All else is done as for the others. Where the file has changed since, the new replicas are of the new file, and
// those that run stay as they are.
const cliDriver = "compose-cli"

const (
	upDeadline = 5 * time.Minute // for the whole command: it may have to pull an image
	lateCall   = time.Second     // what the engine may still carry out for a command that was killed
)

// command is an order's new replicas made by `docker compose up --scale`.
type command struct {
	target  *Target
	order   engine.Order
	service service // as it was before
	dir     string
	args    []string
	killed  bool            // before its end
	made    map[string]bool // by id, what it made or started; nil: nobody could look once it had ended
}

// command looks up what the service was made from, and refuses where docker compose could not do what is ordered.
func (t *Target) command(ctx context.Context, s service, o engine.Order) (*command, error) {
	if _, err := exec.LookPath("docker"); err != nil {
		return nil, noCompose(err)
	}
	dir, args, err := invocation(s, o.To)
	if err != nil {
		return nil, fmt.Errorf("service %s: %w", s.name, err)
	}
	// Compose counts containers that have stopped, and starts them first; what is too many it removes, and running ones
	// may be among that.
	stay := slices.DeleteFunc(slices.Clone(s.replicas), func(r replica) bool {
		return !r.counts() && r.event != "" && !r.protected
	})
	stopped := len(stay) - len(s.current())
	if add := o.To - len(s.current()); stopped > add {
		return nil, fmt.Errorf("service %s has %d stopped replicas, and docker compose would not add %d but start those; remove them with `docker compose -p %s rm %s`", s.name, stopped, add, s.project, s.name)
	}
	if err := t.removeStopped(ctx, s); err != nil {
		return nil, err
	}
	s.replicas = stay
	return &command{target: t, order: o, service: s, dir: dir, args: args}, nil
}

// invocation is the command that makes the service have so many replicas, and where to run it. Compose notes on its
// containers which files they were made from. The service is named, or compose would start every other one too.
func invocation(s service, to int) (dir string, args []string, err error) {
	from := s.newest()
	dir = from.labels[folderLabel]
	if dir == "" || from.labels[filesLabel] == "" {
		return "", nil, fmt.Errorf("container %s does not say which compose file it was made from; recreate it with `docker compose up -d`", from.name)
	}
	args = []string{"compose", "-p", s.project, "--project-directory", dir}
	for _, given := range []struct{ flag, what, files string }{
		{"-f", "compose file", from.labels[filesLabel]}, {"--env-file", "environment file", from.labels[envFileLabel]},
	} {
		if given.files == "" {
			continue
		}
		for file := range strings.SplitSeq(given.files, ",") {
			if err := present(dir, file); err != nil {
				return "", nil, fmt.Errorf("%s of project %s: %w", given.what, s.project, err)
			}
			args = append(args, given.flag, file)
		}
	}
	scale := s.name + "=" + strconv.Itoa(to)
	return dir, append(args, "up", "-d", "--no-deps", "--no-recreate", "--no-build", "--scale", scale, s.name), nil
}

// present is an error where a file that compose was given is not on this machine.
func present(dir, file string) error {
	if file == "-" {
		return errors.New("it was read from standard input; give docker compose a file and recreate the service with `docker compose up -d`")
	}
	if strings.Contains(file, "://") { // compose fetches it
		return nil
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("%w; put it back or, where flyball runs in a container, mount %s there under the same path", err, dir)
	}
	return nil
}

// add has compose make the replicas, and waits for what it made.
func (c *command) add(ctx context.Context, n int, _ context.CancelCauseFunc) []newReplica {
	failed := c.run(ctx)
	now, err := c.look(ctx)
	failed = cmp.Or(failed, err)
	found := c.fresh(now)
	if err == nil && !c.killed {
		c.made = map[string]bool{}
		for _, r := range found {
			c.made[r.id] = true
		}
	}
	if ctx.Err() != nil {
		failed = fmt.Errorf("was given up: %w", context.Cause(ctx))
	}
	started := func(r replica) bool { return r.counts() }
	switch {
	case failed == nil && len(found) < n:
		failed = fmt.Errorf("made %d new replicas where %d were wanted", len(found), n)
	case failed != nil && len(found) >= n && !slices.ContainsFunc(found, func(r replica) bool { return !started(r) }):
		// All run, and yet it was not done with them: which of them lacks something nobody knows.
		started = func(replica) bool { return false }
	}
	replicas := make([]newReplica, max(n, len(found)))
	each(len(replicas), func(i int) {
		switch {
		case i >= len(found):
			replicas[i] = newReplica{name: "docker compose", err: failed}
		case failed != nil && !started(found[i]):
			replicas[i] = newReplica{id: found[i].id, name: found[i].name, err: fmt.Errorf("docker compose: %w", failed)}
		default:
			replicas[i] = c.follow(ctx, found[i])
		}
	})
	return replicas
}

// follow waits until a replica that compose started is ready.
func (c *command) follow(ctx context.Context, from replica) newReplica {
	r := newReplica{id: from.id, name: from.name}
	r.err = c.target.await(ctx, r.id, c.order.Policy.Rollout)
	switch {
	case r.err == nil:
	case ctx.Err() != nil:
		r.err = fmt.Errorf("was given up: %w", context.Cause(ctx))
	default:
		r.log = c.target.evidence(ctx, r.id)
	}
	return r
}

// look lists the service as it is now.
func (c *command) look(ctx context.Context) (service, error) {
	s := service{project: c.service.project, name: c.service.name}
	found, err := c.target.list(ctx, append(s.labels(), hashLabel)...)
	s.replicas = allListed(found)
	slices.SortFunc(s.replicas, func(a, b replica) int { return a.number - b.number })
	return s, err
}

// fresh is what compose made for the order, or started again. Compose would not tell, and puts nothing of flyball's on it:
// a label would make it differ from what the file says, and the next `docker compose up` recreate it. It goes by the
// numbers, for compose counts on from the highest; what has others, or replaces a container, somebody else made meanwhile.
func (c *command) fresh(now service) []replica {
	highest := c.service.highest()
	last := highest + c.order.To - len(c.service.replicas)
	var fresh []replica
	for _, r := range now.replicas {
		before, known := c.service.byID(r.id)
		switch {
		case known && r.counts() && !before.counts(),
			!known && r.number > highest && r.number <= last && !r.replaces():
			fresh = append(fresh, r)
		}
	}
	return fresh
}

// replaces says that a container was made in the place of another one, which `docker compose up` does where it recreates.
func (r replica) replaces() bool {
	return r.labels[replaceLabel] != "" || service{replicas: []replica{r}}.rollout() != ""
}

func (s service) byID(id string) (replica, bool) {
	i := slices.IndexFunc(s.replicas, func(r replica) bool { return r.id == id })
	if i < 0 {
		return replica{}, false
	}
	return s.replicas[i], true
}

// clear undoes what the command did, but for what became ready. It looks again, because a command that was killed may have
// made more than add has seen, and because what was recreated since is not the order's any more.
func (c *command) clear(ctx context.Context, replicas []newReplica, aborted bool) error {
	if c.killed {
		select {
		case <-time.After(lateCall):
		case <-ctx.Done():
		}
	}
	if err := c.target.quiet(ctx, c.service, false); err != nil {
		return err
	}
	now, err := c.look(ctx)
	if err != nil {
		return err
	}
	found := slices.DeleteFunc(c.fresh(now), func(r replica) bool { return c.made != nil && !c.made[r.id] })
	errs := make([]error, len(found))
	each(len(found), func(i int) {
		ready := slices.ContainsFunc(replicas, func(r newReplica) bool { return r.id == found[i].id && r.err == nil })
		if !ready || aborted {
			errs[i] = c.undo(ctx, found[i])
		}
	})
	return errors.Join(errs...)
}

// undo removes a replica that compose made, with its anonymous volumes. One that had stopped before is stopped again: it is
// the user's.
func (c *command) undo(ctx context.Context, r replica) error {
	t := c.target
	if _, known := c.service.byID(r.id); !known {
		return t.remove(ctx, r.id, container.RemoveOptions{Force: true, RemoveVolumes: true})
	}
	ctx, cancel := context.WithTimeout(ctx, writeDeadline)
	defer cancel()
	t.own(r.id, writeDeadline)
	err := t.docker.ContainerStop(ctx, r.id, container.StopOptions{})
	if errdefs.IsNotFound(err) {
		return nil
	}
	return t.docker.Explain(docker.StopContainer, "stop "+r.name, err)
}
