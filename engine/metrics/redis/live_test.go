package redis

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
	"github.com/flyball-dev/flyball/engine/metrics/poll"
)

var _ poll.Asker = (*Source)(nil)

func TestLiveQueries(t *testing.T) {
	address := metricstest.Redis(t)
	run(t, address,
		"RPUSH list a b c", "SADD set a b", "ZADD sorted 1 a", "SET text 12.5", "SET word abc", "SET negative -1e308",
		"SETRANGE huge 1000000 x", "HSET hash n 7 word abc", "SET '' 3",
		"XADD orders 1-1 n 1", "XADD orders 2-1 n 1", "XADD orders 3-1 n 1", "XGROUP CREATE orders billing 0",
		"XREADGROUP GROUP billing one COUNT 2 STREAMS orders >", "XACK orders billing 1-1",
		"XGROUP CREATE orders idle 0", "XGROUP CREATE empty some 0 MKSTREAM", "XADD alone 1-1 n 1",
		"XADD ahead 1-1 n 1", "XGROUP CREATE ahead some 0 ENTRIESREAD 1000", "XGROUP CREATE ahead mended 0 ENTRIESREAD 1000",
		"XGROUP SETID ahead mended 0-0",
		"XADD holes 1-1 n 1", "XADD holes 2-1 n 1", "XADD holes 3-1 n 1", "XGROUP CREATE holes some 1-1", "XDEL holes 2-1",
	)
	s := source(t, Options{URL: "redis://" + address})
	for query, want := range map[string]float64{
		"LLEN list":               3,
		"llen nothing":            0,
		"SCARD set":               2,
		"SCARD nothing":           0,
		"ZCARD sorted":            1,
		"ZCARD nothing":           0,
		"XLEN orders":             3,
		"XLEN empty":              0,
		"XLAG orders billing":     1,
		"XLAG orders idle":        3,
		"XLAG empty some":         0,
		"XLAG ahead mended":       1,
		"XPENDING orders billing": 1,
		"XPENDING orders idle":    0,
		"GET ''":                  3,
		"GET text":                12.5,
		"GET negative":            -1e308,
		"HGET hash n":             7,
	} {
		if got, err := s.Ask(t.Context(), query); err != nil || got != want {
			t.Errorf("%s = %v, %v; want %v", query, got, err, want)
		}
	}
	for query, says := range map[string]string{
		"LLEN set":                  "what is at the key is of another type",
		"SCARD list":                "another type",
		"ZCARD list":                "another type",
		"XLEN list":                 "another type",
		"GET list":                  "another type",
		"HGET list n":               "another type",
		"XLAG list g":               "another type",
		"XLEN nothing":              "there is no such stream",
		"XLAG nothing g":            "there is no such stream",
		"XPENDING nothing g":        "there is no such stream",
		"XLAG orders nobody":        `no such group; it has "billing", "idle"`,
		"XPENDING alone nobody":     "has no groups",
		"XLAG holes some":           "can't tell the lag",
		"XLAG ahead some":           "counts a lag of -999",
		"GET nothing":               "there is no such key",
		"GET word":                  `the text "abc"; allowed: a finite number`,
		"GET huge":                  "a text of more than 512 bytes",
		"HGET hash nothing":         "no such key or field",
		"HGET nothing n":            "no such key or field",
		"HGET hash word":            `the text "abc"`,
		"FLUSHALL":                  `"FLUSHALL" is not allowed`,
		"LLEN list\r\nFLUSHALL now": "arguments",
	} {
		_, err := s.Ask(t.Context(), query)
		isError(t, err, false, says)
	}
	if got, err := s.Ask(t.Context(), "LLEN list"); err != nil || got != 3 {
		t.Errorf("after all the errors LLEN list = %v, %v", got, err)
	}
}

// A stream's group is followed while it works: entries move from lag to pending to nowhere.
func TestLiveGroup(t *testing.T) {
	address := metricstest.Redis(t)
	s := source(t, Options{URL: "redis://" + address})
	run(t, address, "XGROUP CREATE jobs workers $ MKSTREAM")
	for _, step := range []struct {
		command      string
		lag, pending float64
	}{
		{"XADD jobs 1-1 n 1", 1, 0},
		{"XADD jobs 2-1 n 1", 2, 0},
		{"XREADGROUP GROUP workers a COUNT 1 STREAMS jobs >", 1, 1},
		{"XREADGROUP GROUP workers b COUNT 9 STREAMS jobs >", 0, 2},
		{"XACK jobs workers 1-1 2-1", 0, 0},
	} {
		run(t, address, step.command)
		lag, err := s.Ask(t.Context(), "XLAG jobs workers")
		pending, err2 := s.Ask(t.Context(), "XPENDING jobs workers")
		if lag != step.lag || pending != step.pending || err != nil || err2 != nil {
			t.Errorf("after %s: lag %v (%v), pending %v (%v); want %v and %v", step.command, lag, err, pending, err2, step.lag, step.pending)
		}
	}
}

func TestLivePassword(t *testing.T) {
	const right = "right-" + canary
	address := metricstest.Redis(t, "--requirepass", right, "--user", "reader", "on", ">"+right, "~jobs", "+@read", "+@connection")
	for name, c := range map[string]struct {
		o    Options
		says string
	}{
		"none":          {Options{}, "NOAUTH"},
		"wrong":         {Options{Password: "wrong-" + canary}, "WRONGPASS"},
		"nobody's":      {Options{Username: "nobody", Password: canary}, "WRONGPASS"},
		"a spare right": {Options{Username: "reader", Password: canary}, "WRONGPASS"},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.URL = "redis://" + address
			_, err := source(t, c.o).Ask(t.Context(), "LLEN jobs")
			isError(t, err, true, c.says)
		})
	}
	for _, user := range []string{"", "reader"} {
		s := source(t, Options{URL: "redis://" + address, Username: user, Password: right})
		if got, err := s.Ask(t.Context(), "LLEN jobs"); err != nil || got != 0 {
			t.Errorf("user %q: LLEN jobs = %v, %v", user, got, err)
		}
	}
	s := source(t, Options{URL: "redis://" + address, Username: "reader", Password: right})
	_, err := s.Ask(t.Context(), "LLEN others")
	isError(t, err, false, "NOPERM")
}

func TestLiveDatabase(t *testing.T) {
	address := metricstest.Redis(t)
	run(t, address, "RPUSH list a", "SELECT 3", "RPUSH list a b")
	for url, want := range map[string]float64{"redis://" + address: 1, "redis://" + address + "/3": 2, "redis://" + address + "/4": 0} {
		if got, err := source(t, Options{URL: url}).Ask(t.Context(), "LLEN list"); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", url, got, err, want)
		}
	}
	_, err := source(t, Options{URL: "redis://" + address + "/99"}).Ask(t.Context(), "LLEN list")
	isError(t, err, true, "DB index is out of range")
}

// A Redis that dies and comes back is down meanwhile, and heals the first time it is asked.
func TestLiveHeals(t *testing.T) {
	port := metricstest.Port(t)
	server := metricstest.RedisAt(t, port)
	address := metricstest.Address(port)
	s := source(t, Options{URL: "redis://" + address})
	for range 2 {
		run(t, address, "RPUSH list a")
		if got, err := s.Ask(t.Context(), "LLEN list"); err != nil || got != 1 {
			t.Fatalf("LLEN list = %v, %v; want 1", got, err)
		}
		server.Kill()
		for range 5 {
			_, err := s.Ask(t.Context(), "LLEN list")
			isError(t, err, true, "")
		}
		server = metricstest.RedisAt(t, port)
	}
	if got, err := s.Ask(t.Context(), "LLEN list"); err != nil || got != 0 {
		t.Errorf("of one that begins anew: LLEN list = %v, %v; want 0", got, err)
	}
}

// A Redis that hangs holds nobody longer than asked, and answers again when it can.
func TestLiveHangs(t *testing.T) {
	address := metricstest.Redis(t)
	info := run(t, address, "INFO server").(string)
	_, pid, _ := strings.Cut(info, "process_id:")
	pid, _, _ = strings.Cut(pid, "\r")
	signal := func(name string) {
		t.Helper()
		if out, err := exec.Command("kill", "-"+name, pid).CombinedOutput(); err != nil {
			t.Fatalf("kill -%s %s: %v, %s", name, pid, err, out)
		}
	}
	s := source(t, Options{URL: "redis://" + address})
	if _, err := s.Ask(t.Context(), "LLEN list"); err != nil {
		t.Fatal(err)
	}
	signal("STOP")
	for range 3 { // more than there are connections
		ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, errors.New("no answer within 100ms"))
		_, err := s.Ask(ctx, "LLEN list")
		isError(t, err, true, "no answer within 100ms")
		cancel()
	}
	signal("CONT")
	if got, err := s.Ask(t.Context(), "LLEN list"); err != nil || got != 0 {
		t.Errorf("once it goes on LLEN list = %v, %v; want 0", got, err)
	}
}

// A Redis that answers nobody for a while is not left with a connection for each time that it was asked.
func TestLivePauses(t *testing.T) {
	address := metricstest.Redis(t)
	s := source(t, Options{URL: "redis://" + address})
	run(t, address, "CLIENT PAUSE 5000")
	for range 30 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err := s.Ask(ctx, "LLEN list")
		isError(t, err, true, "")
		cancel()
	}
	few := func(most int) {
		t.Helper()
		metricstest.Until(t, func() error { // the server sees an end when it comes to it
			clients := run(t, address, "CLIENT LIST").(string)
			if n := strings.Count(clients, "\n") - 1; n > most { // but for the one that asks
				return fmt.Errorf("%d connections; want %d at most:\n%s", n, most, clients)
			}
			return nil
		})
	}
	few(connections)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	few(0)
}

// However many ask at once, there are few connections, and they say whose they are.
func TestLiveConnections(t *testing.T) {
	address := metricstest.Redis(t)
	s := source(t, Options{URL: "redis://" + address})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := s.Ask(t.Context(), "LLEN list"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	clients := run(t, address, "CLIENT LIST").(string)
	if n := strings.Count(clients, " name=flyball "); n < 1 || n > connections {
		t.Errorf("%d connections named flyball; want 1 to %d:\n%s", n, connections, clients)
	}
}

func TestLiveTooManyClients(t *testing.T) {
	address := metricstest.Redis(t, "--maxclients", "1")
	other := client.NewClient(&client.Options{Addr: address, PoolSize: 1})
	defer other.Close()
	metricstest.Until(t, func() error { return other.Ping(t.Context()).Err() }) // the server's end of the test's own look at it may still be open
	_, err := source(t, Options{URL: "redis://" + address}).Ask(t.Context(), "LLEN list")
	isError(t, err, true, "")
}

// run runs commands over one connection, and answers what the last says.
func run(tb testing.TB, address string, commands ...string) any {
	tb.Helper()
	c := client.NewClient(&client.Options{Addr: address, PoolSize: 1, ReadTimeout: -1})
	defer c.Close()
	var last any
	for _, command := range commands {
		words, err := split(command)
		if err != nil {
			tb.Fatal(err)
		}
		args := make([]any, len(words))
		for i, w := range words {
			args[i] = w
		}
		if last, err = c.Do(context.WithoutCancel(tb.Context()), args...).Result(); err != nil {
			tb.Errorf("%s: %v", command, err)
		}
	}
	return last
}

func BenchmarkLiveAsk(b *testing.B) {
	address := metricstest.Redis(b)
	run(b, address, "RPUSH list a b c", "SET text 12.5", "XADD jobs 1-1 n 1", "XGROUP CREATE jobs workers 0")
	bare := client.NewClient(&client.Options{Addr: address})
	defer bare.Close()
	b.Run("bare LLEN", func(b *testing.B) {
		for b.Loop() {
			if bare.LLen(b.Context(), "list").Val() != 3 {
				b.Fatal("no answer")
			}
		}
	})
	s := source(b, Options{URL: "redis://" + address})
	for _, query := range []string{"LLEN list", "GET text", "XLAG jobs workers"} {
		b.Run(query, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Ask(b.Context(), query); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
