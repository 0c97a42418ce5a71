package diff

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// fields are what a policy says, but for its lists. other is the policy that it is compared with.
func fields(p, other engine.Policy) []Field {
	all := []Field{
		{"enabled", p.Enabled, nil},
		{"mode", string(p.Mode), nil},
		{"service", p.Service, nil},
		{"target.driver", p.Target.Driver, nil},
		{"target.project", text(p.Target.Project), nil},
		{"minReplicas", p.MinReplicas, fewest},
		{"maxReplicas", p.MaxReplicas, most},
		{"strategy", strings.Join(p.Strategies, ", "), decides},
		{"scaleUpBy", p.ScaleUpBy, by("threshold adds %d at once")},
		{"scaleDownBy", p.ScaleDownBy, by("threshold removes %d at once")},
		{"maxStep", count(p.MaxStep), widest},
		{"minConfidence", p.MinConfidence, more("holds more recommendations", "holds fewer recommendations")},
		{"evaluationInterval", p.EvaluationInterval, more("decides less often", "decides more often")},
	}
	all[0].Means = func(any, any) string { return turns(other, p) }
	if p.Enabled == other.Enabled { // else it is said of enabled
		all[1].Means = all[0].Means
	}
	all = append(all, cooldown(p.Cooldown, other.Cooldown)...)
	all = append(all,
		Field{"stabilization.up", p.Stabilization.Up, longer("a raise must be wished for %s longer", "a raise need be wished for %s less long")},
		Field{"stabilization.down", p.Stabilization.Down, longer("a lowering must be wished for %s longer", "a lowering need be wished for %s less long")},
	)
	all = append(all, pace("up", "more", p.Rates.Up)...)
	all = append(all, pace("down", "fewer", p.Rates.Down)...)
	all = append(all,
		Field{"forecast.season", span(p.Forecast.Season), nil},
		Field{"forecast.horizon", span(p.Forecast.Horizon), longer("prepares for what is expected %s later", "looks %s less far ahead")},
	)
	return append(all, rollout(p.Rollout)...)
}

// cooldown is named as authors name it who want the same rest in both directions, where both policies do.
func cooldown(c, other engine.UpDown) []Field {
	if c.Up == c.Down && other.Up == other.Down {
		return []Field{{"cooldownPeriod", c.Up, longer("the next change may come %s later", "the next change may come %s earlier")}}
	}
	return []Field{
		{"cooldown.up", c.Up, longer("a second raise may come %s later", "a second raise may come %s earlier")},
		{"cooldown.down", c.Down, longer("a lowering may come %s later", "a lowering may come %s earlier")},
	}
}

// pace is the limits of one direction, in which there are more or fewer. Of two of a kind and a period only one ever holds.
func pace(direction, compared string, p engine.Pace) []Field {
	var all []Field
	at := map[string]int{}
	for _, r := range p.Limits {
		kind, n, unit := "replicas", r.Replicas, ""
		if r.Percent > 0 {
			kind, n, unit = "percent", r.Percent, " %%"
		}
		name := fmt.Sprintf("rates.%s[%s a %s]", direction, kind, short(r.Period))
		i, twice := at[name]
		switch {
		case !twice:
			at[name] = len(all)
			all = append(all, Field{name, n, by("at most %d" + unit + " " + compared + " within " + short(r.Period))})
		case p.Least == (n < all[i].Value.(int)):
			all[i].Value = n
		}
	}
	if len(all) > 1 {
		selects := "most"
		if p.Least {
			selects = "least"
		}
		all = append(all, Field{"rates.select." + direction, selects, selected})
	}
	return all
}

func rollout(r engine.Rollout) []Field {
	all := []Field{
		{"rollout.readyDeadline", span(r.ReadyDeadline), longer("new replicas get %s longer to become ready", "new replicas get %s less to become ready")},
		{"rollout.minReady", r.MinReady, longer("new replicas count %s later", "new replicas count %s earlier")},
		{"rollout.warmup", r.Warmup, longer("leaves out samples of new replicas for %s longer", "leaves out samples of new replicas for %s less")},
		{"rollout.drainDelay", r.DrainDelay, longer("a stop takes %s longer", "a stop takes %s less")},
		{"rollout.drain.exec", nil, nil},
		{"rollout.drain.http", nil, nil},
	}
	if r.Drain.Exec != nil {
		all[4].Value = quoted(r.Drain.Exec)
	}
	if c := r.Drain.HTTP; c != nil {
		all[5].Value = fmt.Sprintf("%s %s:%d%s", c.Method, c.Service, c.Port, c.Path)
	}
	if r.Drain.Exec != nil || r.Drain.HTTP != nil {
		all = append(all, Field{"rollout.drain.timeout", r.Drain.Timeout, longer("a drain may take %s longer", "a drain may take %s less")})
	}
	return all
}

func quoted(words []string) string {
	all := make([]string, len(words))
	for i, word := range words {
		all[i] = strconv.Quote(word)
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// text is nil where nothing is written.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func count(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

func span(d time.Duration) any {
	if d == 0 {
		return nil
	}
	return d
}
