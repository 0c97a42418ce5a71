package storetest

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// address is the variable that turns a test binary into the writer that killed kills.
const address = "FLYBALL_STORETEST_WRITE_TO"

// Write is called first by TestMain. In the process that the suite starts to kill, it writes until it is killed and
// answers true; elsewhere it does nothing.
func (s Suite) Write() bool {
	to := os.Getenv(address)
	if to == "" {
		return false
	}
	fmt.Fprintln(os.Stderr, s.write(to))
	return true
}

// write goes on where the ledger ends: event n is opened with the state that says n, then closed, then a sample n seconds
// after noon is flushed; a token is put, and a message posted, each with a number of its own. A line on stdout acknowledges
// each. It ends with an error only.
func (s Suite) write(to string) error {
	ctx := context.Background()
	ledger, err := s.Open(to)
	if err != nil {
		return err
	}
	p := policy("web", engine.Live)
	state, err := ledger.State(ctx, p)
	if err != nil {
		return err
	}
	tokens, err := ledger.Tokens(ctx)
	if err != nil {
		return err
	}
	put, posted := lastOf(tokens), int64(0)
	if posted, _, err = ledger.Posted(ctx); err != nil {
		return err
	}
	for n := state.Virtual + 1; ; n++ {
		event := opened(fmt.Sprintf("e%d", n), n)
		r := decided(n, engine.ScaleUp, "Raise")
		r.Decision.To = n
		if err := ledger.Record(ctx, r, engine.State{Virtual: n, Open: &event}); err != nil {
			return err
		}
		fmt.Println("opened", n)
		if err := ledger.Close(ctx, ended(event, time.Second), p, engine.State{Virtual: n}); err != nil {
			return err
		}
		fmt.Println("closed", n)
		ledger.Keep([]engine.Series{cpu(float64(n))})
		if err := ledger.Flush(ctx, event.Started); err != nil {
			return err
		}
		fmt.Println("flushed", n)
		put++
		entry := access("put")
		entry.Event = numbered(put).ID
		if err := ledger.PutToken(ctx, numbered(put), entry); err != nil {
			return err
		}
		fmt.Println("put", put)
		posted++
		if err := ledger.Post(ctx, posted, message(fmt.Sprint("m", posted), 0)); err != nil {
			return err
		}
		fmt.Println("posted", posted)
	}
}

// numbered is a token that expires when some further ones are made.
func numbered(n int) store.Token { return token(fmt.Sprint(n), n, keptTokens*time.Second) }

const keptTokens = 20

// lastOf is the number of the newest of them.
func lastOf(tokens []store.Token) (n int) {
	if len(tokens) > 0 {
		fmt.Sscan(tokens[len(tokens)-1].ID, &n)
	}
	return n
}

func (s Suite) killed(t *testing.T) {
	kills := 10
	if os.Getenv("FLYBALL_SOAK") != "" {
		kills = 500
	}
	to := s.Address(t)
	dice := rand.New(rand.NewPCG(1, 2))
	var samples []int // that were acknowledged
	for range kills {
		acknowledged := kill(t, to, 1+dice.IntN(60))
		opened, closed := newest(acknowledged["opened"]), newest(acknowledged["closed"])
		ledger := s.open(t, to)
		ctx := t.Context()
		state := must(ledger.State(ctx, policy("web", engine.Live)))(t)
		events := must(ledger.History(ctx, "", 0))(t)
		open := must(ledger.OpenEvents(ctx))(t)
		rows := must(ledger.Decisions(ctx, "web", 0))(t)
		if state.Virtual < opened || len(events) < opened || len(events)-len(open) < closed {
			t.Fatalf("acknowledged %d opened and %d closed; on record are state %d, %d events, %d of them open",
				opened, closed, state.Virtual, len(events), len(open))
		}
		if state.Virtual != len(events) || len(rows) != len(events) || rows[0].Record.Decision.To != state.Virtual {
			t.Fatalf("half a write: state %d, %d events, %d decisions", state.Virtual, len(events), len(rows))
		}
		auditedAll(t, ledger, events, putAll(t, ledger, newest(acknowledged["put"])))
		postedAll(t, ledger, newest(acknowledged["posted"]))
		samples = append(samples, acknowledged["flushed"]...)
		flushedAll(t, ledger, samples)
		switch {
		case len(open) > 1, (len(open) == 1) != (state.Open != nil), len(open) == 1 && open[0].Event.ID != state.Open.ID:
			t.Fatalf("open are %+v, and the state says %+v", open, state.Open)
		case len(open) == 1: // what the daemon does after a crash
			event := ended(open[0].Event, time.Minute)
			event.Result = engine.Interrupted
			check(t, ledger.Close(ctx, event, policy("web", engine.Live), engine.State{Virtual: state.Virtual}))
		}
		check(t, ledger.Shutdown())
	}
}

// putAll wants each token, up to the last one that was acknowledged at least, but for those that have expired.
func putAll(t *testing.T, ledger store.Store, acknowledged int) (last int) {
	t.Helper()
	tokens := must(ledger.Tokens(t.Context()))(t)
	last = lastOf(tokens)
	if last < acknowledged || len(tokens) != min(last, keptTokens) {
		t.Fatalf("acknowledged are tokens up to %d; on record are %d, the last of them %d", acknowledged, len(tokens), last)
	}
	for i, one := range tokens {
		same(t, "token", one, numbered(last-len(tokens)+1+i))
	}
	return last
}

// postedAll wants each message of what is said to be told, which is all that was acknowledged at least, and no other.
func postedAll(t *testing.T, ledger store.Store, acknowledged int) {
	t.Helper()
	upTo, _, err := ledger.Posted(t.Context())
	check(t, err)
	messages := must(ledger.Due(t.Context(), start, 0))(t)
	if int(upTo) < acknowledged || len(messages) != int(upTo) {
		t.Fatalf("acknowledged are messages up to %d; on record is that they were made up to %d, and there are %d", acknowledged, upTo, len(messages))
	}
	for i, m := range messages {
		same(t, "message", m, message(fmt.Sprint("m", i+1), 0))
	}
}

// auditedAll wants one entry for the beginning of each event, one for its end where it has one, one for each token, and no other.
func auditedAll(t *testing.T, ledger store.Store, events []engine.Event, tokens int) {
	t.Helper()
	missing := map[string]int{}
	for n := range tokens {
		missing[string(store.OfAccess)+numbered(n+1).ID]++
	}
	for _, e := range events {
		missing[string(store.OfDecision)+e.ID]++
		if e.Result != "" {
			missing[string(store.OfEvent)+e.ID]++
		}
	}
	for i, e := range must(ledger.Audited(t.Context(), store.Filter{}))(t) {
		if e.Number != int64(i+1) {
			t.Fatalf("the audit log has a gap: entry %d has number %d", i+1, e.Number)
		}
		if missing[string(e.Kind)+e.Event]--; missing[string(e.Kind)+e.Event] < 0 {
			t.Fatalf("no event says what this entry does: %+v", e)
		}
	}
	for what, n := range missing {
		if n > 0 {
			t.Fatalf("the audit log has no entry of %s", what)
		}
	}
}

// flushedAll wants each sample that was acknowledged.
func flushedAll(t *testing.T, ledger store.Store, acknowledged []int) {
	t.Helper()
	found := map[time.Time]float64{}
	for _, series := range must(ledger.Samples(t.Context(), web(0, 1e9)))(t) {
		for _, p := range series.Points {
			found[p.At] = p.Value
		}
	}
	for _, n := range acknowledged {
		if v, there := found[after(float64(n))]; !there || v != float64(n) {
			t.Fatalf("of %d samples that were flushed %d is gone, or is %v", len(acknowledged), n, v)
		}
	}
	var count int
	for _, rollups := range must(ledger.Rollups(t.Context(), web(-1, 1e9)))(t) {
		for _, r := range rollups.Rollups {
			count += r.Count
		}
	}
	if count != len(found) {
		t.Fatalf("rollups count %d samples, and there are %d", count, len(found))
	}
}

// kill runs a writer until it has acknowledged so many writes, kills it in the middle of the next, and answers what it
// acknowledged, by kind.
func kill(t *testing.T, to string, lines int) map[string][]int {
	t.Helper()
	binary, err := os.Executable()
	check(t, err)
	writer := exec.Command(binary)
	writer.Env = append(os.Environ(), address+"="+to)
	writer.Stderr = os.Stderr
	out, err := writer.StdoutPipe()
	check(t, err)
	check(t, writer.Start())
	acknowledged, count := map[string][]int{}, 0
	for scan := bufio.NewScanner(out); scan.Scan(); count++ {
		var what string
		var n int
		if _, err := fmt.Sscan(scan.Text(), &what, &n); err != nil {
			t.Fatalf("writer said %q", scan.Text())
		}
		acknowledged[what] = append(acknowledged[what], n)
		if count == lines {
			check(t, writer.Process.Kill()) // SIGKILL; what it still says before it dies counts too
		}
	}
	if err := writer.Wait(); err == nil || count < lines {
		t.Fatalf("writer ended by itself after %d writes: %v", count, err)
	}
	return acknowledged
}

// newest is the last number acknowledged, or 0.
func newest(numbers []int) int {
	if len(numbers) == 0 {
		return 0
	}
	return numbers[len(numbers)-1]
}
