package guard

import (
	"fmt"
	"math"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// step limits how far one decision goes, and how far all of a period do.
func step(s situation, wish int) ruling {
	to, reason, message := wish, "", ""
	if most := s.policy.MaxStep; most > 0 {
		if to = max(s.current-most, min(wish, s.current+most)); to != wish {
			reason, message = "StepLimited", fmt.Sprintf("wished for %d, maxStep is %d", wish, most)
		}
	}
	if limit, why := paced(s, to); limit != to {
		return ruling{limit, "RateLimited", fmt.Sprintf("wished for %d, %s", wish, why)}
	}
	return ruling{to, reason, message}
}

// paced is the count that the rates allow on the way to a wish, and why it is not the wish. As in Kubernetes (HPA v2,
// behavior.policies), a period begins with the count of now less what its changes have added up to.
func paced(s situation, wish int) (int, string) {
	pace, up := s.policy.Rates.Up, true
	if wish < s.current {
		pace, up = s.policy.Rates.Down, false
	}
	if wish == s.current || len(pace.Limits) == 0 {
		return wish, ""
	}
	furthest, why := 0, ""
	for i, r := range pace.Limits {
		limit := allowed(s, r, up)
		further := limit > furthest == up // towards the wish
		if i == 0 || further != pace.Least && limit != furthest {
			furthest, why = limit, rate(r, up)
		}
	}
	if up {
		return max(s.current, min(wish, furthest)), why
	}
	return min(s.current, max(wish, furthest)), why
}

// allowed is the count that one rate allows now. A percentage is rounded to the next replica in its direction, so that a
// small one is no standstill.
func allowed(s situation, r engine.Rate, up bool) int {
	begun := s.current
	for _, c := range s.state.Changes {
		if s.at.Sub(c.At) < r.Period {
			begun -= c.By
		}
	}
	by := r.Replicas
	if r.Percent > 0 {
		by = int(math.Ceil(float64(max(0, begun)) * float64(r.Percent) / 100))
	}
	if up {
		return begun + by
	}
	return begun - by
}

func rate(r engine.Rate, up bool) string {
	direction, much := "rates.down", replicas(r.Replicas)
	if up {
		direction = "rates.up"
	}
	if r.Percent > 0 {
		much = fmt.Sprintf("%d %%", r.Percent)
	}
	return fmt.Sprintf("%s is %s every %s", direction, much, wait(r.Period))
}

// changed adds an ended event to the changes, which are kept as long as a rate may ask for them. A service that is gone, or was
// stopped, in the middle of one was not changed by it.
func changed(changes []engine.Change, p engine.Policy, e engine.Event) []engine.Change {
	longest := time.Duration(0)
	for _, pace := range []engine.Pace{p.Rates.Up, p.Rates.Down} {
		for _, r := range pace.Limits {
			longest = max(longest, r.Period)
		}
	}
	newest := engine.Change{At: e.Ended, By: e.Reached - e.From}
	if e.Reached == 0 {
		newest.By = 0
	}
	var kept []engine.Change
	for _, c := range append(changes[:len(changes):len(changes)], newest) {
		if c.By != 0 && e.Ended.Sub(c.At) < longest {
			kept = append(kept, c)
		}
	}
	return kept
}
