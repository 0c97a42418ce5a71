package rego

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

// hpa is the number of replicas that Kubernetes' Horizontal Pod Autoscaler would ask for, written after the description of its
// algorithm: so many replicas are heard of and read v in the mean, so many are ready and silent, so many are not ready.
func hpa(v, target, tolerance float64, heard, silent, unready int) int {
	current := heard + silent + unready
	near := func(ratio float64) bool { return rounded(math.Abs(ratio-1)) <= tolerance }
	if heard == 0 {
		return current // it has no metrics
	}
	ratio := v / target
	load, counted, full := v/target*float64(heard), heard, 0
	switch {
	case ratio > 1: // all that is not known is idle
		counted += silent + unready
	case ratio < 1: // what is silent is at the target, what is not ready is left out
		counted, full = counted+silent, silent
	}
	again := (load + float64(full)) / float64(counted)
	if near(again) || ratio < 1 && again > 1 || ratio > 1 && again < 1 {
		return current
	}
	asked := wholly(load) + full
	if again < 1 && asked > current || again > 1 && asked < current {
		return current
	}
	return max(0, asked)
}

// average is the same for an AverageValue: a value of the whole service, of which a replica is to carry the target. What does
// not hear of some replicas lacks their share.
func average(v, target, tolerance float64, ready, silent, unready int) int {
	current := ready + silent + unready
	up, down := v/target, v/target+float64(silent)
	switch {
	case rounded((up-float64(current))/float64(max(1, current))) > tolerance:
		return wholly(up)
	case current > unready && rounded(1-down/float64(current-unready)) > tolerance: // those that are not ready carry nothing yet
		return max(0, wholly(up)+silent)
	}
	return current
}

// wholly rounds a load up to whole replicas, but for errors of rounding.
func wholly(load float64) int { return int(math.Ceil(rounded(math.Round(load*1e6) / 1e6))) }

// trackingReference is target tracking, and with ahead the predictive strategy, written by hand in Go.
func trackingReference(p engine.Policy, s engine.Snapshot, ahead bool) engine.Recommendation {
	type asking struct {
		replicas int
		share    float64
		up, down float64
		reason   engine.Reason
	}
	n := s.Service.Replicas
	var counts []asking
	var doubt, ignored []engine.Reason
	total := 0.0
	for _, t := range p.Targets {
		m, _ := p.Metric(t.Metric)
		total += m.Weight
	}
	for _, t := range p.Targets {
		m, _ := p.Metric(t.Metric)
		r, code := sighted(s, t.Metric)
		if code != "" {
			if m.OnMissing == "ignore" {
				ignored = append(ignored, engine.Reason{Code: "MetricIgnored", Metric: t.Metric})
			} else {
				doubt = append(doubt, engine.Reason{Code: code, Metric: t.Metric})
			}
			continue
		}
		v := rounded(*r.Value)
		silent := 0
		if m.Scope != engine.Independent && m.Service == p.Service && r.Reporting > 0 {
			silent = max(0, n.Ready-r.Reporting)
		}
		unready := n.Current - n.Ready
		ratio, replicas, expected := v/t.Value, 0, 0
		whole := m.Scope == engine.Total || m.Scope == engine.PerReplica && m.Aggregation == "sum"
		if whole {
			ratio /= float64(max(1, n.Current))
			replicas = average(v, t.Value, t.Tolerance, n.Ready-silent, silent, unready)
			if r.Expected != nil {
				expected = average(*r.Expected, t.Value, t.Tolerance, n.Current, 0, 0)
			}
		} else {
			replicas = hpa(v, t.Value, t.Tolerance, n.Ready-silent, silent, unready)
		}
		past := rounded(math.Abs(ratio-1)) > t.Tolerance
		if n.Current == 0 { // nothing is there to carry any of it
			past = whole && rounded(ratio) > t.Tolerance
		}
		ratio = rounded(math.Round(ratio*1e6) / 1e6)
		a := asking{replicas: replicas, up: pastOne(ratio - 1), down: pastOne(1 - ratio)}
		if total > 0 {
			a.share = m.Weight / total
		}
		a.reason = engine.Reason{Metric: t.Metric, Value: &v, Threshold: &t.Value}
		switch {
		case ahead && expected > replicas:
			a.replicas = expected
			a.reason.Value, a.reason.Code = new(rounded(*r.Expected)), "ForecastKeeps"
			if expected > n.Current {
				a.reason.Code = "ForecastAboveTarget"
			}
		case replicas > n.Current:
			a.reason.Code = "AboveTarget"
		case replicas < n.Current:
			a.reason.Code = "BelowTarget"
		case unready+silent > 0 && math.Round(math.Abs(ratio-1)*1e6) > math.Round(t.Tolerance*1e6):
			a.reason.Code = "WaitingForReplicas"
		case past && unready+silent == 0:
			a.reason.Code = "CountFits"
		default:
			a.reason.Code = "NearTarget"
		}
		counts = append(counts, a)
	}
	var share, worst, read float64
	mildest, most := 1.0, -1
	for _, a := range counts {
		most = max(most, a.replicas)
		read += a.share
		mildest = min(mildest, a.down)
		if a.replicas > n.Current {
			share, worst = share+a.share, max(worst, a.up)
		}
	}
	action := engine.Between(n.Current, most)
	if most < 0 || action == engine.ScaleDown && len(doubt) > 0 {
		action = engine.Hold
	}
	reasons := []engine.Reason{}
	if action != engine.Hold {
		slices.SortStableFunc(counts, func(a, b asking) int { // the highest first, the others as they come
			return cmp.Compare(first(b.replicas == most), first(a.replicas == most))
		})
	} else {
		reasons, doubt = append(reasons, doubt...), nil
	}
	for _, a := range counts {
		reasons = append(reasons, a.reason)
	}
	reasons = append(append(reasons, doubt...), ignored...)
	switch action {
	case engine.ScaleUp:
		sure := min(1, 0.5*share+0.3*worst+0.2*s.History.SuccessRate)
		priority := engine.Medium
		if sure >= 0.7 || worst >= 0.5 {
			priority = engine.High
		}
		return engine.Recommendation{Action: action, Replicas: most, Confidence: sure, Priority: priority, Reasons: reasons}
	case engine.ScaleDown:
		return engine.Recommendation{Action: action, Replicas: most, Confidence: min(1, 0.5*read+0.3*mildest+0.2*s.History.SuccessRate), Priority: engine.Low, Reasons: reasons}
	}
	return engine.Recommendation{Action: engine.Hold, Replicas: n.Current, Confidence: min(1, read), Priority: engine.Low, Reasons: reasons}
}

func first(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func pastOne(past float64) float64 {
	if past <= 0 {
		return 0
	}
	return howFar(past, 1)
}

// sighted is a reading, and the code of what is wrong with it.
func sighted(s engine.Snapshot, metric string) (engine.Reading, string) {
	r, found := s.Metrics[metric]
	switch {
	case !found, r.Status == engine.Missing, r.Status == engine.OK && r.Value == nil:
		return r, "MetricMissing"
	case r.Status == engine.Stale:
		return r, "MetricStale"
	case r.Status != engine.OK, math.IsNaN(*r.Value), math.IsInf(*r.Value, 0):
		return r, "MetricInvalid"
	}
	if r.Expected != nil && (math.IsNaN(*r.Expected) || math.IsInf(*r.Expected, 0)) {
		r.Expected = nil
	}
	return r, ""
}

// patiently asks again where a machine that is busy with other things took too long.
func patiently(t interface{ Fatal(...any) }, rules *Rules, p engine.Policy, s engine.Snapshot) engine.Recommendation {
	for tries := 0; ; tries++ {
		got, err := rules.Recommend(context.Background(), p, s)
		if e := (*RuleError)(nil); err == nil {
			return got
		} else if tries == 5 || !errors.As(err, &e) || e.Code != RuleTimeout {
			t.Fatal(err)
		}
	}
}

// agree holds a recommendation to that of a reference, all but the words.
func agree(t *rapid.T, got, want engine.Recommendation) {
	if math.Abs(got.Confidence-want.Confidence) > 1e-9 {
		t.Errorf("confidence is %v, want %v", got.Confidence, want.Confidence)
	}
	if math.Abs(want.Confidence-0.7) < 1e-9 { // high or medium
		want.Priority = got.Priority
	}
	want.Confidence = got.Confidence
	for i := range got.Reasons {
		if got.Reasons[i].Message == "" {
			t.Errorf("no message: %+v", got.Reasons[i])
		}
		got.Reasons[i].Message = ""
	}
	if a, b := asJSON(t, got), asJSON(t, want); a != b {
		t.Errorf("Rego says %s\nGo says   %s", a, b)
	}
}

func TestTrackingAgreesWithGo(t *testing.T) {
	for strategy, ahead := range map[string]bool{"target_tracking": false, "predictive": true} {
		p, _ := threeFor(strategy)
		rules := compiled(t, "", p)
		t.Run(strategy, rapid.MakeCheck(func(t *rapid.T) {
			p, s := anyWorld(t)
			p.Strategies = []string{strategy}
			for i, target := range p.Targets { // how far an answer may go is tested by itself
				p.Targets[i].Value = max(target.Value, 0.5)
			}
			for name, r := range s.Metrics {
				for _, v := range []**float64{&r.Value, &r.Expected} {
					if *v != nil {
						*v = new(max(-1e6, min(**v, 1e6))) // NaN stays
					}
				}
				s.Metrics[name] = r
			}
			agree(t, patiently(t, rules, p, s), trackingReference(p, s, ahead))
		}))
	}
}

// At the very end of the tolerance nothing is done, whatever the tolerance and however many there are.
func TestTheEndsOfTheTolerance(t *testing.T) {
	p, s := threeFor("target_tracking")
	rules := compiled(t, "", p)
	for percent := range 101 {
		for _, target := range []float64{1, 3, 60, 0.7} {
			for _, n := range []int{1, 3, 7, 10, 40} {
				tolerance := float64(percent) / 100
				p.Metrics = []engine.Metric{{Name: "cpu_usage", Scope: engine.PerReplica, Weight: 1}}
				p.Targets = []engine.Target{{Metric: "cpu_usage", Value: target, Tolerance: tolerance}}
				s.Service.Replicas = engine.Replicas{Current: n, Ready: n}
				for _, end := range []float64{1 + tolerance, 1 - tolerance} {
					s.Metrics = map[string]engine.Reading{"cpu_usage": engine.Reads(target * end)}
					if got := patiently(t, rules, p, s); got.Action != engine.Hold {
						t.Errorf("%d replicas at %v times the target %v with tolerance %v: %s to %d", n, end, target, tolerance, got.Action, got.Replicas)
					}
				}
			}
		}
	}
}
