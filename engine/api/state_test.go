package api

import (
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

func TestStateOf(t *testing.T) {
	evaluated := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	until := time.Date(2026, 1, 1, 14, 0, 0, 0, time.UTC)
	amiss := func(kind, reason, message string) []engine.Condition {
		return []engine.Condition{
			{Type: "Able", Status: true, Reason: "NothingInTheWay"}, {Type: "Vetoes", Metric: "cpu", Status: true, Reason: reason},
			{Type: kind, Status: kind == "Limited", Reason: reason, Message: message, Since: evaluated.Add(-time.Minute)},
		}
	}
	held := func(kind, reason, message string) func(*around) {
		return func(a *around) {
			a.p.Reason, a.p.Message, a.p.Conditions = reason, message, amiss(kind, reason, message)
		}
	}
	sale := Pause{Actor: "ana", Reason: "a sale"}
	for name, c := range map[string]struct {
		with []func(*around)
		want State
	}{
		"as one wishes": {nil, State{Name: IsActive}},
		"its author turned it off": {with(func(a *around) { a.p.Enabled, a.p.Error = false, "no such service" }),
			State{Name: IsDisabled, Why: "the policy says enabled: false"}},
		"nothing is decided": {with(func(a *around) { a.p.Error = "observe web: no such service"; a.p.Pause = &sale }),
			State{Name: IsFailing, Why: "observe web: no such service"}},
		"a change goes on": {with(func(a *around) {
			a.p.Open = &engine.Event{Action: engine.ScaleUp, From: 2, To: 3}
			a.p.Cooldown = &Cooldown{UpSeconds: 60, DownSeconds: 60}
		}), State{Name: IsScaling, Why: "scale_up to 3"}},
		"a change goes on though it is paused": {with(func(a *around) {
			a.p.Open, a.p.Pause = &engine.Event{Action: engine.ScaleDown, From: 2, To: 1}, &sale
		}), State{Name: IsScaling, Why: "scale_down to 1"}},
		"paused until a time": {with(func(a *around) {
			a.p.Pause = &Pause{Actor: "ana", Reason: "a sale", Until: &until, Seconds: 7200}
			a.p.Cooldown = &Cooldown{UpSeconds: 60}
		}), State{Name: IsPaused, Why: "by ana: a sale", Seconds: 7200}},
		"paused with all others":            {with(func(a *around) { a.all = &sale; a.enabled = false }), State{Name: IsPaused, Why: "by ana: a sale"}},
		"paused for longer than all others": {with(func(a *around) { a.p.Pause = &sale; a.all = &Pause{Actor: "bob", Until: &until, Seconds: 7200} }), State{Name: IsPaused, Why: "by ana: a sale"}},
		"paused for less long than all others": {with(func(a *around) {
			a.p.Pause = &Pause{Actor: "ana", Reason: "a sale", Until: &until, Seconds: 7200}
			later := until.Add(time.Hour)
			a.all = &Pause{Actor: "bob", Reason: "the night", Until: &later, Seconds: 10800}
		}), State{Name: IsPaused, Why: "by bob: the night", Seconds: 10800}},
		"paused until a time, and all until somebody resumes": {with(func(a *around) {
			a.p.Pause = &Pause{Actor: "ana", Reason: "a sale", Until: &until, Seconds: 7200}
			a.all = &Pause{Actor: "bob", Reason: "the night"}
		}), State{Name: IsPaused, Why: "by bob: the night"}},
		"paused by its schedule": {with(held("Able", "PausedBySchedule", "paused by the policy's schedule: nights")), State{Name: IsPaused, Why: "paused by the policy's schedule: nights"}},
		"autoscaling is off":     {with(func(a *around) { a.enabled = false; a.p.Cooldown = &Cooldown{UpSeconds: 60} }), State{Name: IsOff, Why: "autoscaling is off; turn it on with flyball enable"}},
		"a shadow while it is":   {with(func(a *around) { a.enabled, a.p.Mode = false, engine.Shadow }), State{Name: IsShadow, Why: "nothing is touched, and autoscaling is off"}},
		"a shadow":               {with(func(a *around) { a.p.Mode = engine.Shadow; a.p.Cooldown = &Cooldown{UpSeconds: 60} }), State{Name: IsShadow, Why: "nothing is touched"}},
		"a dry run":              {with(func(a *around) { a.dryRun, a.enabled, a.p.Mode = true, false, engine.Shadow }), State{Name: IsShadow, Why: "dry run: nothing is touched"}},
		"turned on since":        {with(held("Able", "Disabled", "autoscaling is off")), State{Name: IsActive}},
		"resumed since":          {with(held("Able", "Paused", "paused by ana until resumed: a sale")), State{Name: IsActive}},
		"cooling down":           {with(cooled(60, 300)), State{Name: IsCooling, Why: "scaling up and down waits", Seconds: 300}},
		"after a scale-down":     {with(cooled(0, 300)), State{Name: IsCooling, Why: "scaling down waits", Seconds: 300}},
		"after what was done":    {with(cooled(90, 0)), State{Name: IsCooling, Why: "scaling up waits", Seconds: 90}},
		"the cooldown holds it":  {with(held("Limited", "AtMaximum", "wished for 9, the maximum is 5"), cooled(60, 60), func(a *around) { a.p.Reason = "CooldownActive" }), State{Name: IsCooling, Why: "scaling up and down waits", Seconds: 60}},
		"the budget holds it":    {with(held("Limited", "BudgetExhausted", "wished for 3: no room"), cooled(60, 60)), State{Name: IsBlocked, Why: "BudgetExhausted: wished for 3: no room"}},
		"a raise that is cut":    {with(held("Limited", "StepLimited", "wished for 9"), func(a *around) { a.p.Action = engine.ScaleUp }), State{Name: IsActive}},
		"a rollout of others":    {with(held("Able", "RolloutInProgress", "docker compose up")), State{Name: IsBlocked, Why: "RolloutInProgress: docker compose up"}},
		"its own change, which has ended since": {with(held("Able", "RolloutInProgress", "1 → 2 has not ended"), func(a *around) {
			ended := evaluated.Add(time.Second)
			a.p.LastScaling = &ended
		}, cooled(60, 60)), State{Name: IsCooling, Why: "scaling up and down waits", Seconds: 60}},
		"a change long ago": {with(held("Able", "RolloutInProgress", "docker compose up"), func(a *around) {
			ended := evaluated.Add(-time.Second)
			a.p.LastScaling = &ended
		}), State{Name: IsBlocked, Why: "RolloutInProgress: docker compose up"}},
		"a doubtful metric": {with(held("Informed", "MetricStale", "mem is stale (3m old)")), State{Name: IsBlocked, Why: "MetricStale: mem is stale (3m old)"}},
		"a metric that begins": {with(held("Informed", "MetricMissing", "cpu is missing"), func(a *around) {
			a.p.Conditions[2].Since = evaluated.Add(-59 * time.Second)
		}), State{Name: IsActive}},
		"one that holds nothing":  {with(held("Informed", "MetricStale", "mem is stale"), func(a *around) { a.p.Reason = "WithinBounds" }), State{Name: IsActive}},
		"a reason without a word": {with(held("Able", "Stopped", "")), State{Name: IsBlocked, Why: "Stopped"}},
		"backing off": {with(func(a *around) { a.p.Backoff = &Backoff{Failures: 2, Seconds: 30, Error: "exit 1"} }, cooled(60, 60)),
			State{Name: IsBlocked, Why: "backing off (2 failed); the last: exit 1", Seconds: 30}},
		"the back-off is over": {with(func(a *around) { a.p.Backoff = &Backoff{Failures: 2, Error: "exit 1"} }), State{Name: IsActive}},
	} {
		t.Run(name, func(t *testing.T) {
			a := around{enabled: true, p: PolicyStatus{
				Name: "web", Service: "web", Enabled: true, Mode: engine.Live, Action: engine.Hold, Reason: "WithinBounds", LastEvaluation: &evaluated,
				Conditions: amiss("Informed", "MetricsOK", "")[:2],
			}}
			for _, do := range c.with {
				do(&a)
			}
			if got := StateOf(a.p, a.enabled, a.dryRun, a.all); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// around is what a state is made of.
type around struct {
	p               PolicyStatus
	enabled, dryRun bool
	all             *Pause
}

func with(all ...func(*around)) []func(*around) { return all }

func cooled(up, down float64) func(*around) {
	return func(a *around) { a.p.Cooldown = &Cooldown{UpSeconds: up, DownSeconds: down} }
}
