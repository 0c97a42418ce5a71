package compose

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

const (
	hookOutput    = 1 << 10         // of what a hook says, this much of the end is told
	hookBody      = 4 << 10         // read of an answer at most
	reachDeadline = 2 * time.Second // for one of a replica's addresses: packets to a network apart are dropped in silence
)

// drain tells a replica that it is about to be stopped, and waits until it is free to go. An error says why it is not. A
// command that was given up goes on in the replica: the engine can't end it.
func (t *Target) drain(ctx context.Context, r replica, d engine.Drain) error {
	within, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	var hook, said string
	var err error
	switch {
	case len(d.Exec) > 0:
		hook = fmt.Sprintf("%q", d.Exec)
		said, err = t.runIn(within, r.id, d.Exec)
	case d.HTTP != nil && d.HTTP.Service != "":
		hook = fmt.Sprintf("%s %s on port %d of %s", d.HTTP.Method, d.HTTP.Path, d.HTTP.Port, d.HTTP.Service)
		said, err = t.tell(within, r, *d.HTTP)
	case d.HTTP != nil:
		hook = fmt.Sprintf("%s %s on port %d", d.HTTP.Method, d.HTTP.Path, d.HTTP.Port)
		said, err = t.call(within, r, *d.HTTP)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("drain %s: %w", r.name, context.Cause(ctx))
	case within.Err() != nil:
		err = fmt.Errorf("had not ended after %s; make it quicker, or raise rollout.drain.timeout", d.Timeout)
	}
	if said = docker.Last(strings.TrimSpace(said), hookOutput); said != "" {
		said = "; it said: " + said
	}
	return fmt.Errorf("%s stays: its drain hook %s %w%s", r.name, hook, err, said)
}

// runIn runs a command in a container and answers the end of what it printed.
func (t *Target) runIn(ctx context.Context, id string, command []string) (string, error) {
	type end struct {
		said string
		err  error
	}
	ended := make(chan end, 1)
	go func() { // an engine that hangs does not hear that ctx has ended
		said, err := t.exec(ctx, id, command)
		ended <- end{said, err}
	}()
	select {
	case e := <-ended:
		return e.said, e.err
	case <-ctx.Done():
	}
	select {
	case e := <-ended: // with what it printed until then
		return e.said, e.err
	case <-time.After(pollEach):
		return "", ctx.Err()
	}
}

func (t *Target) exec(ctx context.Context, id string, command []string) (string, error) {
	made, err := t.docker.ContainerExecCreate(ctx, id, container.ExecOptions{Cmd: command, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return "", t.docker.Explain(docker.CreateExec, "could not be run", err)
	}
	// The client would have the connection upgraded, which not every proxy does.
	started, err := t.docker.Send(ctx, http.MethodPost, "/exec/"+made.ID+"/start", []byte(`{"Detach":false,"Tty":false}`))
	if err == nil {
		defer started.Body.Close()
		err = docker.Refusal(started)
	}
	if err != nil {
		return "", t.docker.Explain(docker.StartExec, "could not be run", err)
	}
	var said docker.Ending
	if _, err := stdcopy.StdCopy(&said, &said, started.Body); err != nil {
		return said.String(), fmt.Errorf("was lost from sight: %w", err)
	}
	for { // the output may end before the command does
		c, err := t.docker.ContainerExecInspect(ctx, made.ID)
		switch {
		case err != nil:
			return said.String(), t.docker.Explain(docker.InspectExec, "was lost from sight", err)
		case !c.Running && c.ExitCode == 0:
			return said.String(), nil
		case !c.Running:
			return said.String(), fmt.Errorf("ended with exit code %d, and 0 alone says that it is free to go; mend what the hook found, or rollout.drain.exec of the policy", c.ExitCode)
		}
		select {
		case <-ctx.Done():
			return said.String(), ctx.Err()
		case <-time.After(pollEach):
		}
	}
}

// call sends a request to a replica and answers the beginning of what it answered.
func (t *Target) call(ctx context.Context, r replica, c engine.Call) (string, error) {
	if err := t.docker.Ask(ctx); err != nil {
		return "", err
	}
	conn, address, err := t.reach(ctx, r, c.Port)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	to := http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext:       func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	request, err := http.NewRequestWithContext(ctx, c.Method, "http://"+address+c.Path, nil)
	if err != nil {
		return "", fmt.Errorf("can't be sent: %w; correct rollout.drain.http of the policy", err)
	}
	answer, err := to.Do(request)
	if err != nil {
		return "", fmt.Errorf("got no answer: %w", err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, hookBody))
	switch {
	case err != nil:
		return string(body), fmt.Errorf("got an answer that was cut off: %w", err)
	case answer.StatusCode < 200 || answer.StatusCode > 299:
		return string(body), fmt.Errorf("was answered %s, and 2xx alone says that it is free to go; mend what the hook found, or rollout.drain.http of the policy", answer.Status)
	}
	return string(body), nil
}

// reach connects to a port of a replica, at the first of its addresses that can be reached from here.
func (t *Target) reach(ctx context.Context, r replica, port int) (conn net.Conn, address string, err error) {
	dial := t.Dial
	if dial == nil {
		if host := t.docker.DaemonHost(); !local(host) {
			return nil, "", fmt.Errorf("is not sent: the Docker engine at %s may be on another machine, and the replica's address may be somebody else's on this one; use rollout.drain.exec in the place of http", host)
		}
		dial = new(net.Dialer).DialContext
	}
	var tried []string
	for _, ip := range addresses(r) {
		within, cancel := context.WithTimeout(ctx, reachDeadline)
		address = net.JoinHostPort(ip, strconv.Itoa(port))
		conn, err = dial(within, "tcp", address)
		cancel()
		if err == nil {
			return conn, address, nil
		}
		tried = append(tried, err.Error())
	}
	if len(tried) == 0 {
		return nil, "", errors.New("could not be sent: the replica has no address of its own; use rollout.drain.exec in the place of http")
	}
	return nil, "", fmt.Errorf("could not be sent: %s; where flyball shares no network with the replica, use rollout.drain.exec in the place of http", strings.Join(tried, "; "))
}

// local says whether an engine's host is a socket of this machine.
func local(host string) bool {
	at, err := url.Parse(host)
	if err != nil {
		return false
	}
	name := at.Hostname()
	return at.Scheme == "unix" || at.Scheme == "npipe" || name == "localhost" || net.ParseIP(name).IsLoopback()
}

// addresses are those of a replica on its networks, in the order of the networks' names.
func addresses(r replica) []string {
	if r.detail == nil || r.detail.NetworkSettings == nil {
		return nil
	}
	var all []string
	networks := r.detail.NetworkSettings.Networks
	for _, name := range slices.Sorted(maps.Keys(networks)) {
		for _, ip := range []string{networks[name].IPAddress, networks[name].GlobalIPv6Address} {
			if ip != "" {
				all = append(all, ip)
			}
		}
	}
	return all
}
