package redis

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

const mostProblems = 20 // of one kind

// Check reads everything, unpacks it, and says what is wrong, and how much there is. What can't be read is a problem, and no
// error.
func (s *Store) Check(ctx context.Context) (store.Findings, error) {
	e, err := s.everything(ctx)
	if err != nil {
		return store.Findings{}, fmt.Errorf("check the store: %w", err)
	}
	c := checkup{everything: e}
	for _, look := range []func(){c.turned, c.accounts, c.posted, c.states, c.decisions, c.happenings, c.intents, c.log, c.revised, c.outbox} {
		look()
	}
	if err := c.samples(ctx, s); err != nil {
		return store.Findings{}, fmt.Errorf("check the store: %w", err)
	}
	c.findings.Settings = s.Risks(ctx)
	return c.findings, nil
}

// checkup is what a check has found so far.
type checkup struct {
	everything
	findings store.Findings
	said     int // problems of the kind that is looked at
}

// say says what is wrong with one thing.
func (c *checkup) say(what, problem string, args ...any) {
	if c.said++; c.said <= mostProblems {
		c.findings.Problems = append(c.findings.Problems, what+": "+fmt.Sprintf(problem, args...))
	}
}

// done ends a kind of things.
func (c *checkup) done(what string) {
	if c.said > mostProblems {
		c.findings.Problems = append(c.findings.Problems, fmt.Sprintf("%s: %d more problems", what, c.said-mostProblems))
	}
	c.said = 0
}

// each reads the fields of a hash, in order.
func (c *checkup) each(what string, hash map[string]string, read func(field, value string) error) {
	for _, field := range slices.Sorted(maps.Keys(hash)) {
		if err := read(field, hash[field]); err != nil {
			c.say(what, "%v", err)
		}
	}
	c.done(what)
}

// fieldsOf are those of the core that begin in a way, without that.
func (c *checkup) fieldsOf(prefix string) map[string]string {
	all := map[string]string{}
	for field, value := range c.core {
		if name, is := strings.CutPrefix(field, prefix); is {
			all[name] = value
		}
	}
	return all
}

func (c *checkup) turned() {
	global := map[string]string{}
	for _, field := range []string{switchField, "rebuilt"} {
		if value, is := c.core[field]; is {
			global[field] = value
		}
	}
	c.each("switch, and when the store was begun anew", global, func(field, value string) error {
		var on store.Switch
		if field == switchField {
			return json.Unmarshal([]byte(value), &on)
		}
		return nil
	})
	c.each("pauses", c.fieldsOf(pauseField), func(place, value string) error {
		return readable[engine.Pause](place, value)
	})
}

func (c *checkup) accounts() {
	c.each("tokens", c.fieldsOf(tokenField), func(id, value string) error {
		_, err := readToken(id, value)
		return err
	})
	c.each("people", c.fieldsOf(userField), func(email, value string) error {
		_, err := readUser(email, value)
		return err
	})
	c.each("posted policies", c.fieldsOf(documentField), func(name, value string) error {
		_, err := readDocument(name, value)
		return err
	})
}

func (c *checkup) posted() {
	if posted, last := number(c.core[postedField]), number(c.core["audit"]); posted > last {
		c.say("end of what was told", "it is entry %d, and the last is %d", posted, last)
	}
	c.done("end of what was told")
}

// readable says whether JSON can be read.
func readable[T any](name, text string) error {
	var value T
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return fmt.Errorf("%s can't be read: %w", name, err)
	}
	return nil
}

// sound says whether what was packed can be read.
func sound[T any](name, packed string) error {
	if _, err := unpack[T](packed); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (c *checkup) states() {
	states := c.fieldsOf(stateField)
	for _, subject := range slices.Sorted(maps.Keys(c.latest)) {
		if _, is := states[subject]; !is {
			c.say("states", "%s has a newest decision, and no state", subject)
		}
	}
	c.each("states", states, func(subject, value string) error {
		var state engine.State
		if err := json.Unmarshal([]byte(value), &state); err != nil {
			return fmt.Errorf("%s can't be read: %w", subject, err)
		}
		if state.Open == nil {
			return nil
		}
		if _, is := c.core[openField+state.Open.ID]; !is {
			return fmt.Errorf("%s has event %s open, which is not among the open ones", subject, state.Open.ID)
		}
		return nil
	})
	c.each("newest decisions", c.latest, sound[engine.Record])
}

func (c *checkup) decisions() {
	for _, id := range slices.Sorted(maps.Keys(c.rows)) {
		if _, is := c.spans[id]; !is {
			c.say("decisions", "row %s is not said to span anything", id)
		}
	}
	c.each("decisions", c.spans, func(id, value string) error {
		if _, err := readSpan(id, value); err != nil {
			return err
		}
		if number(id) > number(c.core["row"]) {
			return fmt.Errorf("row %s has a number that was not given yet: the last is %s", id, c.core["row"])
		}
		return sound[engine.Record]("row "+id, c.rows[id])
	})
	for tip, value := range c.fieldsOf("tip:") {
		id, _, _ := strings.Cut(value, " ")
		if _, is := c.spans[id]; !is {
			c.say("decisions", "row %s, the newest of %s, is not there", id, tip)
		}
	}
}

func (c *checkup) happenings() {
	for _, id := range slices.Sorted(maps.Keys(c.events)) {
		if _, is := c.ended[id]; !is {
			c.say("ended events", "event %s is not said to have ended", id)
		}
	}
	c.each("ended events", c.ended, func(id, value string) error {
		if _, err := readHappening(id, value); err != nil {
			return err
		}
		return sound[engine.Event]("event "+id, c.events[id])
	})
}

// intents may be open without the state of a service saying so: it was drawn up anew after a loss.
func (c *checkup) intents() {
	c.each("open events", c.fieldsOf(openField), func(id, value string) error {
		if _, ended := c.ended[id]; ended {
			return fmt.Errorf("event %s has ended, and is open", id)
		}
		_, err := readIntent(id, value)
		return err
	})
}

func (c *checkup) log() {
	var last int64
	for _, m := range c.audit {
		e, err := readEntry(m)
		if err != nil {
			c.say("audit entries", "%v", err)
			continue
		}
		if last > 0 && e.Number != last+1 {
			c.say("audit entries", "entry %d follows on %d: there is a gap", e.Number, last)
		}
		last = e.Number
	}
	if given := number(c.core["audit"]); last != given {
		c.say("audit entries", "the last is %d, and numbers up to %d were given", last, given)
	}
	c.done("audit entries")
}

func (c *checkup) revised() {
	c.each("policies", c.revisions, sound[store.Revision])
}

func (c *checkup) outbox() {
	in := map[string]int{}
	for _, set := range [][]client.Z{c.due, c.dead} {
		for _, z := range set {
			_, id, _ := strings.Cut(text(z.Member), " ")
			in[id]++
		}
	}
	c.each("notifications", c.messages, func(id, value string) error {
		if in[id] != 1 {
			return fmt.Errorf("%s is %d times among those that are due or dead", id, in[id])
		}
		delete(in, id)
		_, _, err := readMessage(value)
		return err
	})
	for id := range in {
		c.say("notifications", "%s is due or dead, and is not there", id)
	}
}
