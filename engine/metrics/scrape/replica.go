package scrape

import (
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
)

const (
	mostSeries = 2000             // of a replica
	mostGone   = 20_000           // series of a service's replicas that are gone; each has up to 2 KB of points
	slack      = 30 * time.Second // series are kept this much longer than queries look back
)

// replica is what is remembered of a replica: its series, for as long as queries look back.
type replica struct {
	id     string
	wanted time.Time     // guarded by the service
	sweep  int           // the last that was about it; guarded by the service
	turn   chan struct{} // of who reads the page: one at a time

	reached string // where the page was last read; whose turn it is knows

	mu     sync.Mutex
	series map[string]*series // by key; whose turn it is, and only they change it, may read unlocked
	pages  []page             // that were read, oldest first
	last   page
	anew   bool  // it came while the service was looked at
	begun  int64 // when its first page since it came was read, in milliseconds; 0: none was
}

// page is a look at a replica.
type page struct {
	at       time.Time
	selected *selection
	err      error
}

// series is one series. Its points are never changed, so that those who have them need no lock.
type series struct {
	key      string // its labels, as they are on the page
	labels   labels.Labels
	past     labels.Labels // as which it is shown once its replica is gone, which may have a successor of its name
	selected *selection    // by which it was last found wanted
	points   []point       // oldest first
}

// point is a value at a time in milliseconds; value.StaleNaN ends the series there.
type point struct {
	at    int64
	value float64
}

func (s *series) ended() bool {
	return len(s.points) == 0 || value.IsStaleNaN(s.points[len(s.points)-1].value)
}

// found is a series on a page, and its value there.
type found struct {
	series *series
	value  float64
}

// recent is how the last look ended, where it is so young that it serves these queries, too.
func (r *replica) recent(at time.Time, questions []asked) (page, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	age := at.Sub(r.last.at)
	return r.last, r.last.selected != nil && age >= 0 && age < fresh && r.last.selected.covers(questions)
}

// keep adds a look to the series. Where it failed, or no longer has a series, the series end, as in Prometheus: what has
// no value now has no old one either; a rate goes on over the gap.
func (r *replica) keep(p page, found []found) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := p.at.UnixMilli()
	if r.last.selected != nil && at <= r.last.at.UnixMilli() { // the clock was put back
		for _, f := range found {
			f.series.points = nil
		}
		clear(r.series)
		r.pages, r.anew = nil, false
	}
	r.trim(at - (p.selected.reach + slack).Milliseconds())
	if p.err == nil {
		p.err = r.fits(found)
	}
	r.last = p
	if p.err == nil {
		r.pages = append(r.pages, p)
		if r.begun == 0 {
			r.begun = at
		}
		for _, f := range found {
			r.series[f.series.key] = f.series
			f.series.selected = p.selected
			f.series.points = append(f.series.points, point{at, f.value})
		}
	}
	for _, s := range r.series {
		if !s.ended() && s.points[len(s.points)-1].at < at {
			s.points = append(s.points, point{at, math.Float64frombits(value.StaleNaN)})
		}
	}
	return p.err
}

// comes notes that the replica is there and was not, while the service was watched or before.
func (r *replica) comes(watched bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.anew, r.begun = watched, 0
}

// goes notes that the replica is not there, as one policy sees it: to another it may be, and so its series do not end. It
// answers how many of them are kept, and when it was last looked at.
func (r *replica) goes(at time.Time, reach time.Duration) (int, time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case r.turn <- struct{}{}:
		r.trim(at.Add(-reach - slack).UnixMilli())
		<-r.turn
	default: // somebody reads its page, and so thinks it is there
	}
	return len(r.series), r.last.at
}

// fits says whether there is room for what was found beside what is kept of series that ended.
func (r *replica) fits(found []found) error {
	count := len(r.series)
	for _, f := range found {
		if len(f.series.points) == 0 {
			count++
		}
	}
	if count > mostSeries {
		return tooMany()
	}
	return nil
}

func tooMany() error {
	return fmt.Errorf("the queries look at more than %d series of it, lately ended ones among them; let them select fewer", mostSeries)
}

// trim forgets what is older than queries look back.
func (r *replica) trim(before int64) {
	for key, s := range r.series {
		for len(s.points) > 0 && s.points[0].at < before {
			s.points = s.points[1:]
		}
		if s.ended() && len(s.points) < 2 {
			delete(r.series, key)
		}
	}
	for len(r.pages) > 0 && r.pages[0].at.UnixMilli() < before {
		r.pages = r.pages[1:]
	}
}

// sight is when a query was looked at, up to now.
type sight struct {
	before      bool  // there is a page of before the range, too
	first, last int64 // page in the range, in milliseconds
	count       int   // of pages in the range
	anew        bool  // the first is of when the replica came, while the service was looked at, or of before
}

// sight is how a query was looked at after a time in milliseconds.
func (r *replica) sight(text string, begin int64) sight {
	r.mu.Lock()
	defer r.mu.Unlock()
	var s sight
	for _, p := range r.pages {
		at := p.at.UnixMilli()
		switch {
		case !p.selected.queries[text]:
			continue
		case at <= begin:
			s.before = true
			continue
		case s.count == 0:
			s.first = at
			s.anew = r.anew && at <= r.begun
		}
		s.last = at
		s.count++
	}
	return s
}

// filled says whether what was seen from a time on fills a range, as rate() sees it: the time from the range's beginning
// is less than 1.1 times the mean interval, over which rate() stretches.
func (s sight) filled(from, begin int64) bool {
	return s.count > 1 && 10*(from-begin)*int64(s.count-1) < 11*(s.last-s.first)
}

// now is the series as they are.
func (r *replica) now(all []series) []series {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.series {
		all = append(all, *s)
	}
	return all
}

// then is the series of a replica that is gone, as they were.
func (r *replica) then(all []series) []series {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.series {
		if s.past.IsEmpty() {
			s.past = labels.NewBuilder(s.labels).Set(replicaLabel, r.id+" (gone)").Labels()
		}
		all = append(all, *s)
	}
	return all
}
