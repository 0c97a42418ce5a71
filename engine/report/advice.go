package report

import (
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// The limits from which on numbers speak. Shares are of the watched time.
const (
	unreadShare  = 0.05      // of metrics that are not ok
	failedShare  = 0.01      // of evaluations at which the rules fail
	badShare     = 0.1       // of changes that do not succeed,
	leastEnded   = 5         // of so many at least
	atMaxShare   = 0.2       // at the maximum,
	pastMaxShare = 0.02      // and past scaleUp there
	budgetShare  = 0.05      // of raises that the budget holds back
	pastShare    = 0.05      // past scaleUp below the maximum
	mostFlaps    = 2         // in all
	aloneShare   = 0.1       // of one metric that keeps the rest from scaling down,
	aloneLeast   = time.Hour // and so long at least
	atMinShare   = 0.95      // at the minimum
	watchedShare = 0.9       // of the range
	mostAdvice   = 3         // lines a policy

	leastWatched = 5 * time.Minute // before which nothing speaks
)

// rule is one piece of advice on the numbers of a policy; empty where they do not speak.
type rule func(a Account, service string) string

// rules are in the order of what is worth knowing first: what can't be trusted, then what hurts, then what it costs.
var rules = [...]rule{
	unread, rulesFail, changesFail, atMaximum, overBudget, late, flapping, aloneUp, idle, unwatched,
}

func advise(a Account, service string) []string {
	if a.Watched.Seconds < leastWatched.Seconds() {
		return nil
	}
	var advice []string
	for _, r := range rules {
		if text := r(a, service); text != "" && len(advice) < mostAdvice {
			advice = append(advice, text)
		}
	}
	return advice
}

func unread(a Account, _ string) string {
	if a.Unknown.Share < unreadShare {
		return ""
	}
	return fmt.Sprintf("metrics were not ok for %s of the time: flyball doctor tries their sources; a perReplica window also begins anew at every change", percent(a.Unknown.Share))
}

func rulesFail(a Account, _ string) string {
	if a.RulesFailed == 0 || float64(a.RulesFailed) < failedShare*float64(a.Evaluations) {
		return ""
	}
	return fmt.Sprintf("the rules gave no usable answer %s: flyball eval shows what they answer", times(a.RulesFailed))
}

func changesFail(a Account, service string) string {
	bad := a.Events.Partial + a.Events.Failed + a.Events.RolledBack + a.Events.Interrupted
	ended := a.Events.Up + a.Events.Down + a.Events.ByHand + a.Events.Restored - a.Events.Open
	if a.Mode == engine.Shadow || ended < leastEnded || float64(bad) < badShare*float64(ended) {
		return ""
	}
	return fmt.Sprintf("%d of %d changes did not succeed: flyball history %s says why", bad, ended, service)
}

func atMaximum(a Account, _ string) string {
	if a.AtMax.Share < atMaxShare || a.PastAtMax.Share < pastMaxShare {
		return ""
	}
	return fmt.Sprintf("at the maximum for %s of the time, and past scaleUp there for %s: raise maxReplicas, or give each replica more to work with",
		percent(a.AtMax.Share), percent(a.PastAtMax.Share))
}

func overBudget(a Account, _ string) string {
	held := 0.0
	for _, v := range a.Vetoes {
		switch v.Reason {
		case "BudgetExhausted", "BudgetUnknown", "NoRoom":
			held += v.Seconds
		}
	}
	if held == 0 || held < budgetShare*a.Watched.Seconds {
		return ""
	}
	return fmt.Sprintf("there was no room for a raise for %s: raise MAX_TOTAL_REPLICAS, or give the engine's host more memory", long(held))
}

func late(a Account, _ string) string {
	room := a.Past.Share - a.PastAtMax.Share
	if room < pastShare {
		return ""
	}
	return fmt.Sprintf("past scaleUp for %s of the time with room to grow: lower scaleUp, raise scaleUpBy, or shorten cooldown.up or the window",
		percent(room))
}

func flapping(a Account, _ string) string {
	if a.Flaps <= mostFlaps {
		return ""
	}
	return fmt.Sprintf("%d flaps: widen the gap between scaleUp and scaleDown, or lengthen cooldown.down", a.Flaps)
}

func aloneUp(a Account, _ string) string {
	if len(a.Alone) == 0 || a.Alone[0].Share < aloneShare || a.Alone[0].Seconds < aloneLeast.Seconds() {
		return ""
	}
	return fmt.Sprintf("%s alone kept it from scaling down for %s: raise its scaleDown, or do without it", a.Alone[0].Metric, long(a.Alone[0].Seconds))
}

// idle leaves a minimum of one alone: there is nothing below it.
func idle(a Account, _ string) string {
	if a.AtMin.Share < atMinShare || a.Past.Seconds > 0 || a.Unknown.Share >= unreadShare || a.Least < 2 {
		return ""
	}
	return fmt.Sprintf("at the minimum for %s of the time, and never past scaleUp: lower minReplicas", percent(a.AtMin.Share))
}

func unwatched(a Account, _ string) string {
	if a.Watched.Share >= watchedShare {
		return ""
	}
	return fmt.Sprintf("watched for %s of the time: the rest is not counted", percent(a.Watched.Share))
}

// compare sets each shadow beside the live policy, where both were watched for about as long, and for a while.
func compare(policies []Account) []string {
	if len(policies) == 0 || policies[0].Mode != engine.Live {
		return nil
	}
	did := policies[0]
	var lines []string
	for _, would := range policies[1:] {
		shorter, longer := min(did.Watched.Seconds, would.Watched.Seconds), max(did.Watched.Seconds, would.Watched.Seconds)
		if shorter < max(leastWatched.Seconds(), watchedShare*longer) || did.Mean == 0 {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s would have run %.2f replicas on average instead of %.2f (%+.0f %%), past its scaleUp for %s of the time instead of %s",
			would.Policy, would.Mean, did.Mean, 100*(would.Mean-did.Mean)/did.Mean, percent(would.Past.Share), percent(did.Past.Share)))
	}
	return lines
}

// percent writes a share without saying nothing of little, or everything of nearly all.
func percent(share float64) string {
	switch p := 100 * share; {
	case p > 0 && p < 1:
		return "under 1 %"
	case p > 99 && p < 100:
		return "over 99 %"
	default:
		return fmt.Sprintf("%.0f %%", p)
	}
}

// long writes a length of time as people say it.
func long(seconds float64) string {
	switch hours := seconds / 3600; {
	case hours >= 48:
		return fmt.Sprintf("%.0f days", hours/24)
	case hours >= 2:
		return fmt.Sprintf("%.0f hours", hours)
	case seconds >= 120:
		return fmt.Sprintf("%.0f minutes", seconds/60)
	}
	return fmt.Sprintf("%.0f seconds", seconds)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
