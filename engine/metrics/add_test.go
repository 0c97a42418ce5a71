package metrics

import (
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

func TestAddAnswersWhatIsNew(t *testing.T) {
	a, b := said("a", 10, 1, 20, 2, 30, 3), said("b", 10, 1)
	other := []engine.Sample{{Metric: "memory", Replica: "a", At: at(10), Value: 1}}
	for _, c := range []struct {
		name string
		had  []engine.Sample
		add  []engine.Sample
		want []engine.Sample
	}{
		{"nothing", nil, nil, nil},
		{"all, in the order given", nil, said("a", 20, 2, 10, 1, 30, 3), said("a", 20, 2, 10, 1, 30, 3)},
		{"none that it has", a, a, nil},
		{"those between that it lacks", said("a", 20, 2), a, said("a", 10, 1, 30, 3)},
		{"none at the instant of another value", a, said("a", 20, 99, 30, math.NaN()), nil},
		{"the first of two that come together", nil, said("a", 10, 1, 10, 2), said("a", 10, 1)},
		{"what another replica said then", a, b, b},
		{"what another metric said then", a, other, other},
		{"none without a time", nil, []engine.Sample{{Metric: "cpu", Replica: "a", Value: 1}}, nil},
		{"one that is older than all, when nothing was forgotten", a, said("a", -3600, 1), said("a", -3600, 1)},
		{"one that is no number", nil, said("a", 10, math.Inf(1)), said("a", 10, math.Inf(1))},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w Windows
			w.Add(c.had)
			if got := w.Add(c.add); !reflect.DeepEqual(got, c.want) {
				t.Errorf("new are %v, want %v", got, c.want)
			}
		})
	}
}

func TestWhatWasForgottenIsNotNewAgain(t *testing.T) {
	read := func(w *Windows, seconds float64, live ...string) engine.Reading {
		return w.Read(everyMinute, cpu("avg"), lives(live...), time.Time{}, at(seconds))
	}
	t.Run("of a replica that lives", func(t *testing.T) {
		var w Windows
		w.Add(said("a", 0, 1, 10, 1, 20, 1, 200, 1))
		read(&w, 200, "a") // forgets what is older than 80 s, but the last of it
		if news := w.Add(said("a", 0, 1, 5, 1, 10, 1, 20, 1)); news != nil {
			t.Errorf("new are %v", news)
		}
		late := said("a", 30, 1, 100, 1, 190, 1)
		if news := w.Add(late); !reflect.DeepEqual(news, late) {
			t.Errorf("new are %v, want %v", news, late)
		}
		if r := read(&w, 200, "a"); r.Samples != 2 || len(w.metrics["cpu"].series["a"].points) != 4 {
			t.Errorf("%s, with %d samples kept; want 2 samples in the window, and one older than two of them", show(r), len(w.metrics["cpu"].series["a"].points))
		}
	})
	t.Run("of a source that is always late", func(t *testing.T) {
		var w Windows
		for s := 0.0; s < 3600; s += 15 {
			sample := said("a", s-300, 1)
			if news := w.Add(sample); !reflect.DeepEqual(news, sample) {
				t.Fatalf("new are %v, want %v", news, sample)
			}
			if news := w.Add(sample); news != nil {
				t.Fatalf("%v is new again", news)
			}
			if r := read(&w, s, "a"); r.Status != engine.Stale || r.AgeSeconds != 300 {
				t.Fatalf("%s, want it stale, 300 s old", show(r))
			}
		}
	})
	t.Run("of a replica that is gone", func(t *testing.T) {
		var w Windows
		gone := said("b", 0, 1, 10, 1)
		w.Add(append(said("a", 190, 1), gone...))
		read(&w, 100, "a") // two windows from here go back to before them
		if news := w.Add(gone); news != nil {
			t.Errorf("before two windows are over, new are %v", news)
		}
		read(&w, 200, "a")
		if news := w.Add(gone); news != nil || w.metrics["cpu"].series["b"] != nil {
			t.Errorf("after two windows, new are %v", news)
		}
		back := said("b", 195, 1)
		if news := w.Add(append(back, gone...)); !reflect.DeepEqual(news, back) {
			t.Errorf("when it is back, new are %v, want %v", news, back)
		}
	})
}

func TestMemoryIsBounded(t *testing.T) {
	var w Windows
	for i := range 3 * keptSamples {
		w.Add(said("a", float64(i), 1))
	}
	for i := range 3 * keptSeries {
		w.Add(said(fmt.Sprint("ghost ", i), float64(i), 1))
	}
	if n := len(w.metrics["cpu"].series); n != keptSeries {
		t.Errorf("%d series, want %d", n, keptSeries)
	}
	if n := len(w.metrics["cpu"].series["a"].points); n > keptSamples || n < keptSamples*7/8 {
		t.Errorf("%d samples of a replica, want at most %d", n, keptSamples)
	}
	if news := w.Add(append(said("a", 1, 1), said("ghost 1", 1, 1)...)); news != nil {
		t.Errorf("of what there was no room for, new are %v", news)
	}
	if news := w.Add(said("late", 2, 1)); news != nil || len(w.metrics["cpu"].series) != keptSeries {
		t.Errorf("a replica older than all took a place: %v", news)
	}
	w.Read(everyMinute, cpu("avg"), lives("a"), time.Time{}, at(3*keptSamples))
	if n := len(w.metrics["cpu"].series); n != 1 {
		t.Errorf("after a read of one living replica there are %d series", n)
	}
	if n := len(w.metrics["cpu"].series["a"].points); n > 120 {
		t.Errorf("after a read there are %d samples, want no more than two windows of them", n)
	}
}

func TestWhereThereIsNoRoomTheNewestStay(t *testing.T) {
	var w Windows
	for i := range keptSamples {
		w.Add(said("a", float64(i), 1))
	}
	if news := w.Add(said("a", -1, 1)); news != nil {
		t.Errorf("older than a full series, and new: %v", news)
	}
	for i := range keptSeries - 1 {
		w.Add(said(fmt.Sprint(i), 100, 1))
	}
	if news := w.Add(said("late", 100, 1)); news != nil {
		t.Errorf("no newer than all replicas, and new: %v", news)
	}
	if news := w.Add(said("next", 101, 1)); len(news) != 1 || len(w.metrics["cpu"].series) != keptSeries {
		t.Errorf("of one that is newer than another, new are %v, and there are %d series", news, len(w.metrics["cpu"].series))
	}
}

// TestADayNeedsNoMoreThanTwoWindows runs a day of replicas that are replaced every ten minutes.
func TestADayNeedsNoMoreThanTwoWindows(t *testing.T) {
	var w Windows
	for s := 0.0; s < 24*3600; s += 15 {
		name := fmt.Sprint("generation ", int(s)/600)
		w.Add(said(name, s, 1))
		w.Add(said(name, s-30, 1, s-600, 1)) // late, and too late
		w.Read(everyMinute, cpu("avg"), lives(name), time.Time{}, at(s))
		kept, room := 0, 0
		for _, of := range w.metrics["cpu"].series {
			kept += len(of.points)
			room += cap(of.points)
		}
		if len(w.metrics["cpu"].series) > 2 || kept > 60 || room > 256 {
			t.Fatalf("after %v s there are %d series of %d samples, and room for %d", s, len(w.metrics["cpu"].series), kept, room)
		}
	}
}
