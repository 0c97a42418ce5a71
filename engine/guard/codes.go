package guard

// Codes are the reasons that gates and stages give, in their order, and the one of a decision that nobody gave one for.
func Codes() []string {
	return []string{
		"Disabled", "PolicyDisabled", "Paused", "PausedBySchedule", // enabled
		"Stopped",
		"RolloutInProgress",
		"Drift",
		"BelowMinimum", "AboveMaximum", "AtMaximum", "AtMinimum", // bounds
		"NoMetrics", "MetricStale", "MetricMissing", "MetricInvalid", "MetricPartial", "NoBaseline", "RuleFailed", // observed
		"LowConfidence",
		"AnticipatedFlap",
		"Stabilizing",
		"StepLimited", "RateLimited", // step
		"CooldownActive",
		"NoRoom", "BudgetUnknown", "BudgetExhausted", // budget
		"BackoffActive",
		"NoReason",
	}
}
