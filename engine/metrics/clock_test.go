package metrics

import (
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// A replica that a clock other than ours started in the future is one like any other.
func TestReplicaOfTheFuture(t *testing.T) {
	var w Windows
	now := start
	for range 60 {
		now = now.Add(time.Second)
		w.Add([]engine.Sample{{Metric: "cpu", Replica: "a", At: now, Value: 20}})
	}
	replicas := []engine.Replica{{ID: "a", Ready: true, Started: now.Add(time.Hour)}}
	if r := w.Read(everyMinute, cpu("avg"), replicas, time.Time{}, now); r.Status != engine.OK || *r.Value != 20 {
		t.Errorf("reads %+v", r)
	}
}

// A window with more samples than are kept is no evidence: what was dropped may have been the peak.
func TestMoreSamplesThanAreKept(t *testing.T) {
	var w Windows
	m := cpu("max")
	m.Window, m.Scope = 2*time.Hour, engine.Independent
	at := start
	for i := range keptSamples + 100 {
		at = start.Add(time.Duration(i) * 50 * time.Millisecond)
		w.Add([]engine.Sample{{Metric: "cpu", At: at, Value: float64(keptSamples - i)}})
	}
	if r := w.Read(everyMinute, m, nil, time.Time{}, at); r.Status != engine.Missing || !strings.Contains(r.Detail, "has more samples than are kept") {
		t.Errorf("reads %+v", r)
	}
	m.Window = time.Hour
	if r := w.Read(everyMinute, m, nil, time.Time{}, at); r.Status != engine.OK || r.Previous != nil {
		t.Errorf("a window within what is kept reads %+v", r)
	}
}
