package redis

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	client "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/flyball-dev/flyball/engine/wire"
)

const (
	dialDeadline = 1500 * time.Millisecond // of one attempt to connect, with what a connection begins with
	connections  = 20
)

// connect makes a client. It does not connect yet. What is tried again, and how long it may take, says call.
func connect(a address, o Options) client.UniversalClient {
	d := &dialer{address: a, opening: opening(a, o)}
	off := &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	if a.kind == cluster {
		return client.NewClusterClient(&client.ClusterOptions{
			Addrs: a.hosts, Dialer: d.dial, PoolSize: connections, MaxRedirects: 3,
			ContextTimeoutEnabled: true, DialTimeout: 2 * dialDeadline, ReadTimeout: -1,
			Protocol: 2, DisableIdentity: true, MaintNotificationsConfig: off,
		})
	}
	return client.NewClient(&client.Options{
		Addr: a.hosts[0], Dialer: d.dial, PoolSize: connections, MaxRetries: -1,
		ContextTimeoutEnabled: true, DialTimeout: 2 * dialDeadline, ReadTimeout: -1,

		// Protocol 3 and what it brings, notices of the server's, are of no use here, and write to stderr.
		Protocol: 2, DisableIdentity: true, MaintNotificationsConfig: off,
	})
}

// opening is what a connection begins with: who we are, and which database it is of.
func opening(a address, o Options) [][]string {
	var all [][]string
	switch {
	case o.Username != "":
		all = append(all, []string{"AUTH", o.Username, o.Password})
	case o.Password != "":
		all = append(all, []string{"AUTH", o.Password})
	}
	if a.database > 0 {
		all = append(all, []string{"SELECT", strconv.Itoa(a.database)})
	}
	return append(all, []string{"CLIENT", "SETNAME", "flyball"})
}

// dialer connects. It asks the Sentinels itself where the master is, each time: the client library does so too, and writes
// all that it hears to stderr. A master that has become a replica says so to the first write, and the library drops the
// connection.
type dialer struct {
	address address
	opening [][]string // the commands that a connection begins with
}

// dial never fails: see wire.Unreached.
func (d *dialer) dial(ctx context.Context, _, to string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialDeadline)
	defer cancel()
	c, err := d.begin(ctx, to)
	if err != nil {
		return wire.Unreached(err), nil
	}
	return wire.Checked(closing{c}, c), nil
}

// begin makes a connection, and does what it begins with.
func (d *dialer) begin(ctx context.Context, to string) (net.Conn, error) {
	var err error
	if d.address.kind == sentinel {
		if to, err = d.master(ctx); err != nil {
			return nil, err
		}
	}
	c, err := d.open(ctx, to)
	if err != nil {
		return nil, err
	}
	for _, words := range d.opening {
		if _, err := ask(c, words...); err != nil {
			c.Close()
			return nil, err
		}
	}
	if err := c.SetDeadline(time.Time{}); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// open connects, with TLS where that is wanted. Until somebody says otherwise the connection ends with ctx.
func (d *dialer) open(ctx context.Context, to string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", to)
	if err != nil {
		return nil, err
	}
	end, _ := ctx.Deadline()
	if err := c.SetDeadline(end); err != nil {
		c.Close()
		return nil, err
	}
	if d.address.tls == nil {
		return c, nil
	}
	settings := d.address.tls.Clone()
	settings.ServerName, _, _ = net.SplitHostPort(to)
	secure := tls.Client(c, settings)
	if err := secure.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, fmt.Errorf("TLS handshake: %v", err) // the library says only what is inside of an error of the network
	}
	return secure, nil
}

// refused is what a server says to how a connection begins.
type refused string

func (r refused) Error() string { return string(r) }

// ask sends a command, and reads an answer that is a text, or a list of them.
func ask(c net.Conn, words ...string) ([]string, error) {
	if _, err := io.WriteString(c, wire.Command(words...)); err != nil {
		return nil, err
	}
	return answer(bufio.NewReader(c))
}

func answer(r *bufio.Reader) ([]string, error) {
	kind, text, err := readLine(r)
	if err != nil {
		return nil, err
	}
	n, _ := strconv.Atoi(text)
	if kind != '*' {
		one, err := value(r, kind, text)
		return []string{one}, err
	}
	if n > mostWords {
		return nil, errForeign
	}
	var all []string
	for range max(n, 0) { // -1 is no list
		kind, text, err := readLine(r)
		if err != nil {
			return nil, err
		}
		one, err := value(r, kind, text)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

const (
	mostWords   = 4
	longestWord = 1024
	errForeign  = refused("it does not speak as Redis does")
)

func readLine(r *bufio.Reader) (kind byte, text string, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, "", err
	}
	return line[0], strings.TrimSpace(string(line[1:])), nil
}

// value is what begins with a line that is not that of a list.
func value(r *bufio.Reader, kind byte, line string) (string, error) {
	size, err := strconv.Atoi(line)
	switch {
	case kind == '+':
		return line, nil
	case kind == '-':
		return "", refused(line)
	case kind != '$' || err != nil || size < 0 || size > longestWord:
		return "", errForeign
	}
	word := make([]byte, size+2)
	_, err = io.ReadFull(r, word)
	return string(word[:size]), err
}

// closing is a connection that closes itself once it fails: go-redis 9.22 forgets each connection whose beginning fails
// without closing it.
type closing struct{ net.Conn }

func (c closing) Read(b []byte) (int, error) { return c.after(c.Conn.Read(b)) }

func (c closing) Write(b []byte) (int, error) { return c.after(c.Conn.Write(b)) }

func (c closing) after(n int, err error) (int, error) {
	if err != nil {
		c.Close()
	}
	return n, err
}
