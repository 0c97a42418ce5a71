package dashboard_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store/sqlite"
)

// past fills a store with what a service went through, up to now: the CPU usage of its replicas, once a minute, and each change of
// their number. There is a day in it with its rush, and every third hour there is a busy quarter of an hour.
func past(t *testing.T, path, service string, long, later time.Duration) {
	t.Helper()
	s, err := sqlite.Open(path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := engine.Policy{Name: service, Service: service, Mode: engine.Live, Target: engine.Place{Driver: "sim"}}
	end := time.Now().UTC().Truncate(time.Minute)
	cpu := engine.Metric{Name: "cpu_usage", Type: "cpu", Source: "system", Aggregation: "avg"}
	series := map[int]*engine.Series{}
	n := 1
	for at := end.Add(-long); at.Before(end); at = at.Add(time.Minute) {
		load := demand(at.Add(-later))
		if to := after(n, load); to != n {
			e := engine.Event{
				ID: fmt.Sprintf("%s-%d", service, at.UnixMilli()), Policy: service, Service: service, Target: p.Target, Mode: p.Mode,
				Action: engine.ScaleUp, From: n, To: to, Reached: to, Started: at, Ended: at.Add(3 * time.Second), Result: engine.Succeeded,
				Reasons: []engine.Reason{{Code: "ScaleUpCrossed", Metric: "cpu_usage", Message: fmt.Sprintf("cpu_usage is %.0f, above scaleUp 70", min(100, load/float64(n)))}},
				Actor:   "policy " + service, Revision: "0123456789ab",
			}
			if to < n {
				e.Action, e.Reasons[0] = engine.ScaleDown, engine.Reason{Code: "ScaleDownCrossed", Metric: "cpu_usage", Message: fmt.Sprintf("cpu_usage is %.0f, under scaleDown 25", load/float64(n))}
			}
			if err := s.Close(t.Context(), e, p, engine.State{Enabled: true}); err != nil {
				t.Fatal(err)
			}
			n = to
		}
		for replica := 1; replica <= n; replica++ {
			if series[replica] == nil {
				series[replica] = &engine.Series{Subject: p.Subject(), Metric: "cpu_usage", Signal: cpu.Signal(), Replica: fmt.Sprintf("sim-%s-%d", service, replica)}
			}
			series[replica].Points = append(series[replica].Points, engine.Point{At: at, Value: min(100, load/float64(n))})
		}
	}
	for _, one := range series {
		s.Keep([]engine.Series{*one})
	}
	if err := s.Flush(t.Context(), end); err != nil {
		t.Fatal(err)
	}
	if err := s.Shutdown(); err != nil {
		t.Fatal(err)
	}
}

// demand is the load at a time, in percent of what one replica can do.
func demand(at time.Time) float64 {
	day := float64(at.Hour()*60+at.Minute()) / (24 * 60)
	load := 90 - 70*math.Cos(2*math.Pi*day)
	if at.Hour()%3 == 0 && at.Minute() >= 15 && at.Minute() < 30 {
		load += 90
	}
	return load + 6*math.Sin(float64(at.Unix()/60))
}

// after is how many replicas there are a minute later, by the thresholds of the policy web.
func after(n int, load float64) int {
	switch {
	case load/float64(n) > 70 && n < 4:
		return n + 1
	case load/float64(n) < 25 && n > 1:
		return n - 1
	}
	return n
}
