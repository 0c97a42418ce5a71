package control

import (
	"fmt"
	"reflect"
	"testing"
	"time"
	_ "time/tzdata" // the tests run on machines without a database of zones

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

func zone(t interface{ Fatal(...any) }, name string) engine.Zone {
	z, err := engine.ParseZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func hours(h, m int) time.Duration { return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute }

// When a window with a minimum of 4 begins and ends, as instants. In 2026 the clocks of Prague go from 2 to 3 on 29 March and from
// 3 to 2 on 25 October, those of New York from 2 to 3 on 8 March and from 2 to 1 on 1 November. In Havana a day begins at 1 on 8
// March, and one o'clock is followed by midnight on 1 November. On Lord Howe the clocks move by half an hour.
func TestWindowBeginsAndEnds(t *testing.T) {
	day := []time.Weekday{time.Friday}
	for name, c := range map[string]struct {
		zone       string
		window     engine.Window
		begin, end string // the first minute that it holds, and the first that it does not
	}{
		"office hours":             {"UTC", engine.Window{From: hours(8, 0), To: hours(20, 0), Days: day}, "2026-11-27T08:00Z", "2026-11-27T20:00Z"},
		"in Prague":                {"Europe/Prague", engine.Window{From: hours(8, 0), To: hours(20, 0), Days: day}, "2026-11-27T07:00Z", "2026-11-27T19:00Z"},
		"half an hour off":         {"Asia/Kolkata", engine.Window{From: hours(8, 0), To: hours(20, 0), Days: day}, "2026-11-27T02:30Z", "2026-11-27T14:30Z"},
		"the whole day":            {"Europe/Prague", engine.Window{To: hours(24, 0), Days: day}, "2026-11-26T23:00Z", "2026-11-27T23:00Z"},
		"until midnight":           {"UTC", engine.Window{From: hours(20, 0), To: hours(24, 0), Days: day}, "2026-11-27T20:00Z", "2026-11-28T00:00Z"},
		"over midnight":            {"UTC", engine.Window{From: hours(22, 0), To: hours(6, 0), Days: day}, "2026-11-27T22:00Z", "2026-11-28T06:00Z"},
		"to where it began":        {"UTC", engine.Window{From: hours(9, 0), To: hours(9, 0), Days: day}, "2026-11-27T09:00Z", "2026-11-28T09:00Z"},
		"a date":                   {"America/New_York", engine.Window{To: hours(24, 0), Dates: []string{"2026-11-27"}}, "2026-11-27T05:00Z", "2026-11-28T05:00Z"},
		"a date, over midnight":    {"UTC", engine.Window{From: hours(18, 0), To: hours(3, 0), Dates: []string{"2026-12-31"}}, "2026-12-31T18:00Z", "2027-01-01T03:00Z"},
		"two dates in a row":       {"UTC", engine.Window{To: hours(24, 0), Dates: []string{"2026-11-27", "2026-11-28"}}, "2026-11-27T00:00Z", "2026-11-29T00:00Z"},
		"a day of 23 hours":        {"Europe/Prague", engine.Window{To: hours(24, 0), Dates: []string{"2026-03-29"}}, "2026-03-28T23:00Z", "2026-03-29T22:00Z"},
		"a day of 25 hours":        {"Europe/Prague", engine.Window{To: hours(24, 0), Dates: []string{"2026-10-25"}}, "2026-10-24T22:00Z", "2026-10-25T23:00Z"},
		"begins at a skipped time": {"Europe/Prague", engine.Window{From: hours(2, 30), To: hours(5, 0), Dates: []string{"2026-03-29"}}, "2026-03-29T01:00Z", "2026-03-29T03:00Z"},
		"the same west of UTC":     {"America/New_York", engine.Window{From: hours(2, 30), To: hours(5, 0), Dates: []string{"2026-03-08"}}, "2026-03-08T07:00Z", "2026-03-08T09:00Z"},
		"ends at a skipped time":   {"America/New_York", engine.Window{From: hours(1, 0), To: hours(2, 30), Dates: []string{"2026-03-08"}}, "2026-03-08T06:00Z", "2026-03-08T07:00Z"},
		"begins at a time that comes twice": {"Europe/Prague", engine.Window{From: hours(2, 30), To: hours(5, 0), Dates: []string{"2026-10-25"}},
			"2026-10-25T00:30Z", "2026-10-25T04:00Z"},
		"ends at a time that comes twice": {"America/New_York", engine.Window{From: hours(0, 30), To: hours(1, 30), Dates: []string{"2026-11-01"}},
			"2026-11-01T04:30Z", "2026-11-01T05:30Z"},
		"over midnight and a change": {"America/New_York", engine.Window{From: hours(22, 0), To: hours(6, 0), Dates: []string{"2026-10-31"}},
			"2026-11-01T02:00Z", "2026-11-01T11:00Z"},
		"half an hour comes twice": {"Australia/Lord_Howe", engine.Window{From: hours(1, 45), To: hours(3, 0), Dates: []string{"2026-04-05"}},
			"2026-04-04T14:45Z", "2026-04-04T16:30Z"},
		"a day without a midnight":   {"America/Havana", engine.Window{To: hours(24, 0), Days: []time.Weekday{time.Sunday}}, "2026-03-08T05:00Z", "2026-03-09T04:00Z"},
		"a day with two of them":     {"America/Havana", engine.Window{To: hours(24, 0), Dates: []string{"2026-11-01"}}, "2026-11-01T04:00Z", "2026-11-02T05:00Z"},
		"ends where there are two":   {"America/Havana", engine.Window{From: hours(20, 0), To: hours(24, 0), Dates: []string{"2026-10-31"}}, "2026-11-01T00:00Z", "2026-11-01T04:00Z"},
		"a year that is a leap year": {"UTC", engine.Window{To: hours(24, 0), Dates: []string{"2028-02-29"}}, "2028-02-29T00:00Z", "2028-03-01T00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			c.window.Zone, c.window.MinReplicas = zone(t, c.zone), 4
			holds := func(at time.Time) bool {
				return Scheduled([]engine.Window{c.window}, at).MinReplicas == 4
			}
			begin, end := instant(t, c.begin), instant(t, c.end)
			for at, want := range map[time.Time]bool{
				begin.Add(-time.Second): false, begin: true, begin.Add(time.Second): true,
				end.Add(-time.Second): true, end: false, end.Add(time.Second): false,
			} {
				if got := holds(at); got != want {
					t.Errorf("at %s holds is %v", at.Format(time.RFC3339), got)
				}
			}
		})
	}
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04Z07:00", text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestScheduled(t *testing.T) {
	office := engine.Window{Name: "office", From: hours(8, 0), To: hours(20, 0), MinReplicas: 4, MaxReplicas: 10, Prewarm: 10 * time.Minute}
	lunch := engine.Window{Name: "lunch", From: hours(11, 0), To: hours(14, 0), MinReplicas: 6, MaxReplicas: 8}
	night := engine.Window{Name: "night", From: hours(20, 0), To: hours(8, 0), MaxReplicas: 3}
	sale := engine.Window{Name: "sale", From: hours(12, 0), To: hours(13, 0), Pause: "no changes during the sale"}
	early := engine.Window{Name: "early", From: hours(0, 5), To: hours(1, 0), MinReplicas: 5, Prewarm: 15 * time.Minute}
	for name, c := range map[string]struct {
		schedule []engine.Window
		at       string
		want     engine.Scheduled
	}{
		"no window holds":       {[]engine.Window{office}, "2026-11-27T21:00Z", engine.Scheduled{}},
		"one holds":             {[]engine.Window{office, night}, "2026-11-27T09:00Z", engine.Scheduled{Windows: []string{"office"}, MinReplicas: 4, Window: "office", MaxReplicas: 10}},
		"only a maximum":        {[]engine.Window{office, night}, "2026-11-27T23:00Z", engine.Scheduled{Windows: []string{"night"}, MaxReplicas: 3}},
		"the tighter of two":    {[]engine.Window{office, lunch}, "2026-11-27T11:00Z", engine.Scheduled{Windows: []string{"office", "lunch"}, MinReplicas: 6, Window: "lunch", MaxReplicas: 8}},
		"in whatever order":     {[]engine.Window{lunch, office}, "2026-11-27T11:00Z", engine.Scheduled{Windows: []string{"lunch", "office"}, MinReplicas: 6, Window: "lunch", MaxReplicas: 8}},
		"a pause":               {[]engine.Window{office, sale}, "2026-11-27T12:00Z", engine.Scheduled{Windows: []string{"office", "sale"}, MinReplicas: 4, Window: "office", MaxReplicas: 10, Pause: "no changes during the sale"}},
		"long before":           {[]engine.Window{office}, "2026-11-27T07:49Z", engine.Scheduled{}},
		"warming up":            {[]engine.Window{office}, "2026-11-27T07:50Z", engine.Scheduled{Windows: []string{"office"}, MinReplicas: 4, Window: "office", Prewarming: true}},
		"warming up, and night": {[]engine.Window{night, office}, "2026-11-27T07:55Z", engine.Scheduled{Windows: []string{"night", "office"}, MinReplicas: 4, Window: "office", MaxReplicas: 3, Prewarming: true}},
		"warm":                  {[]engine.Window{office}, "2026-11-27T08:00Z", engine.Scheduled{Windows: []string{"office"}, MinReplicas: 4, Window: "office", MaxReplicas: 10}},
		"warming up the day before": {[]engine.Window{early}, "2026-11-26T23:50Z", engine.Scheduled{
			Windows: []string{"early"}, MinReplicas: 5, Window: "early", Prewarming: true}},
		"warming up for less than holds": {[]engine.Window{lunch, {Name: "tea", From: hours(14, 0), To: hours(15, 0), MinReplicas: 5, Prewarm: time.Hour}}, "2026-11-27T13:30Z",
			engine.Scheduled{Windows: []string{"lunch", "tea"}, MinReplicas: 6, Window: "lunch", MaxReplicas: 8}},
		"warming up for as much as holds": {[]engine.Window{{Name: "tea", From: hours(14, 0), To: hours(15, 0), MinReplicas: 6, Prewarm: time.Hour}, lunch}, "2026-11-27T13:30Z",
			engine.Scheduled{Windows: []string{"tea", "lunch"}, MinReplicas: 6, Window: "lunch", MaxReplicas: 8}},
		"a pause is not warmed up for": {[]engine.Window{{Name: "freeze", From: hours(14, 0), To: hours(15, 0), MinReplicas: 6, Pause: "audit", Prewarm: time.Hour}}, "2026-11-27T13:30Z",
			engine.Scheduled{Windows: []string{"freeze"}, MinReplicas: 6, Window: "freeze", Prewarming: true}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Scheduled(c.schedule, instant(t, c.at)); !reflect.DeepEqual(*got, c.want) {
				t.Errorf("got %+v, want %+v", *got, c.want)
			}
		})
	}
	if got := Scheduled(nil, start); got != nil {
		t.Errorf("without a schedule there is %+v", got)
	}
}

// Warming up takes its time on the clock of the world, whatever those on the walls do in between.
func TestPrewarmOverAChangeOfTheClocks(t *testing.T) {
	for name, c := range map[string]struct{ zone, date, begin string }{
		"an hour is skipped":  {"Europe/Prague", "2026-03-29", "2026-03-29T02:00Z"},
		"an hour comes twice": {"America/New_York", "2026-11-01", "2026-11-01T09:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			w := engine.Window{Zone: zone(t, c.zone), Dates: []string{c.date}, From: hours(4, 0), To: hours(8, 0), MinReplicas: 4, Prewarm: 6 * time.Hour}
			begin := instant(t, c.begin)
			for ago, warm := range map[time.Duration]bool{6*time.Hour + time.Second: false, 6 * time.Hour: true, time.Second: true, 0: false} {
				if got := Scheduled([]engine.Window{w}, begin.Add(-ago)); got.Prewarming != warm {
					t.Errorf("%s before it, warming up is %v", ago, got.Prewarming)
				}
			}
		})
	}
}

// wall is what the clocks of a zone show in each minute of some days, written as if it were UTC.
type wall struct {
	zone  engine.Zone
	start time.Time
	shows []time.Time
}

func watchWall(t interface{ Fatal(...any) }, name string, around time.Time) wall {
	const days = 14
	w := wall{zone: zone(t, name), start: around.AddDate(0, 0, -days/2)}
	for i := range days * 24 * 60 {
		at := w.start.Add(time.Duration(i) * time.Minute).In(w.zone.In())
		w.shows = append(w.shows, time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), 0, 0, time.UTC))
	}
	return w
}

// first is the first minute in which the wall shows a time, or a later one.
func (w wall) first(clock time.Time) int {
	for i, shown := range w.shows {
		if !shown.Before(clock) {
			return i
		}
	}
	return len(w.shows)
}

// Whatever the zone, the window and the minute, the schedule says what somebody would who looks at the clock on the wall
// minute after minute.
func TestScheduleAgreesWithAClockOnTheWall(t *testing.T) {
	var walls []wall
	for _, c := range []struct{ zone, around string }{
		{"Europe/Prague", "2026-03-29T00:00Z"}, {"Europe/Prague", "2026-10-25T00:00Z"},
		{"America/New_York", "2026-03-08T00:00Z"}, {"America/New_York", "2026-11-01T00:00Z"},
		{"Australia/Lord_Howe", "2026-04-05T00:00Z"}, {"Australia/Lord_Howe", "2026-10-04T00:00Z"},
		{"America/Havana", "2026-03-08T00:00Z"}, {"America/Havana", "2026-11-01T00:00Z"},
		{"Asia/Kolkata", "2026-02-28T00:00Z"}, {"UTC", "2026-12-31T00:00Z"},
	} {
		walls = append(walls, watchWall(t, c.zone, instant(t, c.around)))
	}
	rapid.Check(t, func(t *rapid.T) {
		wall := rapid.SampledFrom(walls).Draw(t, "wall")
		minutes := rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.OneOf(rapid.IntRange(0, 24*60), rapid.IntRange(0, 4*60)).Draw(t, "minute")) * time.Minute
		})
		w := engine.Window{
			Zone: wall.zone, From: minutes.Draw(t, "from"), To: minutes.Draw(t, "to"), MinReplicas: 4,
			Prewarm: time.Duration(rapid.IntRange(0, 3000).Draw(t, "prewarm")) * time.Minute,
		}
		middle := wall.start.AddDate(0, 0, 7)
		if rapid.Bool().Draw(t, "by date") {
			for _, d := range rapid.SliceOfN(rapid.IntRange(-2, 2), 1, 3).Draw(t, "dates") {
				w.Dates = append(w.Dates, middle.AddDate(0, 0, d).Format(time.DateOnly))
			}
		} else {
			w.Days = rapid.SliceOfDistinct(rapid.Custom(func(t *rapid.T) time.Weekday {
				return time.Weekday(rapid.IntRange(0, 6).Draw(t, "day"))
			}), func(d time.Weekday) time.Weekday { return d }).Draw(t, "days")
		}
		minute := rapid.IntRange(4*24*60, 10*24*60).Draw(t, "at")
		open, warm := false, false
		for d := -6; d <= 6; d++ {
			date := middle.AddDate(0, 0, d)
			if !named(w, date) {
				continue
			}
			until := date.Add(w.To)
			if w.To <= w.From {
				until = date.AddDate(0, 0, 1).Add(w.To)
			}
			from := wall.first(date.Add(w.From))
			open = open || from <= minute && minute < wall.first(until)
			warm = warm || minute < from && from-minute <= int(w.Prewarm/time.Minute)
		}
		got := Scheduled([]engine.Window{w}, wall.start.Add(time.Duration(minute)*time.Minute))
		want := engine.Scheduled{}
		if open || warm {
			want = engine.Scheduled{Windows: []string{""}, MinReplicas: 4, Prewarming: !open}
		}
		if fmt.Sprint(*got) != fmt.Sprint(want) {
			t.Errorf("the wall shows %s: got %+v, want %+v", wall.shows[minute], *got, want)
		}
	})
}
