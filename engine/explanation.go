package engine

import "time"

// Line is one line of a rule, and what it came to.
type Line struct {
	Strategy string  `json:"strategy"`
	Rule     string  `json:"rule"` // shop.checkout.recommendation
	File     string  `json:"file"`
	Line     int     `json:"line"`
	Text     string  `json:"text"`
	Head     bool    `json:"head,omitempty"` // the rule itself, or a branch of it; those after it, until the next head, are its conditions
	Verdict  Verdict `json:"verdict"`
	Values   string  `json:"values,omitempty"` // what stood on it: 64 > 70, n = 2
}

// Verdict is what a line of a rule came to. A rule stops at the first line that does not hold.
type Verdict string

const (
	Holds  Verdict = "holds"
	Fails  Verdict = "fails"
	Breaks Verdict = "breaks" // it ended in an error, and so did the rule
)

// Voice is what one of several strategies answers by itself.
type Voice struct {
	Strategy string `json:"strategy"`
	Action   Action `json:"action"`
	Replicas int    `json:"replicas"`
	Wins     bool   `json:"wins,omitempty"`  // its answer is that of all of them
	Error    string `json:"error,omitempty"` // why it gave no usable answer, which is no vote for fewer
}

// Alternative is one thing that would have to be different for another outcome, and that outcome.
type Alternative struct {
	Kind    AlternativeKind `json:"kind"`
	Metrics []Move          `json:"metrics,omitempty"` // all of them together
	At      time.Time       `json:"at,omitzero"`       // of kind time: when it would be so
	Stage   string          `json:"stage,omitempty"`   // of kind guard: the stage, and the reason it gave
	Reason  string          `json:"reason,omitempty"`
	Without string          `json:"without,omitempty"` // of kind strategy: the one that is left out
	Field   string          `json:"field,omitempty"`   // what to change for that; empty: nothing that is written down
	Once    []Wait          `json:"once,omitempty"`    // what has to be over as well

	Action  Action `json:"action"`
	To      int    `json:"to"`
	Message string `json:"message"`
}

// AlternativeKind says of what kind an alternative is.
type AlternativeKind string

const (
	ByMetric   AlternativeKind = "metric"   // a metric reads something else
	ByStrategy AlternativeKind = "strategy" // one of several strategies is left out
	ByTime     AlternativeKind = "time"     // nothing changes but the time
	ByGuard    AlternativeKind = "guard"    // a stage of the guard has nothing to say
)

// Move is a metric that reads something else.
type Move struct {
	Metric string   `json:"metric"`
	Now    *float64 `json:"now,omitempty"` // absent: it is not ok
	Status Status   `json:"status"`        // now
	Bound  float64  `json:"bound"`
	Side   Side     `json:"side"`
	Value  float64  `json:"value"`            // one that it may read for the outcome
	Within float64  `json:"within,omitempty"` // how far from the bound the outcome may begin; 0: it is exact
}

// Side says where from a bound a metric has to read.
type Side string

const (
	Above   Side = "above"
	Below   Side = "below"
	AtLeast Side = "at least"
	AtMost  Side = "at most"
)

// Wait is a stage of the guard that has to have nothing to say any more.
type Wait struct {
	Stage   string    `json:"stage"`
	Reason  string    `json:"reason"`
	Field   string    `json:"field,omitempty"` // what to change for that
	Until   time.Time `json:"until,omitzero"`  // when that is so; zero: nobody knows
	Message string    `json:"message"`
}
