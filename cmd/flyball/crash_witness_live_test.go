package main

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/target/docker"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// witness is what the engine says it did, and what it was asked for.
type witness struct {
	mu       sync.Mutex
	running  map[string]bool // at the beginning, by id
	turns    []events.Message
	stopped  map[string]map[string]bool // containers that were told to stop, by event
	problems []string
}

// newWitness listens to the engine from now on.
func newWitness(c *campaign) *witness {
	ctx, cancel := context.WithCancel(context.Background())
	messages, errs := c.engine.Client().Events(ctx, events.ListOptions{Filters: filters.NewArgs(
		filters.Arg("type", string(events.ContainerEventType)), filters.Arg("label", "com.docker.compose.project="+c.project))})
	w := &witness{running: map[string]bool{}, stopped: map[string]map[string]bool{}}
	for _, r := range c.replicas() {
		w.running[r.ID] = true
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case m := <-messages:
				w.mu.Lock()
				w.turns = append(w.turns, m)
				w.mu.Unlock()
				c.tell("  %s the engine: %s %s", time.Unix(0, m.TimeNano).UTC().Format("15:04:05.000"), m.Action, m.Actor.Attributes["name"])
			case <-errs:
				return
			}
		}
	}()
	c.Cleanup(func() { cancel(); <-done })
	return w
}

// called is told of every call of the daemon's before the engine is: what changes something must be on record by now.
func (c *campaign) called(of dockertest.Call) {
	if of.Method == http.MethodGet || of.Method == http.MethodHead {
		return
	}
	c.tell("  asked: %s %s %s", of.Method, shortPath(of.Path), of.Query.Get("name"))
	open, left, err := c.onRecord()
	w := c.seen
	w.mu.Lock()
	defer w.mu.Unlock()
	problem := func(text string) { w.problems = append(w.problems, of.Method+" "+of.Path+": "+text) }
	is := func(method, path string) bool {
		return of.Method == method && regexp.MustCompile(path).MatchString(of.Path)
	}
	first := func(way engine.Action) (engine.Event, bool) {
		for _, e := range open {
			if e.Action == way && e.Started.Before(of.At) {
				return e, true
			}
		}
		return engine.Event{}, false
	}
	raise, raises := first(engine.ScaleUp)
	lowering, lowers := first(engine.ScaleDown)
	switch {
	case err != nil:
		problem("the ledger can't be read: " + err.Error())
	case is("POST", createCall):
		var asked struct{ Labels map[string]string }
		if err := json.Unmarshal(of.Body, &asked); err != nil || !raises || asked.Labels["flyball.event"] != raise.ID {
			problem("is for event " + asked.Labels["flyball.event"] + ", and no such raise is open on record")
		}
	case is("POST", startCall):
		if !raises {
			problem("no raise is open on record")
		}
	case is("POST", stopCall):
		if !lowers {
			problem("no lowering is open on record")
			return
		}
		if w.stopped[lowering.ID] == nil {
			w.stopped[lowering.ID] = map[string]bool{}
		}
		w.stopped[lowering.ID][of.Path] = true
	case is("DELETE", removeCall):
		if len(open)+len(left) == 0 {
			problem("no event is open or halfway on record")
		}
	default:
		problem("nobody knows such a call")
	}
}

// shortPath is a path with its id as people write it.
func shortPath(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		parts[i] = docker.Short(part)
	}
	return strings.Join(parts, "/")
}

// replicas are the project's containers, stopped ones too.
func (c *campaign) replicas() []container.Summary {
	found, err := c.engine.Client().ContainerList(context.Background(), container.ListOptions{All: true, Filters: c.own()})
	if err != nil {
		c.Fatal(err)
	}
	return found
}

// gauge pushes what the load is to whichever daemon runs.
type gauge struct {
	mu     sync.Mutex
	value  float64
	said   time.Time // since when it says so
	silent bool
	hushed []hush // when nothing was pushed
}

type hush struct{ from, to time.Time }

func newGauge(s *site) *gauge {
	g := &gauge{value: wantsNothing, said: time.Now()}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.Tick(150 * time.Millisecond); ctx.Err() == nil; <-tick {
			g.push(ctx, filepath.Join(s.dir, ".flyball", "flyball.sock"))
		}
	}()
	s.Cleanup(func() { cancel(); <-done })
	return g
}

// push gives as many values as a metric needs to be believed.
func (g *gauge) push(ctx context.Context, socket string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.silent {
		return
	}
	flyball, err := api.Dial(socket)
	if err != nil {
		return // nobody listens just now
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second) // it may be stopped
	defer cancel()
	var samples []api.Pushed
	for i := range engine.Instants {
		samples = append(samples, api.Pushed{Metric: "load", Value: &g.value, At: time.Now().Add(-time.Duration(i) * time.Millisecond)})
	}
	flyball.Push(ctx, "web", samples)
}

func (g *gauge) say(value float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.silent {
		g.hushed[len(g.hushed)-1].to = time.Now()
	}
	g.value, g.said, g.silent = value, time.Now(), false
}

func (g *gauge) hush() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.silent {
		g.hushed = append(g.hushed, hush{from: time.Now()})
	}
	g.silent = true
}

func (g *gauge) rests() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.silent && g.value == wantsNothing
}

func (g *gauge) since() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.said
}

func (g *gauge) silences() []hush {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.hushed)
}
