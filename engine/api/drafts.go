package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/diff"
)

// Drafts is what an author asks of a daemon before a policy is saved, and of how it came to be what it is.
type Drafts interface {
	// Source is the text of a policy as it stands now, with what is wrong in it, also where that keeps it from being at work.
	Source(ctx context.Context, name string) (Source, error)
	// CheckPolicy says what is wrong with a policy in JSON, in the place of the one of its name. Nothing is saved.
	CheckPolicy(ctx context.Context, name string, body []byte) ([]engine.Problem, error)
	// Revisions are those of a policy that are on record, the newest first.
	Revisions(ctx context.Context, name string, limit int) ([]Revised, error)
	// Between says what changes in meaning from one revision of a policy to another; nil: nothing does.
	Between(ctx context.Context, name, from, to string) (*diff.Policy, error)
	// Try runs a policy in JSON, and the one of its name that is at work, on what was recorded of the load.
	Try(ctx context.Context, name string, t Trial) (Tried, error)
}

// Source is a policy as its author wrote it, where it stands.
type Source struct {
	Policy   string `json:"policy"`
	Kind     string `json:"kind" enum:"file,api"`
	Path     string `json:"path,omitempty" doc:"Of the file"`
	Line     int    `json:"line,omitempty" doc:"In the file, where the policy at work begins"`
	Language string `json:"language" enum:"cue,json,yaml,txtar"`
	Text     string `json:"text" doc:"The whole file as it is now, also where it can't be used; addresses that are secrets in themselves are crossed out. Of a policy by API: its JSON, indented"`
	Editable bool   `json:"editable" doc:"Whether this API can change it"`
	Revision string `json:"revision,omitempty" doc:"That is at work; absent: none is"`
	ETag     string `json:"etag"`
	Problems []Flaw `json:"problems" nullable:"false"`
	Rules    []Text `json:"rules" nullable:"false" doc:"Of its author, in Rego, which it is answered by"`
}

// Text is a file with what is wrong in it.
type Text struct {
	Name     string `json:"name"`
	Text     string `json:"text"`
	Problems []Flaw `json:"problems" nullable:"false"`
}

// Flaw is one thing that is wrong, at its place in a text.
type Flaw struct {
	Path     string `json:"path,omitempty" doc:"The field, such as thresholds[0].scaleDown"`
	Line     int    `json:"line" doc:"From 1; 0: the text as a whole"`
	Column   int    `json:"column" doc:"From 1, in bytes"`
	Severity string `json:"severity" enum:"error,warning"`
	Rule     string `json:"rule,omitempty" doc:"Of a warning: the lint rule that it comes of"`
	Message  string `json:"message"`
}

// FlawOf is a problem without its file.
func FlawOf(p engine.Problem) Flaw {
	f := Flaw{Path: p.Path, Line: p.Line, Column: p.Column, Severity: "error", Rule: p.Rule, Message: p.Message}
	if p.Warning {
		f.Severity = "warning"
	}
	return f
}

// Revised is a revision of a policy, without what it says.
type Revised struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at" doc:"When it was first at work"`
	Commit  string    `json:"commit,omitempty" doc:"Of the git repository that it was in, as committed there"`
	Current bool      `json:"current" doc:"It is at work now"`
}

// Trial is what is to be tried.
type Trial struct {
	Policy    json.RawMessage
	Last      time.Duration      // of what was recorded
	Metric    string             // the load; empty: what is recorded of the requests, else of the CPU
	Capacity  float64            // requests a minute that one replica can do; 0: as was recorded
	Constants map[string]float64 // what metrics read that the model does not have
}

// Tried is what came of it.
type Tried struct {
	Trace     Recorded   `json:"trace"`
	Step      int        `json:"step" doc:"Seconds from one value to the next, from the beginning of the trace on"`
	Need      []int      `json:"need" nullable:"false" doc:"Replicas needed, the most of each step"`
	Old       *Outcome   `json:"old,omitempty" doc:"Of the policy at work; absent: there is none"`
	New       Outcome    `json:"new"`
	Decisions *Disagreed `json:"decisions,omitempty" doc:"What both decide at the same moments; absent: there is no old policy"`
	Notes     []string   `json:"notes" nullable:"false" doc:"What is to be known of the rest, such as metrics that the model does not have"`
}

// Recorded is the load that policies are tried on.
type Recorded struct {
	Metric   string    `json:"metric"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Rows     int       `json:"rows"`
	Unit     string    `json:"unit" enum:"rpm,percent" doc:"Requests a minute, or percent of what one replica can do"`
	Capacity float64   `json:"capacity" doc:"Requests a minute that one replica is taken to be able to do"`
	Delay    float64   `json:"startDelaySeconds" doc:"From the order of a replica until it serves"`
}

// Outcome is what a policy came to on a trace.
type Outcome struct {
	Figures  Figures `json:"figures"`
	Replicas []int   `json:"replicas" nullable:"false" doc:"Ready ones, the most of each step"`
	Low      []int   `json:"low" nullable:"false" doc:"The fewest of each step"`
}

// Figures are those of a backtest.
type Figures struct {
	ViolationSeconds int     `json:"violationSeconds" doc:"Seconds that ended with requests waiting longer than 1 s"`
	ReplicaHours     float64 `json:"replicaHours" doc:"Ready and starting ones"`
	Under            float64 `json:"under" doc:"How far the replicas were under what was needed, in percent"`
	Over             float64 `json:"over" doc:"How far they were over it, in percent"`
	TimeUnder        float64 `json:"timeUnder" doc:"Percent of the time with too few"`
	TimeOver         float64 `json:"timeOver" doc:"Percent of the time with too many"`
	Unstable         float64 `json:"unstable" doc:"Percent of the time in which they did not move with the need"`
	Changes          int     `json:"changes" doc:"Of the count that was ordered"`
	FlapsPerHour     float64 `json:"flapsPerHour" doc:"Changes of direction within 10 minutes of the last change"`
	MeanReplicas     float64 `json:"meanReplicas"`
	MostReplicas     int     `json:"mostReplicas"`
	Decisions        int     `json:"decisions"`
}

// Disagreed is where the new policy would have decided otherwise than the old one, at the replicas that the old one made.
type Disagreed struct {
	Total     int          `json:"total" doc:"Decisions in all"`
	Differ    int          `json:"differ"`
	Replicas  int          `json:"differInReplicas" doc:"Of those: not by their reason alone"`
	Stretches int          `json:"stretches" doc:"That those which differ make"`
	Groups    []diff.Group `json:"groups" nullable:"false" doc:"The most frequent first"`
	First     []Apart      `json:"first" nullable:"false" doc:"The first stretches, the oldest first"`
}

// Apart is a stretch of time in which the decisions differ in the same way.
type Apart struct {
	From  time.Time `json:"from"`
	To    time.Time `json:"to" doc:"The last of its decisions"`
	Count int       `json:"count"`
	Old   Decided   `json:"old" doc:"At the first of them"`
	New   Decided   `json:"new"`
}

// Decided is a decision in short.
type Decided struct {
	Action  engine.Action `json:"action"`
	Reason  string        `json:"reason"`
	From    int           `json:"from"`
	To      int           `json:"to"`
	Message string        `json:"message"`
}
