package rego

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

// stepReference is the step strategy written by hand in Go.
func stepReference(p engine.Policy, s engine.Snapshot) engine.Recommendation {
	var above, doubt, between, below, ignored []engine.Reason
	var upShare, downShare, read, worst, total float64
	mildest := 1.0
	add, remove := 0, 0
	for _, b := range p.Bands {
		m, _ := p.Metric(b.Metric)
		total += m.Weight
	}
	for _, b := range p.Bands {
		m, _ := p.Metric(b.Metric)
		r, code := sighted(s, b.Metric)
		if code != "" {
			if m.OnMissing == "ignore" {
				ignored = append(ignored, engine.Reason{Code: "MetricIgnored", Metric: b.Metric})
			} else {
				doubt = append(doubt, engine.Reason{Code: code, Metric: b.Metric})
			}
			continue
		}
		v, share := rounded(*r.Value), 0.0
		if total > 0 {
			share = m.Weight / total
		}
		read += share
		var furthest *engine.Band
		for _, band := range b.Bands {
			switch {
			case band.Above != nil && v > *band.Above && (furthest == nil || *band.Above > *furthest.Above),
				band.Below != nil && v < *band.Below && (furthest == nil || *band.Below < *furthest.Below):
				furthest = &band
			}
		}
		reason := engine.Reason{Metric: b.Metric, Value: &v}
		switch {
		case furthest == nil:
			reason.Code = "BetweenBands"
			between = append(between, reason)
		case furthest.Above != nil:
			reason.Code, reason.Threshold = "AboveBand", furthest.Above
			above = append(above, reason)
			add, upShare, worst = max(add, furthest.Add), upShare+share, max(worst, howFar(v-*furthest.Above, *furthest.Above))
		default:
			reason.Code, reason.Threshold = "BelowBand", furthest.Below
			if remove == 0 || furthest.Remove < remove {
				remove = furthest.Remove
			}
			below = append(below, reason)
			downShare, mildest = downShare+share, min(mildest, howFar(*furthest.Below-v, *furthest.Below))
		}
	}
	current := s.Service.Replicas.Current
	reasons := []engine.Reason{}
	for _, list := range [][]engine.Reason{above, doubt, between, below, ignored} {
		reasons = append(reasons, list...)
	}
	switch {
	case len(above) > 0:
		sure := min(1, 0.5*upShare+0.3*worst+0.2*s.History.SuccessRate)
		priority := engine.Medium
		if sure >= 0.7 || worst >= 0.5 {
			priority = engine.High
		}
		return engine.Recommendation{Action: engine.ScaleUp, Replicas: current + add, Confidence: sure, Priority: priority, Reasons: reasons}
	case current > 0 && len(below) > 0 && len(between)+len(doubt) == 0:
		sure := min(1, 0.5*downShare+0.3*mildest+0.2*s.History.SuccessRate)
		return engine.Recommendation{Action: engine.ScaleDown, Replicas: max(0, current-remove), Confidence: sure, Priority: engine.Low, Reasons: reasons}
	}
	return engine.Recommendation{Action: engine.Hold, Replicas: current, Confidence: min(1, read), Priority: engine.Low, Reasons: reasons}
}

func TestStepAgreesWithGo(t *testing.T) {
	p, _ := threeFor("step")
	rules := compiled(t, "", p)
	rapid.Check(t, func(t *rapid.T) {
		p, s := anyWorld(t)
		for i, b := range p.Bands { // of two bands with one bound the schema allows none
			p.Bands[i].Bands = distinct(b.Bands)
		}
		p.Strategies = []string{"step"}
		agree(t, patiently(t, rules, p, s), stepReference(p, s))
	})
}

func distinct(bands []engine.Band) []engine.Band {
	var kept []engine.Band
	seen := map[[2]float64]bool{}
	for _, b := range bands {
		key := [2]float64{}
		if b.Above != nil {
			key = [2]float64{1, *b.Above}
		} else {
			key[1] = *b.Below
		}
		if !seen[key] {
			seen[key] = true
			kept = append(kept, b)
		}
	}
	return kept
}
