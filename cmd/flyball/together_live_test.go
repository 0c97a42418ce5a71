package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
	"github.com/flyball-dev/flyball/engine/store"
)

// together are two daemons on one Redis, each with a folder of its own. Both tell the same receiver, at a path by which one tells
// them apart: /0 and /1.
func together(t *testing.T, port int) []*member {
	redis := metricstest.Redis(t)
	all := make([]*member, 2)
	for i := range all {
		all[i] = &member{site: simulated(t, calmPolicy+fmt.Sprintf(`config: {
	store: {url: "redis://%s", lease: %q}
	notify: {allow: ["127.0.0.1"], receivers: ops: url: "http://%s/%d"}
}
`, redis, leaseLength, metricstest.Address(port), i))}
	}
	return all
}

// What two daemons tell the world: the one that leads tells it, and what it was telling when it was killed the other tells again, under
// the same id. Nothing is lost, and nothing else is told twice. Who listens to events hears all of it, at either daemon.
func TestLiveTogetherTheyTellOnce(t *testing.T) {
	t.Parallel()
	port := metricstest.Port(t)
	in := newInbox(t, port, http.StatusNoContent)
	all := together(t, port)
	start(all...)
	first := elected(t, all)
	first.cycles(1)
	second := others(all, first)[0]
	token := first.token("dashboard", "viewer")
	atFirst, atSecond := follow(t, nil, first.door(), token, "0"), follow(t, nil, second.door(), token, "0")

	first.flyball("scale", "web", "2")
	raised := atSecond.entry(store.OfEvent, "from 1 to 2 succeeded")
	t.Logf("the follower tells of it after %s", time.Since(raised.At))
	atFirst.entry(store.OfEvent, "from 1 to 2 succeeded")
	first.until("both are told", func() bool { return len(in.all()) == 2 })

	stalled := in.stall()
	first.flyball("scale", "web", "4", "--no-wait") // of which the end is not recorded
	<-stalled
	first.daemon.end(syscall.SIGKILL)
	killed, known := time.Now(), len(in.all())
	elected(t, []*member{second})
	t.Logf("the other leads after %s", time.Since(killed))
	atFirst.ended()
	atFirst = atFirst.again(second.door(), token)
	atSecond.entry(store.OfEvent, "from 2 to 4 ") // by whom it is settled
	second.flyball("scale", "web", "3")
	for _, st := range []*stream{atFirst, atSecond} {
		st.entry(store.OfEvent, "to 3 succeeded")
	}

	second.until("all that happened is told", func() bool {
		waiting, err := second.waiting()
		return err == nil && len(waiting) == 0 && slices.Equal(in.taken(), second.tells())
	})
	log := second.audited()
	for name, st := range map[string]*stream{"the first": atFirst, "the second": atSecond} {
		if want := openTo(log, st.entries); !slices.Equal(st.entries, want) {
			t.Errorf("who listened at %s heard %v, want %v", name, st.entries, want)
		}
	}
	ids := map[string]int{}
	for i, a := range in.all() {
		ids[a.id]++
		if by := all[0] == first; (a.path == "/0") != (by == (i < known)) {
			t.Errorf("attempt %d of %d before the kill was made by the daemon %s", i, known, a.path)
		}
	}
	twice := in.all()[known-1].id
	for id, n := range ids {
		if n != 1 && (id != twice || n != 2) {
			t.Errorf("%s was sent %d times", id, n)
		}
	}
	if ids[twice] != 2 {
		t.Errorf("what was under way was sent %d times, want 2: %v", ids[twice], ids)
	}
}

// again listens on where the stream has ended, at another daemon.
func (s *stream) again(url, token string) *stream {
	s.Helper()
	next := follow(s, nil, url, token, s.last())
	next.entries = s.entries
	return next
}

// taken are the numbers of the entries of which a notification was taken, in order.
func (in *inbox) taken() (numbers []int) {
	for _, a := range in.all() {
		if n, err := strconv.Atoi(strings.Split(a.id, "-")[1]); err == nil && a.taken {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers
}

// tells are the numbers of the entries of which receivers are to be told.
func (s *site) tells() (numbers []int) {
	s.Helper()
	for _, e := range s.audited() {
		if e.Event != "" || e.Kind == store.OfTrouble || e.Kind == store.OfRecovery {
			numbers = append(numbers, int(e.Number))
		}
	}
	return numbers
}

// openTo are the numbers of the entries that everybody may hear of, up to the last that was heard.
func openTo(log []store.Entry, heard []string) (numbers []string) {
	for _, e := range log {
		number := strconv.FormatInt(e.Number, 10)
		if e.Kind != store.OfAccess {
			numbers = append(numbers, number)
		}
		if len(heard) > 0 && number == heard[len(heard)-1] {
			break
		}
	}
	return numbers
}

// What is changed at one daemon holds at the other: a token that is made, and one that is revoked; a policy that is put.
func TestLiveTogetherTheyKnowTheSame(t *testing.T) {
	t.Parallel()
	port := metricstest.Port(t)
	newInbox(t, port, http.StatusNoContent)
	all := together(t, port)
	start(all...)
	leads := elected(t, all)
	follows := others(all, leads)[0]
	doors := []string{leads.door(), follows.door()}
	short := follows.token("short", "viewer")
	asks := func(door string) int {
		return fetch(t, nil, http.MethodGet, door+"/api/autoscaling/recommendations", short, "", nil)
	}
	for _, door := range doors {
		if status := asks(door); status != http.StatusOK {
			t.Errorf("with the new token it is %d at %s", status, door)
		}
	}
	client, err := leads.ask()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.RevokeToken(t.Context(), "short", "anna"); err != nil {
		t.Fatal(err)
	}
	revoked, last := time.Now(), time.Duration(0)
	for _, door := range doors {
		leads.until("the token is refused", func() bool {
			asked := time.Since(revoked)
			status := asks(door)
			if status == http.StatusOK {
				last = max(last, asked)
			}
			return status == http.StatusUnauthorized
		})
	}
	if last > 2*time.Second+slack {
		t.Errorf("the token was good for %s after it was revoked", last)
	}

	const policy = `{"name": "mail", "service": "mail", "target": {"driver": "sim"}, "enabled": true, "minReplicas": 2, "maxReplicas": 3,
		"metrics": [{"name": "cpu_usage", "type": "cpu", "source": "system", "window": "5s"}],
		"thresholds": [{"metric": "cpu_usage", "scaleUp": 90, "scaleDown": 5}], "evaluationInterval": "1s"}`
	put := time.Now()
	if status := fetch(t, nil, http.MethodPost, doors[1]+"/api/autoscaling/policies", follows.token("desk", "admin"), policy, nil); status != http.StatusCreated {
		t.Fatalf("the policy is answered with %d", status)
	}
	leads.until("the leader evaluates it", func() bool { return leads.policy("mail").LastEvaluation != nil })
	took := time.Since(put)
	if took > 20*time.Second { // three on a machine that is idle
		t.Errorf("the policy is at work after %s", took)
	}
	leads.until("and follows it", func() bool { return leads.policy("mail").CurrentReplicas == 2 })
	t.Logf("the policy was at work after %s, the token good for %s after it was revoked", took, last)
}
