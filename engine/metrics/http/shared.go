package httpjson

import (
	"context"
	"sync"
	"time"
)

// sharedFor is how long a document, or the error there was, is good for others, from when it was asked for. Sources are
// asked once a second at most, and then all metrics at once.
const sharedFor = 500 * time.Millisecond

// shared is the last fetch, shared by those who ask meanwhile and shortly after. The zero value is ready.
type shared struct {
	mu   sync.Mutex
	last *fetch
}

// fetch is one request for the document. It ends early when nobody waits for it any more.
type fetch struct {
	begun    time.Time
	end      context.CancelFunc
	waiting  int           // those who do; under the mutex of shared
	done     chan struct{} // closed when what follows is set
	document any
	err      error
}

// get answers with the document, as do fetches it.
func (s *shared) get(ctx context.Context, do func(context.Context) (any, error)) (any, error) {
	f := s.join(ctx, do)
	defer s.leave(f)
	select {
	case <-f.done:
		return f.document, f.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// join takes part in the last fetch, where it is under way or young, or begins another.
func (s *shared) join(ctx context.Context, do func(context.Context) (any, error)) *fetch {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.last; f != nil && (!f.over() || time.Since(f.begun) < sharedFor) {
		f.waiting++
		return f
	}
	own, end := context.WithCancel(context.WithoutCancel(ctx)) // not the caller's: others wait for it, too
	f := &fetch{begun: time.Now(), end: end, waiting: 1, done: make(chan struct{})}
	s.last = f
	go func() {
		defer end()
		defer close(f.done)
		f.document, f.err = do(own)
	}()
	return f
}

// leave ends a fetch that nobody waits for.
func (s *shared) leave(f *fetch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.waiting--
	if f.waiting > 0 || f.over() {
		return
	}
	f.end()
	if s.last == f {
		s.last = nil // what it hears is of nobody's asking
	}
}

func (f *fetch) over() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}
