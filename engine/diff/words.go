package diff

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// added says what a new policy does.
func added(p engine.Policy) string {
	return fmt.Sprintf("%s service %s: %d to %d replicas, by %s", does(p), p.Service, p.MinReplicas, p.MaxReplicas, strings.Join(p.Strategies, ", "))
}

func does(p engine.Policy) string {
	switch {
	case acting(p):
		return "begins to act on"
	case p.Enabled:
		return "records what it would do to"
	}
	return "is off, and would act on"
}

// removed says what a policy no longer does.
func removed(p engine.Policy) string {
	switch {
	case acting(p):
		return "stops acting on service " + p.Service
	case p.Enabled:
		return "no longer records what it would do to service " + p.Service
	}
	return "was off"
}

// changed says what a changed policy is.
func changed(old, new engine.Policy) string {
	switch {
	case acting(new) && !acting(old):
		return "begins to act on service " + new.Service
	case acting(old) && !acting(new):
		return "stops acting on service " + old.Service
	case acting(new) && (old.Service != new.Service || old.Target != new.Target):
		return fmt.Sprintf("acts on service %s in the place of %s", place(new), place(old))
	case acting(new):
		return "acts on service " + new.Service
	case new.Enabled:
		return "records what it would do to service " + new.Service
	}
	return "is off"
}

func place(p engine.Policy) string {
	at := p.Service + " (" + p.Target.Driver
	if p.Target.Project != "" {
		at += " " + p.Target.Project
	}
	return at + ")"
}

// turns says what another switch or mode means.
func turns(old, new engine.Policy) string {
	switch turn(acting(old), acting(new)) {
	case Begins:
		return "the policy begins to act"
	case Stops:
		return "the policy stops acting"
	}
	switch {
	case new.Enabled && !old.Enabled:
		return "the policy begins to record what it would do"
	case old.Enabled && !new.Enabled:
		return "the policy no longer records what it would do"
	}
	return "nothing yet: the policy is off"
}

// more has words for a larger number and for a smaller one.
func more(larger, smaller string) func(old, new any) string {
	return func(old, new any) string {
		switch before, after := real(old), real(new); {
		case old == nil || new == nil:
			return ""
		case after > before:
			return larger
		}
		return smaller
	}
}

// by has words for the new number.
func by(words string) func(old, new any) string {
	return func(_, new any) string {
		if n, set := new.(int); set {
			return fmt.Sprintf(words, n)
		}
		return ""
	}
}

// longer has words for a longer time and for a shorter one, with a place for the difference.
func longer(longer, shorter string) func(old, new any) string {
	return func(old, new any) string {
		before, known := old.(time.Duration)
		after, set := new.(time.Duration)
		switch {
		case !known || !set:
			return ""
		case after > before:
			return fmt.Sprintf(longer, short(after-before))
		}
		return fmt.Sprintf(shorter, short(before-after))
	}
}

// since has words for a later end of what begins at a time of day, and for an earlier one. It may last over midnight.
func since(from time.Duration, later, earlier string) func(old, new any) string {
	return func(old, new any) string {
		before, known := old.(daytime)
		after, set := new.(daytime)
		if !known || !set {
			return ""
		}
		return longer(later, earlier)(lasting(from, time.Duration(before)), lasting(from, time.Duration(after)))
	}
}

// until has words for a later beginning of what ends at a time of day, and for an earlier one.
func until(to time.Duration, later, earlier string) func(old, new any) string {
	return func(old, new any) string {
		before, known := old.(daytime)
		after, set := new.(daytime)
		if !known || !set {
			return ""
		}
		return longer(earlier, later)(lasting(time.Duration(before), to), lasting(time.Duration(after), to))
	}
}

// lasting is the time from one time of day to the next other one: a day where they are the same.
func lasting(from, to time.Duration) time.Duration {
	const day = 24 * time.Hour
	if long := (to - from + day) % day; long > 0 {
		return long
	}
	return day
}

func real(v any) float64 {
	switch v := v.(type) {
	case int:
		return float64(v)
	case float64:
		return v
	case time.Duration:
		return float64(v)
	}
	return 0
}

func fewest(old, new any) string {
	before, known := old.(int)
	after, set := new.(int)
	switch {
	case !known || !set:
		return ""
	case after > before:
		return fmt.Sprintf("at least %d more %s", after-before, replicas(after-before))
	}
	return fmt.Sprintf("down to %d fewer %s", before-after, replicas(before-after))
}

func most(old, new any) string {
	before, known := old.(int)
	after, set := new.(int)
	switch {
	case !known || !set:
		return ""
	case after > before:
		return fmt.Sprintf("up to %d more %s", after-before, replicas(after-before))
	}
	return fmt.Sprintf("at most %d, %d fewer", after, before-after)
}

func widest(_, new any) string {
	if new == nil {
		return "one decision may add or remove any number"
	}
	return fmt.Sprintf("one decision adds or removes at most %d", new)
}

// held is what another target asks for: replicas are in inverse proportion to it.
func held(old, new any) string {
	before, after := real(old), real(new)
	if before <= 0 || after <= 0 {
		return ""
	}
	percent := 100 * (before/after - 1)
	switch size := math.Round(math.Abs(percent)); {
	case size == 0:
		return ""
	case percent > 0:
		return fmt.Sprintf("about %.0f %% more replicas for the same load", size)
	default:
		return fmt.Sprintf("about %.0f %% fewer replicas for the same load", size)
	}
}

func selected(_, new any) string {
	switch new {
	case "most":
		return "of several limits the one that allows the most holds"
	case "least":
		return "of several limits the one that allows the least holds"
	}
	return ""
}

func missing(_, new any) string {
	if new == "ignore" {
		return "may scale down while it is not ok"
	}
	return "no scale-down while it is not ok"
}

func pauses(old, new any) string {
	switch {
	case old == nil:
		return "holds while the window lasts"
	case new == nil:
		return "no longer holds while the window lasts"
	}
	return "the reason alone is another"
}

// decides says which strategies have a say now, and which no longer.
func decides(old, new any) string {
	before, after := strategies(old), strategies(new)
	var come, gone []string
	for _, s := range after {
		if !slices.Contains(before, s) {
			come = append(come, s)
		}
	}
	for _, s := range before {
		if !slices.Contains(after, s) {
			gone = append(gone, s)
		}
	}
	switch {
	case come == nil && gone == nil:
		return "of equal answers another one comes first"
	case gone == nil:
		return strings.Join(come, ", ") + " has a say too, and the highest answer wins"
	case come == nil:
		return strings.Join(gone, ", ") + " has no say any more"
	}
	return fmt.Sprintf("%s in the place of %s", strings.Join(come, ", "), strings.Join(gone, ", "))
}

func strategies(v any) []string {
	all, _ := v.(string)
	return strings.Split(all, ", ")
}

func replicas(n int) string {
	if n == 1 {
		return "replica"
	}
	return "replicas"
}
