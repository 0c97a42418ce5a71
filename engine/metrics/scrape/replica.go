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
	slack      = 30 * time.Second // series are kept this much longer than queries look back
)

// replica is what is remembered of a replica: its series, for as long as queries look back.
type replica struct {
	wanted time.Time     // guarded by the service
	turn   chan struct{} // of who reads the page: one at a time

	reached string // where the page was last read; whose turn it is knows

	mu     sync.Mutex
	series map[string]*series // by key; whose turn it is, and only they change it, may read unlocked
	pages  []page             // that were read, oldest first
	last   page
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
	selected *selection // by which it was last found wanted
	points   []point    // oldest first
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
		r.pages = nil
	}
	r.trim(at - (p.selected.reach + slack).Milliseconds())
	if p.err == nil {
		p.err = r.fits(found)
	}
	r.last = p
	if p.err == nil {
		r.pages = append(r.pages, p)
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

// times counts the pages in which a query was looked at, after a time in milliseconds.
func (r *replica) times(text string, after int64) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, p := range r.pages {
		if p.at.UnixMilli() > after && p.selected.queries[text] {
			n++
		}
	}
	return n
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
