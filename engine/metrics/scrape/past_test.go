package scrape

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// stint is a part of a replica's life, in which it serves so many requests a minute.
type stint struct {
	from, to  time.Duration // since the test began; it may begin before
	perMinute float64
}

const long = time.Hour

// life is all that a replica ever does. It answers while it lives.
type life struct {
	id      string
	name    string
	stints  []stint
	lingers bool // it is in the list, not ready, once it is dead
}

func (l life) lives(at time.Duration) bool {
	return at >= l.stints[0].from && at < l.stints[len(l.stints)-1].to
}

func (l life) counted(at time.Duration) float64 {
	n := 0.0
	for _, s := range l.stints {
		n += s.perMinute * max(0, min(at, s.to)-s.from).Minutes()
	}
	return n
}

// list is the service at a time, and has each replica show what it counted.
func list(w *town, begun time.Time, all []life) engine.Service {
	service := web(0)
	now := time.Since(begun)
	for _, l := range all {
		w.answers(l.id, func(*http.Request) (*http.Response, error) {
			now := time.Since(begun)
			if !l.lives(now) {
				return nil, errors.New("connection refused")
			}
			return answer(200, "", fmt.Sprintf("up 1\nc_total{path=\"/\"} %v\n", l.counted(now))), nil
		})
		if l.lives(now) || l.lingers && now >= l.stints[0].from {
			service.Replicas = append(service.Replicas, engine.Replica{
				ID: l.id, Name: l.name, Addresses: []string{l.id}, Ports: []int{80}, Ready: l.lives(now),
			})
		}
	}
	return service
}

// Whenever a source begins to look, and however its replicas come and go: of a service that has 1200 requests a minute all
// the time it reads 1200, or an error, and never long an error.
func TestRateIsTheTruthOrAnError(t *testing.T) {
	const never = -long
	for _, c := range []struct {
		name  string
		moves float64                         // requests a minute that replicas have no more, or not yet
		all   func(then time.Duration) []life // then: when it happens
	}{
		{"nothing happens", 0, func(time.Duration) []life {
			return []life{{id: "a", stints: []stint{{never, long, 600}}}, {id: "b", stints: []stint{{never, long, 600}}}}
		}},
		{"three come", 900, func(then time.Duration) []life {
			all := []life{{id: "a", stints: []stint{{never, then, 1200}, {then, long, 300}}}}
			for _, id := range []string{"b", "c", "d"} {
				all = append(all, life{id: id, stints: []stint{{then, long, 300}}})
			}
			return all
		}},
		{"two of four go", 600, func(then time.Duration) []life {
			all := []life{{id: "a", stints: []stint{{never, then, 300}}}, {id: "b", stints: []stint{{never, then, 300}}}}
			for _, id := range []string{"c", "d"} {
				all = append(all, life{id: id, stints: []stint{{never, then, 300}, {then, long, 600}}})
			}
			return all
		}},
		{"one of two fails and is not ready", 600, func(then time.Duration) []life {
			return []life{{id: "a", lingers: true, stints: []stint{{never, then, 600}}}, {id: "b", stints: []stint{{never, then, 600}, {then, long, 1200}}}}
		}},
		{"a successor of the same name", 600, func(then time.Duration) []life {
			return []life{
				{id: "a", name: "web-1", stints: []stint{{never, then, 600}}}, {id: "b", name: "web-1", stints: []stint{{then, long, 600}}},
				{id: "c", name: "web-2", stints: []stint{{never, long, 600}}},
			}
		}},
		{"a successor of all", 1200, func(then time.Duration) []life {
			return []life{{id: "a", stints: []stint{{never, then, 1200}}}, {id: "b", stints: []stint{{then, long, 1200}}}}
		}},
		{"one goes and comes again", 1200, func(then time.Duration) []life {
			return []life{
				{id: "a", stints: []stint{{never, then, 600}}}, {id: "c", stints: []stint{{never, then, 600}, {then, then + 20*time.Second, 1200}, {then + 20*time.Second, long, 600}}},
				{id: "a2", name: "a", stints: []stint{{then + 20*time.Second, long, 600}}},
			}
		}},
	} {
		for _, pace := range []struct{ every, uneven, span time.Duration }{
			{12 * time.Second, 0, time.Minute},
			{15 * time.Second, 0, 5 * time.Minute},
			{15 * time.Second, 0, 2 * time.Minute},
			{time.Second, 300 * time.Millisecond, 10 * time.Second},
			{10 * time.Second, 4 * time.Second, time.Minute},
		} {
			for phase := range 5 {
				t.Run(fmt.Sprintf("%s/%s in %s/%d", c.name, pace.every, pace.span, phase), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						then := 2*pace.span + time.Duration(phase)*pace.every/5 + time.Millisecond
						lost := c.moves * (pace.every + pace.uneven).Seconds() / pace.span.Seconds() // an interval's work at most
						truth(t, c.all(then), pace.every, pace.uneven, pace.span, max(lost, 1)+0.1)
					})
				})
			}
		}
	}
}

func truth(t *testing.T, all []life, every, uneven, span time.Duration, lost float64) {
	w := &town{}
	s := w.source(t)
	begun := time.Now()
	metrics := []engine.Metric{{Name: "rate", Query: fmt.Sprintf("60 * sum(rate(c_total[%s]))", span)}}
	unread, good := 0, time.Duration(0)
	for i := 0; time.Since(begun) < 4*span+2*time.Minute; i++ {
		samples, err := s.Sample(t.Context(), metrics, list(w, begun, all))
		now := time.Since(begun)
		switch {
		case err != nil && good == 0: // the beginning
		case err != nil:
			unread++
		default:
			good = now
			if value := samples[0].Value; math.Abs(value-1200) > lost {
				t.Errorf("%.0f after %s, which is off by more than %.0f", value, now, lost)
			}
		}
		if now > span+every+uneven && good == 0 {
			t.Fatalf("no value after %s: %v", now, err)
		}
		time.Sleep(every + []time.Duration{0, uneven, -uneven, uneven / 2}[i%4])
	}
	if unread > 1 {
		t.Errorf("%d errors", unread)
	}
	if kept := len(s.services["compose/shop/web"].replicas); kept > len(list(w, begun, all).Replicas) {
		t.Errorf("%d replicas are kept", kept)
	}
}

// A source that begins to look says for how long it has, until it has for long enough.
func TestWhatWasNotSeenLongEnough(t *testing.T) {
	for _, c := range []struct{ name, query, want string }{
		{"a rate", "sum(rate(c_total[5m]))", "seen for 24s of the 5m that the query looks back at"},
		{"a rate by replica", "sum by (replica) (rate(c_total[5m]))", "seen for 24s of the 5m that"},
		{"a longer one beside", "sum(rate(c_total[30s])) / sum(rate(c_total[5m]))", "seen for 24s of the 5m that"},
		{"the longest of a gauge", "sum(max_over_time(up[2m]))", "seen for 24s of the 2m that"},
		{"an earlier range", "sum(rate(c_total[1m] offset 1m))", "seen for 24s of the 2m that"},
		{"a subquery", "max_over_time(sum(up)[1m:10s])", "seen for 24s of the 1m that"},
		{"a rate in a subquery", "max_over_time(sum(rate(c_total[1m]))[1m:10s])", "seen for 24s of the 2m that"},
		{"a short range", "60 * sum(rate(c_total[36s]))", ""},
		{"no range", "sum(up)", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &town{}
				s := w.source(t)
				begun := time.Now()
				all := []life{{id: "a", stints: []stint{{-long, long, 60}}}}
				for range 2 {
					if samples, err := s.Sample(t.Context(), asks(c.query), list(w, begun, all)); c.want != "" && (err == nil || samples != nil) {
						t.Errorf("%v, %v", samples, err)
					}
					time.Sleep(12 * time.Second)
				}
				samples, err := s.Sample(t.Context(), asks(c.query), list(w, begun, all))
				if len(samples) != one(c.want == "") || (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v, %v; want %s", samples, err, c.want)
				}
				for range 26 {
					time.Sleep(12 * time.Second)
					samples, err = s.Sample(t.Context(), asks(c.query), list(w, begun, all))
				}
				if err != nil || len(samples) != 1 {
					t.Errorf("%v, %v at last", samples, err)
				}
			})
		})
	}
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// A failed look is an error while it lasts, and makes no later value too low.
func TestFailedLooksDoNotLowerTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &town{}
		s := w.source(t)
		begun := time.Now()
		all := []life{{id: "a", stints: []stint{{-long, long, 600}}}, {id: "b", stints: []stint{{-long, long, 600}}}}
		for i := range 40 {
			service := list(w, begun, all)
			if i%7 == 6 {
				w.answers("b", nil)
			}
			samples, err := s.Sample(t.Context(), asks("60 * sum(rate(c_total[1m]))"), service)
			switch {
			case i < 4 || i%7 == 6:
				if err == nil {
					t.Errorf("%v at look %d", samples, i)
				}
			case err != nil || math.Abs(samples[0].Value-1200) > 1:
				t.Errorf("%v, %v at look %d", samples, err, i)
			}
			time.Sleep(12 * time.Second)
		}
	})
}

// Only sums over the replicas of what they counted see those that are gone.
func TestWhatSeesTheGone(t *testing.T) {
	for _, c := range []struct {
		query string
		want  string // while there are two, and once one is gone
	}{
		{"sum(rate(c_total[1m]))", "=20 =20"},
		{"sum(increase(c_total[1m])) / 60", "=20 =20"},
		{"sum(60 * rate(c_total[1m]) / 2)", "=600 =600"},
		{"sum by (path) (rate(c_total[1m]))", "=20 =20"},
		{"sum without (replica, path) ((rate(c_total[1m])))", "=20 =20"},
		{"sum(sum by (replica, path) (rate(c_total[1m])))", "=20 =20"},
		{"sum(rate(c_total[1m]) or rate(up[1m]))", "=20 =20"},
		{"sum(rate(c_total[1m])) / sum(up)", "=10 =20"},
		{"sum(rate(c_total[1m])) + 0 * count(count_over_time(up[1m]))", "=20 =20"},
		{"count(count_over_time(up[1m]))", "=2 =1"},
		{"sum(max_over_time(up[1m]))", "=2 =1"},
		{"sum(irate(c_total[1m]))", "=20 =10"},
		{"avg(rate(c_total[1m]))", "=10 =10"},
		{"count(rate(c_total[1m]))", "=2 =1"},
		{"sum(rate(c_total[1m]) > bool 0)", "=2 =1"},
		{"sum(rate(c_total[1m])) / count(rate(c_total[1m]))", "=10 =10"},
		{"sort(sum by (replica) (rate(c_total[1m])))", "a=10 b=10 b=10"},
		{"sort(sum without (path) (rate(c_total[1m])))", "a=10 b=10 b=10"},
		{"sum(c_total)", "=50200 =25200"},
	} {
		t.Run(c.query, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &town{}
				s := w.source(t)
				begun := time.Now()
				all := []life{{id: "a", stints: []stint{{-40 * time.Minute, 111 * time.Second, 600}}}, {id: "b", stints: []stint{{-40 * time.Minute, long, 600}}}}
				var got []string
				for i := range 13 {
					samples, err := s.Sample(t.Context(), asks(c.query), list(w, begun, all))
					if i >= 11 {
						if err != nil {
							t.Error(err)
						}
						got = append(got, text(samples))
					}
					time.Sleep(10 * time.Second)
				}
				if got := strings.Join(got, " "); got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
			})
		})
	}
}

// Where what is measured is no longer there, the past of those that are gone is no answer.
func TestTheGoneDoNotAnswerAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &town{}
		s := w.source(t)
		begun := time.Now()
		all := []life{{id: "a", stints: []stint{{-long, 2 * time.Minute, 600}}}}
		for range 12 {
			if _, err := s.Sample(t.Context(), asks("sum(rate(c_total[1m]))"), list(w, begun, all)); err != nil && time.Since(begun) > time.Minute {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
		}
		service := web(1)
		w.shows("a1", "renamed_total 1\n")
		_, _ = s.Sample(t.Context(), asks("sum(rate(c_total[1m]))"), service) // it is new
		time.Sleep(10 * time.Second)
		samples, err := s.Sample(t.Context(), asks("sum(rate(c_total[1m]))"), service)
		check(t, samples, err, "", "no series: the replicas have nothing that matches c_total")
	})
}

// Of replicas that come and go without end no more is kept than there is room for. Where that is not all that a query looks
// back at, it has no answer.
func TestRoomForTheGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &town{}
		s := w.source(t)
		refused := 0
		for i := range 60 {
			service := web(2)
			id := fmt.Sprint("n", i/2)
			service.Replicas[1].ID, service.Replicas[1].Addresses = id, []string{id}
			page := strings.ReplaceAll(many("c_total", 1500), "} 1\n", fmt.Sprintf("} %d\n", i))
			w.shows("a1", page)
			w.shows(id, page)
			samples, err := s.Sample(t.Context(), asks("sum(rate(c_total[5m]))"), service)
			if i > 32 && i%2 == 1 && err != nil {
				refused++
				check(t, samples, err, "", "more replicas went in the last 5m than are remembered: at most 20000 series of them are")
			}
			kept := 0
			for _, r := range s.services["compose/shop/web"].replicas {
				kept += len(r.series)
			}
			if kept > mostGone+2*1500 {
				t.Fatalf("%d series are kept", kept)
			}
			time.Sleep(10 * time.Second)
		}
		if refused == 0 {
			t.Error("a rate is answered without those that there is no room for")
		}
	})
}
