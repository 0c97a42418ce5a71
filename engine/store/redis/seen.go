package redis

import (
	"errors"
	"strconv"
)

// seen is the most that a store has seen of the core, which never goes back: where it is less now, writes were lost.
type seen struct {
	generation string
	leads      int64 // the epoch that this store leads with; 0: it does not
	epoch      int64
	seq        int64
	turns      int64
}

var errLost = errors.New("writes to Redis were lost: nothing more is written until the daemon that leads next has begun anew")

// marks are the fields of the core that tell what became of it.
var marks = []string{"generation", "epoch", "seq", "turns", "rebuilt_epoch", "epoch_seq"}

// lacks says that a core is not what was seen before: it is gone or older, or another leads on one that was, and nobody has
// begun anew since.
func (s seen) lacks(mark []any) bool {
	began := number(mark[4]) > s.epoch
	epoch, seq, beganAt := number(mark[1]), number(mark[2]), number(mark[5])
	return number(mark[3]) < s.turns || !began && (epoch < s.epoch || seq < s.seq || epoch > s.epoch && beganAt < s.seq)
}

func (s *Store) saw() seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// see takes in the marks of a core that lacked nothing. Answers come in any order.
func (s *Store) see(mark []any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	began := number(mark[4]) > s.seen.epoch
	if number(mark[1]) < s.seen.epoch {
		return
	}
	if began {
		s.seen.seq = 0
	}
	s.seen.generation = text(mark[0])
	s.seen.epoch = number(mark[1])
	s.seen.seq = max(s.seen.seq, number(mark[2]))
	s.seen.turns = max(s.seen.turns, number(mark[3]))
}

// text is a field of a hash as Redis answers it: nil where there is none.
func text(field any) string {
	t, _ := field.(string)
	return t
}

func number(field any) int64 {
	n, _ := strconv.ParseInt(text(field), 10, 64)
	return n
}
