package compose

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

// reaching is a target for which one address of replicas leads to a server, and every other one nowhere.
func reaching(t *testing.T, address string, handler http.HandlerFunc) *Target {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &Target{docker: &docker.Engine{}, log: slog.New(slog.DiscardHandler), Dial: func(ctx context.Context, network, to string) (net.Conn, error) {
		if to != address {
			return nil, errors.New("dial " + to + ": no route to host")
		}
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}}
}

func onNetworks(addresses ...string) replica {
	detail := inspected(func(c *container.InspectResponse) {
		c.NetworkSettings.Networks = map[string]*network.EndpointSettings{}
		for i, address := range addresses {
			c.NetworkSettings.Networks[fmt.Sprint("net", i)] = &network.EndpointSettings{IPAddress: address}
		}
	})
	return replica{id: templateID, name: "shop-web-3", state: container.StateRunning, detail: &detail}
}

func TestDrainByHTTP(t *testing.T) {
	both := onNetworks("10.9.0.3", "172.18.0.3")
	long := strings.Repeat("x", hookBody) + "the end"
	cases := map[string]struct {
		replica  replica
		answer   http.HandlerFunc
		mentions []string // empty: it is free to go
	}{
		"2xx":                     {both, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, nil},
		"a body longer than read": {both, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, long) }, nil},
		"another status": {both, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "two jobs run", http.StatusConflict) },
			[]string{"shop-web-3 stays", "POST /drain?now=1 on port 8080", "409 Conflict", "two jobs run", "rollout.drain.http"}},
		"a redirect": {both, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) },
			[]string{"302 Found"}},
		"the end of a long answer alone": {both, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			io.WriteString(w, long)
		}, []string{"418", strings.Repeat("x", hookOutput)}},
		"a connection that is cut": {both, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			[]string{"got no answer"}},
		"no network in common": {onNetworks("10.9.0.3", "10.10.0.3"), nil,
			[]string{"could not be sent", "dial 10.9.0.3:8080: no route", "dial 10.10.0.3:8080: no route", "shares no network", "rollout.drain.exec"}},
		"no network of its own": {onNetworks(""), nil, []string{"no address of its own", "rollout.drain.exec"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			target := reaching(t, "172.18.0.3:8080", func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPost || r.URL.String() != "/drain?now=1" || r.Host != "172.18.0.3:8080" {
					t.Errorf("asked %s %s of %s", r.Method, r.URL, r.Host)
				}
				c.answer(w, r)
			})
			err := target.drain(t.Context(), c.replica, engine.Drain{
				HTTP: &engine.Call{Method: http.MethodPost, Port: 8080, Path: "/drain?now=1"}, Timeout: 10 * time.Second,
			})
			if (err == nil) != (len(c.mentions) == 0) {
				t.Fatalf("error %v", err)
			}
			for _, m := range c.mentions {
				if !strings.Contains(err.Error(), m) {
					t.Errorf("%q is not in: %v", m, err)
				}
			}
			if err != nil && strings.Contains(err.Error(), strings.Repeat("x", hookOutput+1)) {
				t.Errorf("more than %d bytes are told: %v", hookOutput, err)
			}
		})
	}
}

// An address behind an engine elsewhere may be an unrelated container's here, whose answer would free the replica.
func TestDrainByHTTPNeedsAnEngineOfThisMachine(t *testing.T) {
	for host, here := range map[string]bool{
		"unix:///var/run/docker.sock": true, "npipe:////./pipe/docker_engine": true, "tcp://localhost:2375": true, "tcp://127.0.0.2:2375": true,
		"tcp://[::1]:2375": true, "tcp://192.0.2.7:2376": false, "tcp://engine.example:2376": false, "tcp://localhost.example:2376": false, "ssh://root@192.0.2.7": false,
	} {
		if local(host) != here {
			t.Errorf("%s is of this machine: %t, want %t", host, !here, here)
		}
	}
	asked := make(chan struct{}, 1)
	dials := reaching(t, "10.9.0.3:80", func(http.ResponseWriter, *http.Request) { asked <- struct{}{} }).Dial
	hook := engine.Drain{HTTP: &engine.Call{Method: http.MethodPost, Port: 80, Path: "/"}, Timeout: 10 * time.Second}
	remote := on(t, "tcp://192.0.2.7:2376")
	err := remote.drain(t.Context(), onNetworks("10.9.0.3"), hook)
	if err == nil || !strings.Contains(err.Error(), "shop-web-3 stays") || !strings.Contains(err.Error(), "tcp://192.0.2.7:2376 may be on another machine") || !strings.Contains(err.Error(), "rollout.drain.exec") {
		t.Errorf("error %v, want one that says that the engine is elsewhere", err)
	}
	remote.Dial = dials
	if err := remote.drain(t.Context(), onNetworks("10.9.0.3"), hook); err != nil {
		t.Errorf("with a way to it: %v", err)
	}
	<-asked
}

func TestDrainEnds(t *testing.T) {
	asked := make(chan struct{}, 1)
	hung := make(chan struct{})
	target := reaching(t, "10.9.0.3:80", func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		waitFor(r, hung)
	})
	defer close(hung)
	hook := engine.Drain{HTTP: &engine.Call{Method: http.MethodPost, Port: 80, Path: "/"}, Timeout: 50 * time.Millisecond}
	err := target.drain(t.Context(), onNetworks("10.9.0.3"), hook)
	if err == nil || !strings.Contains(err.Error(), "shop-web-3 stays") || !strings.Contains(err.Error(), "had not ended after 50ms") {
		t.Errorf("error %v, want one that tells of the timeout", err)
	}
	<-asked

	ctx, stop := context.WithCancelCause(t.Context())
	hook.Timeout = time.Hour
	go func() { <-asked; stop(errors.New("told to stop")) }()
	if err := target.drain(ctx, onNetworks("10.9.0.3"), hook); err == nil || err.Error() != "drain shop-web-3: told to stop" {
		t.Errorf("error %v, want the cause of ctx", err)
	}
}

// An engine that hangs does not hear that a hook is given up.
func TestDrainByExecEndsThoughTheEngineHangs(t *testing.T) {
	for _, at := range []string{"/exec", "/start"} {
		t.Run("at "+at, func(t *testing.T) {
			hung := make(chan struct{})
			defer close(hung)
			target := answering(t, func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, at) {
					waitFor(r, hung)
					return
				}
				answer(w, http.StatusCreated, map[string]string{"Id": "e1"})
			})
			began := time.Now()
			err := target.drain(t.Context(), onNetworks(), engine.Drain{Exec: []string{"/drain"}, Timeout: 50 * time.Millisecond})
			if err == nil || !strings.Contains(err.Error(), `["/drain"] had not ended after 50ms`) {
				t.Errorf("error %v, want one that tells of the timeout", err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}
