package notify

import "time"

// The reasons of troubles.
const (
	PoliciesUnusable = "PoliciesUnusable" // the files on disk can't be used, and those before stay at work
	PoliciesLeftOut  = "PoliciesLeftOut"  // policies that came by the API are not at work
	RulesFail        = "RulesFail"        // the rules of a policy give no usable answer
	NothingDecided   = "NothingDecided"   // the cycle of a policy ends before it has decided
	Unobservable     = "Unobservable"     // there is no such service, or the engine can't be asked
	NoneReady        = "NoneReady"        // no replica of a service is ready
	MetricsDoubtful  = "MetricsDoubtful"  // metrics are missing, stale or invalid
	BudgetExhausted  = "BudgetExhausted"  // more replicas are wished for than all services together may have
	MaximumReached   = "MaximumReached"   // more are wished for than the policy allows
)

// code is what there is to know of a reason.
type code struct {
	reason string
	kind   Kind
	lasts  time.Duration // so long it must be so before it is told: what comes and goes sooner is no trouble
	plain  bool          // one look tells: the next is not before something has changed
	over   string        // what is said when it is over
}

var codes = []code{
	{PoliciesUnusable, PolicyError, 0, true, "the policies can be used again"},
	{PoliciesLeftOut, PolicyError, 0, true, "none of the policies by API is left out any more"},
	{RulesFail, PolicyError, 0, false, "the rules answer again"},
	{NothingDecided, PolicyError, 0, false, "it is decided again"},
	{Unobservable, Unavailable, 30 * time.Second, false, "it can be observed again"},
	{NoneReady, Unavailable, 2 * time.Minute, false, "replicas are ready again"},
	{MetricsDoubtful, Unavailable, 10 * time.Minute, false, "all metrics can be trusted again"},
	{BudgetExhausted, Exhausted, time.Minute, false, "what is wished for may be had again"},
	{MaximumReached, Exhausted, 15 * time.Minute, false, "no more is wished for than the maximum"},
}

// codeOf is that of a reason. One of another version of flyball is an error of some policy.
func codeOf(reason string) code {
	for _, c := range codes {
		if c.reason == reason {
			return c
		}
	}
	return code{reason: reason, kind: PolicyError, over: "it is well again"}
}
