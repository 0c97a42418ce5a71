package metricstest

import (
	"bufio"
	"errors"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Redis starts a redis-server with the arguments, such as "--requirepass", "secret", and answers its address.
func Redis(tb testing.TB, arguments ...string) string {
	tb.Helper()
	port := Port(tb)
	RedisAt(tb, port, arguments...)
	return Address(port)
}

// RedisAt starts one at a port, where another may have been. It begins empty.
func RedisAt(tb testing.TB, port int, arguments ...string) *Server {
	tb.Helper()
	program := Program(tb, "redis-server", "redis-server")
	settings := []string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", tb.TempDir(), "--save", "", "--appendonly", "no"}
	return Run(tb, exec.Command(program, append(settings, arguments...)...), func() error { return pong(Address(port)) })
}

// pong says whether a Redis answers: also to say that it wants a password.
func pong(address string) error {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Second)) // or the next line fails
	if _, err := c.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err == nil && !strings.HasPrefix(line, "+PONG") && !strings.HasPrefix(line, "-NOAUTH") {
		err = errors.New(strings.TrimSpace(line))
	}
	return err
}
