package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

// 38: the receiver is not well, then gone, and the daemon is killed in between. What it was to be told it is told once it is
// back, under the same id, and signed for the instant of that attempt.
func TestLiveFault38TheReceiverIsDownOverARestart(t *testing.T) {
	t.Parallel()
	port := metricstest.Port(t)
	ill := newInbox(t, port, http.StatusServiceUnavailable)
	key := bytes.Repeat([]byte("key!"), 8)
	s := simulated(t, calmPolicy+fmt.Sprintf(`config: notify: {
	allow: ["127.0.0.1"]
	receivers: ops: {url: "http://%s", secret: env: "HOOK_SECRET", kinds: ["started"]}
}
`, metricstest.Address(port)))
	s.env = append(s.env, "HOOK_SECRET=whsec_"+base64.StdEncoding.EncodeToString(key))
	d := s.run()
	s.cycles(1)
	s.flyball("scale", "web", "2", "--no-wait")
	s.until("it was tried", func() bool { return len(ill.all()) > 0 })
	first := ill.all()[0]
	if !first.genuine(key) || !strings.Contains(first.body, `"kind":"started"`) {
		t.Errorf("the first attempt is %+v", first)
	}
	ill.close()
	d.end(syscall.SIGKILL)

	s.run()
	s.until("it was tried while nobody listened", func() bool {
		waiting, err := s.waiting()
		return err == nil && len(waiting) == 1 && waiting[0].ID == first.id && strings.Contains(waiting[0].Error, "connection refused")
	})
	well := newInbox(t, port, http.StatusNoContent)
	s.until("it was taken", func() bool { return len(well.all()) > 0 })
	s.until("nothing waits", func() bool { waiting, err := s.waiting(); return err == nil && len(waiting) == 0 })
	taken := well.all()
	if len(taken) != 1 || taken[0].id != first.id || taken[0].body != first.body {
		t.Fatalf("taken was %+v, want what was tried first: %+v", taken, first)
	}
	if last := taken[0]; !last.genuine(key) || last.at == first.at || last.signature == first.signature {
		t.Errorf("the last attempt is signed for %s, the first for %s: %+v", last.at, first.at, last)
	}
	if slices.ContainsFunc(ill.all(), func(a attempt) bool { return a.id != first.id || !a.genuine(key) }) {
		t.Errorf("the attempts at first are %+v", ill.all())
	}
}

// waiting are the notifications that are to be delivered.
func (s *site) waiting() ([]api.Notice, error) {
	client, err := s.ask()
	if err != nil {
		return nil, err
	}
	found, err := client.Notifications(context.Background())
	return found.Waiting, err
}
