package metricstest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	client "github.com/redis/go-redis/v9"
)

// Silent runs tests, which fail where the Redis client writes to its log: that is one for the whole process, stderr. It answers
// the exit code.
func Silent(m *testing.M) int {
	said := &lines{}
	client.SetLogger(said)
	code := m.Run()
	if said.first != "" {
		fmt.Printf("FAIL: the client library logged %d times, first: %s\n", said.count, said.first)
		code = 1
	}
	return code
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
