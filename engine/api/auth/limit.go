package auth

import (
	"sync"
	"time"
)

// limit lets each key do something so often: burst times at once, and then once each every. It remembers most keys, however
// many there are: of those that it meets it forgets first who has most left, so that to flood it with others frees nobody.
type limit[K comparable] struct {
	burst int
	every time.Duration
	most  int

	mu   sync.Mutex
	used map[K]usage
}

// usage is how long from since on it takes until a key has all of its burst again.
type usage struct {
	since time.Time
	debt  time.Duration
}

func (u usage) at(now time.Time) time.Duration { return max(0, u.debt-max(0, now.Sub(u.since))) }

// few is how many keys are looked at for one to be forgotten.
const few = 32

// take counts one time, and is 0; or it counts nothing, and is how long to wait.
func (l *limit[K]) take(key K, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	debt := l.used[key].at(now)
	if wait := debt + l.every - time.Duration(l.burst)*l.every; wait > 0 {
		return wait
	}
	l.keep(key, usage{now, debt + l.every})
	return 0
}

// giveBack undoes one time.
func (l *limit[K]) giveBack(key K, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if u, known := l.used[key]; known {
		l.keep(key, usage{now, u.at(now) - l.every})
	}
}

// keep remembers a usage, and makes room for it.
func (l *limit[K]) keep(key K, u usage) {
	if u.debt <= 0 {
		delete(l.used, key)
		return
	}
	if l.used == nil {
		l.used = map[K]usage{}
	}
	if _, known := l.used[key]; !known && len(l.used) >= l.most {
		l.forgetOne(u.since)
	}
	l.used[key] = u
}

func (l *limit[K]) forgetOne(now time.Time) {
	var freest K
	least := time.Duration(-1)
	looked := 0
	for key, u := range l.used { // from anywhere on
		if debt := u.at(now); debt == 0 {
			delete(l.used, key)
			least = 0
		} else if least < 0 || debt < least {
			freest, least = key, debt
		}
		if looked++; looked == few {
			break
		}
	}
	if least > 0 {
		delete(l.used, freest)
	}
}
