package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

const (
	crashMin, crashMax = 2, 6
	crashCooldown      = time.Second
	crashStale         = 2 * time.Second

	// so many at once, so that a kill can come between them
	crashPolicy = `
config: sources: test: type: "push"
policies: web: {
	service: "web"
	target: {driver: "compose", project: "$PROJECT"}
	enabled: true
	metrics: [{name: "load", type: "custom", source: "test", aggregation: "last", window: "5s", staleAfter: "2s"}]
	thresholds: [{metric: "load", scaleUp: 70, scaleDown: 30}]
	evaluationInterval: "1s"
	cooldownPeriod:     "1s"
	minReplicas: 2
	maxReplicas: 6
	scaleUpBy:   2
	scaleDownBy: 2
	rollout: minReady: "100ms"
}
`
	// what the load says
	wantsMore, wantsNothing, wantsFewer = 100, 50, 0
)

// 9, at length: the daemon is killed at a step that is drawn, over and over, and each time started again. What must hold at all
// times did hold, and nothing is left behind. FLYBALL_SEED draws the same steps again.
func TestLiveCrash(t *testing.T) {
	crash(t, 20, 300, inFile)
}

// crash kills so many daemons, or in a soak so many, with a store of which keeps makes one for each service.
func crash(t *testing.T, kills, soak int, keeps func(*site) crashStore) {
	t.Parallel()
	if os.Getenv("FLYBALL_SOAK") != "" {
		kills = soak
	}
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("FLYBALL_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("FLYBALL_SEED: %v", err)
		}
	}
	e := shared.Engine(t)
	t.Logf("FLYBALL_SEED=%d draws this again", seed)
	const lanes = 4 // side by side, for most of the time is spent waiting; each has a service of its own
	var all sync.WaitGroup
	for lane := range uint64(lanes) {
		all.Go(func() {
			t.Run(fmt.Sprint("lane ", lane), func(t *testing.T) {
				c := newCampaign(t, e, keeps, rand.New(rand.NewPCG(seed, lane)))
				for ; c.kills < kills/lanes; c.round++ {
					c.once()
				}
				c.goOn()
			})
		})
	}
	all.Wait()
}

// campaign is a service and its daemon, which is killed over and over.
type campaign struct {
	*site
	store   crashStore
	proxy   *dockertest.Proxy
	dice    *rand.Rand
	gauge   *gauge
	seen    *witness
	seats   []*seat   // for daemons; the leader of several acts
	at      *seat     // of the daemon that is killed next
	daemons []*daemon // of this round
	round   int
	kills   int
	missed  int // steps that never came

	mu      sync.Mutex
	story   []string // of this round
	flying  []flight // calls that are held
	flights sync.WaitGroup
}

// seat is where a daemon answers, one after the other.
type seat struct {
	socket string
	daemon *daemon
}

func newCampaign(t *testing.T, e *dockertest.Engine, keeps func(*site) crashStore, dice *rand.Rand) *campaign {
	s := lay(t, e, plainFile+"    environment: {EXIT_ON_TERM: 1}\n", crashPolicy)
	t.Cleanup(s.removeAll)
	s.compose("up", "-d", "--scale", fmt.Sprint("web=", crashMin))
	c := &campaign{site: s, store: keeps(s), proxy: e.Proxy(t), dice: dice}
	s.write("policies.cue", crashPolicy+c.store.config)
	s.host = c.proxy.Host()
	for i := range max(1, c.store.daemons) {
		c.seats = append(c.seats, &seat{socket: filepath.Join(s.dir, ".flyball", fmt.Sprint("daemon", i))})
	}
	c.gauge = newGauge(c)
	c.seen = newWitness(c)
	c.proxy.Tell(c.called)
	t.Cleanup(func() {
		for _, seat := range c.seats {
			seat.daemon.end(syscall.SIGKILL)
		}
		if t.Failed() {
			t.Log(c.told())
		}
	})
	for _, c.at = range c.seats {
		c.begin()
	}
	return c
}

// begin starts a daemon.
func (c *campaign) begin() {
	c.Helper()
	d := c.start("--store", c.store.address, "--socket", c.at.socket)
	c.running = nil // it is ended on purpose
	c.at.daemon = d
	c.daemons = append(c.daemons, d)
	c.tell("daemon %d starts", d.cmd.Process.Pid)
}

// web is what the daemon that leads says of the policy, and where it is; the zero status where none does.
func (c *campaign) web() (api.PolicyStatus, *seat) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second) // it may be stopped
	defer cancel()
	for _, at := range c.seats {
		client, err := api.Dial(at.socket)
		if err != nil {
			continue
		}
		status, err := client.Status(ctx)
		if err == nil && status.Daemon != nil && (status.Daemon.Leader == nil || status.Daemon.Leader.Self) {
			return status.Policies[0], at
		}
	}
	return api.PolicyStatus{}, nil
}

// once is one round: the daemon has something to do, is killed in the middle of it, and started again. It may be killed
// again at once.
func (c *campaign) once() {
	c.mu.Lock()
	c.story = nil
	c.mu.Unlock()
	c.daemons = nil
	for _, at := range c.seats {
		c.daemons = append(c.daemons, at.daemon)
	}
	began, way := time.Now(), c.way()
	step := draw(c.dice, way, c.store)
	c.tell("round %d: %d run, the load wants %s; killed %s", c.round, len(c.replicas()), way, step)
	c.want(way)
	if c.dice.IntN(8) == 0 {
		c.silence()
	}
	c.until("a daemon leads", func() bool {
		p, at := c.web()
		c.at = at
		return p.LastEvaluation != nil
	})
	c.strike(step)
	switch c.dice.IntN(6) {
	case 0: // it goes on to want the same
	case 1:
		c.want(opposite(way))
	case 2:
		c.silence()
	default:
		c.rest()
	}
	c.revive()
	for c.dice.IntN(3) == 0 {
		c.strike(again(c.dice, c.store))
		c.revive()
	}
	c.settle()
	c.check()
	c.Logf("round %d, %s, %s: %s", c.round, way, step, time.Since(began).Round(100*time.Millisecond))
	if c.Failed() {
		c.FailNow()
	}
}

// way is where the load drives the service next.
func (c *campaign) way() engine.Action {
	switch n := len(c.replicas()); {
	case n <= crashMin:
		return engine.ScaleUp
	case n >= crashMax:
		return engine.ScaleDown
	case c.dice.IntN(2) == 0:
		return engine.ScaleUp
	}
	return engine.ScaleDown
}

func opposite(way engine.Action) engine.Action {
	if way == engine.ScaleUp {
		return engine.ScaleDown
	}
	return engine.ScaleUp
}

func (c *campaign) want(way engine.Action) {
	c.tell("the load wants %s", way)
	if way == engine.ScaleUp {
		c.gauge.say(wantsMore)
	} else {
		c.gauge.say(wantsFewer)
	}
}

func (c *campaign) rest() {
	c.tell("the load wants nothing")
	c.gauge.say(wantsNothing)
}

func (c *campaign) silence() {
	c.tell("nothing says what the load is")
	c.gauge.hush()
}

// settle lets the daemon come to rest.
func (c *campaign) settle() {
	c.Helper()
	if !c.gauge.rests() {
		<-time.After(time.Duration(c.dice.IntN(4000)) * time.Millisecond)
		c.rest()
	}
	c.flights.Wait()
	// A sample that was read later says that there is nothing to do, and so does the cycle after it.
	from := c.gauge.since().Add(1500 * time.Millisecond)
	c.until("rest", func() bool {
		p, _ := c.web()
		return p.Error == "" && p.Open == nil && p.LastEvaluation != nil && p.LastEvaluation.After(from) &&
			c.says(p, wantsNothing) && p.ReadyReplicas == p.CurrentReplicas && c.clean(p.CurrentReplicas)
	})
	c.tell("at rest with %d", len(c.replicas()))
}

// says says that the daemon has read a load.
func (c *campaign) says(p api.PolicyStatus, load float64) bool {
	now := p.Metrics["load"]
	return now.Status == engine.OK && now.Value != nil && *now.Value == load
}

// clean says that so many replicas run, and there is no other container of the project.
func (c *campaign) clean(n int) bool {
	there := c.replicas()
	return len(there) == n && !slices.ContainsFunc(there, func(r container.Summary) bool {
		return r.State != container.StateRunning || !strings.HasPrefix(r.Names[0], "/"+c.project+"-web-")
	})
}

// goOn wants the service at its maximum or its minimum once more, whichever is further.
func (c *campaign) goOn() {
	want, way := crashMax, engine.ScaleUp
	if len(c.replicas()) > (crashMin+crashMax)/2 {
		want, way = crashMin, engine.ScaleDown
	}
	c.want(way)
	c.until(fmt.Sprint(want, " replicas"), func() bool {
		p, _ := c.web()
		return c.clean(want) && p.Open == nil
	})
	c.rest()
	c.settle()
	c.check()
	c.Logf("%d kills, and %d steps that never came", c.kills, c.missed)
}

// tell adds a line to the round's story.
func (c *campaign) tell(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.story = append(c.story, time.Now().UTC().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// told is the round's story: what was done, the calls to the engine, what it did, and what the daemons said.
func (c *campaign) told() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := strings.Join(c.story, "\n")
	for _, d := range c.daemons {
		text += fmt.Sprintf("\n\ndaemon %d said:\n%s", d.cmd.Process.Pid, d.log())
	}
	return text
}
