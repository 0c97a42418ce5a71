package redis

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	client "github.com/redis/go-redis/v9"
)

// The client library has one log for the whole process, stderr. Nothing that these tests do may write to it.
func TestMain(m *testing.M) {
	if suite.Write() || writeUntilFenced() {
		return
	}
	said := &lines{}
	client.SetLogger(said)
	code := m.Run()
	if said.first != "" {
		fmt.Printf("FAIL: the client library logged %d times, first: %s\n", said.count, said.first)
		code = 1
	}
	os.Exit(code)
}

type lines struct {
	mu    sync.Mutex
	count int
	first string
}

func (l *lines) Printf(_ context.Context, format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	if l.first == "" {
		l.first = fmt.Sprintf(format, v...)
	}
}
