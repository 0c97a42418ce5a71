package swarm

import (
	"fmt"
	"time"

	"github.com/docker/docker/api/types/swarm"
)

// tries is how many tasks in one slot may fail until it is given up. Swarm starts another one each time, and the first may
// have failed on something passing.
const tries = 3

// climb is how the new replicas of a raise come along. Those that were there before don't matter to it: one that breaks
// meanwhile is swarm's to mend, and is no reason to take back the others.
type climb struct {
	service string
	want    int           // new replicas
	hold    time.Duration // a task that has run this long is ready

	before map[int]swarm.Task   // the slots that were filled
	known  map[string]bool      // the tasks that were there
	began  map[string]time.Time // when a new task was first seen to run: the clocks of other nodes may differ
	failed map[int][]swarm.Task // by new slot
	slow   map[int]swarm.Task   // by new slot: what is not ready yet
}

func newClimb(s service, had cluster, want int, hold time.Duration) *climb {
	c := &climb{
		service: s.ID, want: want, hold: hold, before: had.slots(s.ID),
		known: map[string]bool{}, began: map[string]time.Time{}, failed: map[int][]swarm.Task{}, slow: map[int]swarm.Task{},
	}
	for _, t := range had.tasks {
		c.known[t.ID] = true
	}
	return c
}

// standing is how far a climb is.
type standing struct {
	ready   int  // new replicas that are there to stay
	lost    int  // those that are given up
	pulling bool // a node still fetches the image
}

// look takes in what there is now.
func (c *climb) look(now cluster, at time.Time) standing {
	for _, t := range now.tasks {
		if t.ServiceID == c.service && c.isNew(t) && broke(t) {
			c.known[t.ID] = true // counted once
			c.failed[t.Slot] = append(c.failed[t.Slot], t)
		}
	}
	var s standing
	clear(c.slow)
	slots := now.slots(c.service)
	for number := range c.failed {
		if _, alive := slots[number]; !alive || len(c.failed[number]) >= tries { // the restart policy gave it up, or we do
			s.lost++
		}
	}
	for number, t := range slots {
		if _, old := c.before[number]; old || len(c.failed[number]) >= tries {
			continue
		}
		if running(t) && c.held(t, at) {
			s.ready++
			continue
		}
		c.slow[number] = t
		s.pulling = s.pulling || t.Status.State == swarm.TaskStatePreparing
	}
	return s
}

func (c *climb) isNew(t swarm.Task) bool {
	_, old := c.before[t.Slot]
	return !old && !c.known[t.ID]
}

func (c *climb) held(t swarm.Task, at time.Time) bool {
	began, seen := c.began[t.ID]
	if !seen {
		began = at
		c.began[t.ID] = at
	}
	return at.Sub(began) >= c.hold
}

// worst is the task that tells most of why replicas did not become ready: one that failed, else one that is late.
func (c *climb) worst() (task swarm.Task, why string) {
	most := 0
	for _, number := range numbers(c.failed) {
		if failures := c.failed[number]; len(failures) > most {
			most = len(failures)
			task = failures[most-1]
		}
	}
	if most > 0 {
		return task, fmt.Sprintf("failed %s: %s", times(most), condition(task))
	}
	for _, number := range numbers(c.slow) {
		return c.slow[number], condition(c.slow[number])
	}
	return swarm.Task{}, "swarm made no task for it"
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
