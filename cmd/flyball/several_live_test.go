package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// member is one of several daemons: with a folder, a way to Docker and a way to Redis of its own.
type member struct {
	*site
	docker *dockertest.Proxy
	cable  *metricstest.Cable
	daemon *daemon
}

const leaseLength = 5 * time.Second // a busy machine holds a daemon up for a while, and it is to lead on

// several lays a project and so many daemons' folders, on one engine and one Redis; none runs yet.
func several(t testing.TB, n int, file, policies string) (*site, *metricstest.Server, []*member) {
	e := shared.Engine(t)
	port := metricstest.Port(t)
	server := metricstest.RedisAt(t, port)
	s := open(t, e, file, policies)
	all := make([]*member, n)
	for i := range all {
		m := &member{docker: e.Proxy(t), cable: metricstest.Wire(t, metricstest.Address(port))}
		dir, err := os.MkdirTemp("", "flyball-live-")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		m.site = &site{TB: t, engine: e, host: m.docker.Host(), binary: s.binary, dir: dir, project: s.project}
		m.write("policies.cue", policies+fmt.Sprintf("\nconfig: store: {url: %q, lease: %q}\n", "redis://"+m.cable.Address, leaseLength))
		all[i] = m
	}
	return s, server, all
}

func start(all ...*member) {
	for _, m := range all {
		m.daemon = m.run()
	}
}

// leader is who leads by its own account; nil: nobody.
func leader(all []*member) *member {
	for _, m := range all {
		if s, err := m.status(); err == nil && s.Daemon.Store == "" && s.Daemon.Leader != nil && s.Daemon.Leader.Self {
			return m
		}
	}
	return nil
}

func (m *member) status() (api.Status, error) {
	client, err := api.Dial(filepath.Join(m.dir, ".flyball", "flyball.sock"))
	if err != nil {
		return api.Status{}, err
	}
	return client.Status(context.Background())
}

func elected(t testing.TB, all []*member) *member {
	t.Helper()
	var found *member
	all[0].until("a leader", func() bool { found = leader(all); return found != nil })
	return found
}

func others(all []*member, one *member) []*member {
	return slices.DeleteFunc(slices.Clone(all), func(m *member) bool { return m == one })
}

// calls is how often a member has told the engine to change something.
func (m *member) calls() int {
	return m.docker.Seen("POST", createCall) + m.docker.Seen("POST", startCall) + m.docker.Seen("POST", stopCall) + m.docker.Seen("DELETE", removeCall)
}

// settled waits until nothing is open, and all that is there runs and is ready: what a leader had started before it was cut
// off stays, and what it had only begun goes. It answers how many there are.
func (m *member) settled(most int) (n int) {
	m.Helper()
	holds := func() bool {
		p := m.policy("web")
		n = len(m.containers())
		return p.Error == "" && p.LastResult != "" && p.Open == nil && p.ReadyReplicas == n && len(m.awake()) == n
	}
	m.until("an end of what was begun", holds)
	m.cycles(3)
	if !holds() || n < 1 || n > most {
		m.Errorf("%d containers, want 1 to %d that all run", n, most)
	}
	return n
}

// One of three leads, and raises once. The others serve what it records, and say where to ask. When it is killed, another
// takes over within two leases, with the cooldown and all events.
func TestLiveSeveralDaemonsOneLeads(t *testing.T) {
	t.Parallel()
	s, _, all := several(t, 3, plainFile, strings.Replace(atLeastTwo, `"2s"`, `"10m"`, 1))
	start(all...)
	first := elected(t, all)
	first.untilEnded("up 1→2 succeeded")
	if made := len(s.containers()); made != 2 {
		t.Errorf("%d containers, want 2", made)
	}
	for _, m := range others(all, first) {
		m.until("the follower's view", func() bool { return m.policy("web").ReadyReplicas == 2 })
		status, err := m.status()
		if err != nil || status.Daemon.Leader == nil || status.Daemon.Leader.Self || !strings.Contains(status.Daemon.Leader.Name, fmt.Sprint("pid ", first.daemon.cmd.Process.Pid)) {
			t.Errorf("a follower says that %+v leads, %v", status.Daemon.Leader, err)
		}
		if got := m.ended(); !slices.Equal(got, []string{"up 1→2 succeeded"}) {
			t.Errorf("a follower's history is %v", got)
		}
		m.mentions(m.refused("scale", "web", "3"), "scaling is the leader's", fmt.Sprint("pid ", first.daemon.cmd.Process.Pid))
		if n := m.calls(); n != 0 {
			t.Errorf("a follower has made %d calls", n)
		}
	}
	waits := first.policy("web").Cooldown
	if waits == nil || waits.UpSeconds < 500 {
		t.Fatalf("the cooldown is %+v", waits)
	}

	before, _ := first.status()
	first.daemon.end(syscall.SIGKILL)
	killed := time.Now()
	rest := others(all, first)
	second := elected(t, rest)
	if took := time.Since(killed); took > 2*leaseLength+slack { // and the time that asking takes
		t.Errorf("failover took %s, with a lease of %s", took, leaseLength)
	}
	second.cycles(2)
	after, err := second.status()
	if err != nil || after.Daemon.Leader.Epoch <= before.Daemon.Leader.Epoch {
		t.Errorf("the epoch went from %+v to %+v, %v", before.Daemon.Leader, after.Daemon.Leader, err)
	}
	if now := second.policy("web").Cooldown; now == nil || now.UpSeconds < waits.UpSeconds-200 {
		t.Errorf("the cooldown was %+v, and is %+v", waits, now)
	}
	if got := second.ended(); !slices.Equal(got, []string{"up 1→2 succeeded"}) || len(s.containers()) != 2 {
		t.Errorf("after the failover there is %v, and %d containers", got, len(s.containers()))
	}

	// A daemon that is told to stop lets the next one lead at once.
	second.daemon.end(syscall.SIGTERM)
	elected(t, others(rest, second)).cycles(1)
}

// The lease of a leader is cut in the middle of a raise. It makes no further call, another finishes, and what there is in the
// end is what was decided.
func TestLiveFault17TheLeaderIsCutOff(t *testing.T) {
	t.Parallel()
	s, _, all := several(t, 2, plainFile, atLeastOne)
	start(all...)
	old := elected(t, all)
	next := others(all, old)[0]
	old.cycles(1)
	old.docker.Fault(dockertest.Fault{Method: "POST", Path: startCall, Times: 1, Do: dockertest.Hang})
	old.flyball("scale", "web", "4", "--no-wait")
	old.docker.Wait(t, "POST", startCall, 1)
	old.cable.Cut()
	next.until("the other leads", func() bool { return leader([]*member{next}) == next })
	calls := old.calls()
	old.docker.Release()
	next.settled(4)
	if more := old.calls() - calls; more > 1 {
		t.Errorf("the daemon without a lease made %d calls", more)
	}
	next.flyball("scale", "web", "3")
	next.settledAt(3)

	old.cable.Mend()
	old.until("it follows", func() bool {
		status, err := old.status()
		return err == nil && status.Daemon.Store == "" && !status.Daemon.Leader.Self
	})
	old.until("it says so", func() bool { return old.daemon.said("another daemon leads") > 0 })
	if got := old.calls() - calls; got > 1 {
		t.Errorf("the daemon that follows made %d calls", got)
	}
	if n := len(s.containers()); n != 3 {
		t.Errorf("%d containers in the end, want 3", n)
	}
	open := 0
	for _, e := range next.history() {
		if e.Result == "" {
			open++
		}
	}
	if open > 0 {
		t.Errorf("%d events are open", open)
	}
}

// 16: the leader is stopped beyond its lease, in the middle of a raise. When it wakes it can neither act nor write.
func TestLiveFault16TheLeaderIsStopped(t *testing.T) {
	t.Parallel()
	s, _, all := several(t, 2, plainFile, atLeastOne)
	start(all...)
	old := elected(t, all)
	next := others(all, old)[0]
	old.cycles(1)
	old.docker.Fault(dockertest.Fault{Method: "POST", Path: startCall, Times: 1, Do: dockertest.Hang})
	old.flyball("scale", "web", "4", "--no-wait")
	old.docker.Wait(t, "POST", startCall, 1)
	if err := old.daemon.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	next.until("the other leads", func() bool { return leader([]*member{next}) == next })
	old.docker.Release()
	there := next.settled(4)
	ended, calls := next.ended(), old.calls()
	if err := old.daemon.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	old.until("it follows", func() bool { return old.daemon.said("another daemon leads") > 0 })
	next.cycles(2)
	if more := old.calls() - calls; more > 1 {
		t.Errorf("the daemon that woke up made %d calls", more)
	}
	next.settledAt(there)
	if now := next.ended(); !slices.Equal(now[:len(ended)], ended) {
		t.Errorf("the events were %v, and are %v: the daemon that woke up has written", ended, now)
	}
	if n := len(s.containers()); n != there {
		t.Errorf("%d containers in the end, want %d", n, there)
	}
}

// 11 and 15: Redis is killed, comes back empty, and is flushed. Nothing is decided while it is away, and status says what was
// known; then the epoch rises and every policy waits a full cooldown.
func TestLiveFault15RedisComesBackEmpty(t *testing.T) {
	t.Parallel()
	port := metricstest.Port(t)
	server := metricstest.RedisAt(t, port)
	s := open(t, shared.Engine(t), plainFile, strings.Replace(atLeastTwo, `"2s"`, `"10m"`, 1))
	s.write("policies.cue", strings.Replace(atLeastTwo, `"2s"`, `"10m"`, 1)+
		fmt.Sprintf("\nconfig: store: {url: %q, lease: %q}\n", "redis://"+metricstest.Address(port), leaseLength))
	d := s.run()
	s.untilEnded("up 1→2 succeeded")
	m := &member{site: s, daemon: d}
	before, err := m.status()
	if err != nil {
		t.Fatal(err)
	}

	server.Kill()
	m.until("status says that the store is away", func() bool {
		now, err := m.status()
		return err == nil && now.Daemon.Store != "" && len(now.Policies) == 1 && now.Policies[0].CurrentReplicas == 2
	})
	s.mentions(s.flyball("status"), "the store can't be read, so nothing is decided", "2-3")
	late := s.command("history")
	if out, _ := late.CombinedOutput(); late.ProcessState.ExitCode() != exitUnreachable || !strings.Contains(string(out), "redis at "+metricstest.Address(port)) {
		t.Errorf("history answers %d: %s", late.ProcessState.ExitCode(), out)
	}
	if d.hasEnded() {
		t.Fatal("the daemon has ended")
	}

	metricstest.RedisAt(t, port)
	m.until("a new epoch", func() bool {
		now, err := m.status()
		return err == nil && now.Daemon.Store == "" && now.Daemon.Leader.Self && now.Daemon.Leader.Epoch > before.Daemon.Leader.Epoch
	})
	s.cycles(2)
	if waits := s.policy("web").Cooldown; waits == nil || waits.UpSeconds < 500 || waits.DownSeconds < 500 {
		t.Errorf("the cooldown after the loss is %+v, want 10 minutes", waits)
	}
	if n := len(s.containers()); n != 2 {
		t.Errorf("%d containers, want 2", n)
	}
	var entries []struct{ Kind, Message string }
	for line := range strings.Lines(s.flyball("audit", "-o", "json")) {
		var e struct{ Kind, Message string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	if !slices.ContainsFunc(entries, func(e struct{ Kind, Message string }) bool { return e.Kind == "store" }) {
		t.Errorf("the audit log does not tell of the loss: %v", entries)
	}
}

// BenchmarkFailover kills the leader of two daemons, and takes the time until the other leads. The lease is leaseLength long.
func BenchmarkFailover(b *testing.B) {
	_, _, all := several(b, 2, plainFile, atLeastOne)
	start(all...)
	var took []time.Duration
	for b.Loop() {
		b.StopTimer()
		one := elected(b, all)
		next := others(all, one)[0]
		next.until("the other is there", func() bool { _, err := next.status(); return err == nil })
		one.daemon.end(syscall.SIGKILL)
		killed := time.Now()
		b.StartTimer()
		elected(b, []*member{next})
		took = append(took, time.Since(killed))
		b.StopTimer()
		start(one)
		b.StartTimer()
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2].Seconds(), "s-median")
	b.ReportMetric(took[len(took)-1].Seconds(), "s-longest")
	b.ReportMetric(leaseLength.Seconds(), "s-lease")
}
