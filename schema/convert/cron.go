package convert

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

var days = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// clock is a cron expression that means one time of the day, on some days of the week.
type clock struct {
	minute, hour int
	days         []int // 0: Sunday; sorted
}

func (c clock) String() string { return fmt.Sprintf("%02d:%02d", c.hour, c.minute) }

// parseClock reads minute, hour, day of the month, month and day of the week. What means more than a time on days of the week
// has no window.
func parseClock(s string) (clock, bool) {
	f := strings.Fields(s)
	if len(f) != 5 || f[2] != "*" && f[2] != "?" || f[3] != "*" {
		return clock{}, false
	}
	minute, err := strconv.Atoi(f[0])
	if err != nil || minute < 0 || minute > 59 {
		return clock{}, false
	}
	hour, err := strconv.Atoi(f[1])
	if err != nil || hour < 0 || hour > 23 {
		return clock{}, false
	}
	on, ok := weekdays(strings.ToLower(f[4]))
	return clock{minute, hour, on}, ok
}

// weekdays reads *, 1-5, mon-fri, 0,6 and the like.
func weekdays(s string) ([]int, bool) {
	if s == "*" || s == "?" {
		return []int{0, 1, 2, 3, 4, 5, 6}, true
	}
	var on []int
	for piece := range strings.SplitSeq(s, ",") {
		first, last, ranged := strings.Cut(piece, "-")
		from, to := weekday(first), weekday(first)
		if ranged {
			to = weekday(last)
		}
		if from < 0 || to < from {
			return nil, false
		}
		for d := from; d <= to; d++ {
			on = append(on, d%7)
		}
	}
	slices.Sort(on)
	return slices.Compact(on), true
}

func weekday(s string) int {
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && n <= 7 {
		return n
	}
	return slices.Index(days, s)
}

// cron is a window with another minimum.
func (k *trigger) cron(ceiling int) {
	start, end := k.get("start"), k.get("end")
	zone := k.must("timezone", "a time zone such as Europe/Prague")
	for _, n := range []struct {
		name string
		node *node
	}{{"start", start}, {"end", end}, {"desiredReplicas", k.get("desiredReplicas")}} {
		if n.node == nil {
			k.refuse(k.node, "%s.%s is missing", k.path, n.name)
			return
		}
	}
	count, ok := k.whole(k.get("desiredReplicas"), k.path+".desiredReplicas", 0, 10000, 0)
	if !ok || zone == "" {
		return
	}
	if _, err := engine.ParseZone(zone); err != nil {
		k.refuse(k.get("timezone"), "%s.timezone is %s; allowed: a time zone such as \"Europe/Prague\"", k.path, k.get("timezone"))
		return
	}
	from, okFrom := parseClock(start.text)
	to, okTo := parseClock(end.text)
	if !okFrom || !okTo || !from.until(to) {
		k.noEqual(&k.bottom, start, "a window from %s to %s, %d replicas: a window of schedule begins at one time on days of the week and ends within a day",
			start, end, count)
		return
	}
	if count == 0 {
		k.noEqual(&k.bottom, k.get("desiredReplicas"), "a window with 0 replicas; flyball keeps minReplicas")
		return
	}
	if count > ceiling {
		k.differs(&k.schedule, k.get("desiredReplicas"), "desiredReplicas %d is above the maximum of %d, which is written", count, ceiling)
	}
	k.rest(&k.schedule)
	var fields []string
	if len(from.days) < 7 {
		var names []string
		for _, d := range from.days {
			names = append(names, quote(days[d]))
		}
		fields = append(fields, "days: ["+strings.Join(names, ", ")+"]")
	}
	k.windows = true
	k.schedule.entry(append(fields, pair("from", from.String()), pair("to", to.String()), pair("timeZone", zone),
		fmt.Sprintf("minReplicas: %d", min(count, ceiling)))...)
}

// until says whether each beginning is followed within a day by an end.
func (c clock) until(end clock) bool {
	if len(end.days) == 7 {
		return true
	}
	ends := slices.Clone(c.days)
	if end.hour*60+end.minute <= c.hour*60+c.minute {
		for i := range ends {
			ends[i] = (ends[i] + 1) % 7
		}
		slices.Sort(ends)
	}
	return slices.Equal(ends, end.days)
}
