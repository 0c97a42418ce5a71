package rego

import (
	"fmt"
	"math"
	"strconv"

	"github.com/flyball-dev/flyball/engine"
)

// reference is the threshold strategy written by hand in Go: what the Rego must agree with, and the limit of how quick
// it can be.
func reference(p engine.Policy, s engine.Snapshot) engine.Recommendation {
	up := []engine.Reason{}
	var doubt, within, down, ignored []engine.Reason
	var upShare, downShare, readShare, worst, total float64
	mildest := 1.0
	for _, t := range p.Thresholds {
		m, _ := p.Metric(t.Metric)
		total += m.Weight
	}
	for _, t := range p.Thresholds {
		m, _ := p.Metric(t.Metric)
		share := 0.0
		if total > 0 {
			share = m.Weight / total
		}
		r, found := s.Metrics[t.Metric]
		if !found {
			r.Status = engine.Missing
		}
		status := r.Status
		switch {
		case status == engine.OK && r.Value == nil:
			status = engine.Missing
		case status == engine.OK && (math.IsNaN(*r.Value) || math.IsInf(*r.Value, 0)):
			status = engine.Invalid
		case status != engine.OK && status != engine.Stale && status != engine.Missing:
			status = engine.Invalid
		}
		if status != engine.OK {
			if m.OnMissing == "ignore" {
				ignored = append(ignored, engine.Reason{Code: "MetricIgnored", Metric: t.Metric, Message: fmt.Sprintf("%s is %s, and ignored", t.Metric, status)})
				continue
			}
			code := map[engine.Status]string{engine.Stale: "MetricStale", engine.Missing: "MetricMissing", engine.Invalid: "MetricInvalid"}[status]
			says := fmt.Sprintf("%s is %s", t.Metric, status)
			if r.Detail != "" {
				says += " (" + r.Detail + ")"
			}
			doubt = append(doubt, engine.Reason{Code: code, Metric: t.Metric, Message: says + ", which forbids scaling down"})
			continue
		}
		v, verb, unit := *r.Value, "is", ""
		if t.Comparison == engine.PercentageChange {
			verb, unit = "changed by", " %"
			change := math.NaN()
			if r.Previous != nil && *r.Previous != 0 && !math.IsInf(*r.Previous, 0) {
				change = 100 * (v - *r.Previous) / math.Abs(*r.Previous)
			}
			if math.IsNaN(change) || math.IsInf(change, 0) {
				doubt = append(doubt, engine.Reason{Code: "Abstains", Metric: t.Metric,
					Message: fmt.Sprintf("%s has nothing to be compared with, which forbids scaling down", t.Metric)})
				continue
			}
			v = change
		}
		readShare += share
		v = rounded(v) // tested by itself
		upSide, downSide := "above", "below"
		pastUp, pastDown := v-t.ScaleUp, t.ScaleDown-v
		if t.Comparison == engine.LessThan {
			upSide, downSide = downSide, upSide
			pastUp, pastDown = -pastUp, -pastDown
		}
		reason := engine.Reason{Metric: t.Metric, Value: new(v)}
		says := t.Metric + " " + verb + " " + plain(*reason.Value) + unit
		switch {
		case pastUp > 0:
			worst = max(worst, howFar(pastUp, t.ScaleUp))
			upShare += share
			reason.Code, reason.Threshold = "ScaleUpCrossed", &t.ScaleUp
			reason.Message = says + ", " + upSide + " scaleUp " + plain(t.ScaleUp)
			up = append(up, reason)
		case pastDown > 0:
			mildest = min(mildest, howFar(pastDown, t.ScaleDown))
			downShare += share
			reason.Code, reason.Threshold = "ScaleDownCrossed", &t.ScaleDown
			reason.Message = says + ", " + downSide + " scaleDown " + plain(t.ScaleDown)
			down = append(down, reason)
		default:
			reason.Code = "WithinBounds"
			reason.Message = says + ", between scaleDown " + plain(t.ScaleDown) + " and scaleUp " + plain(t.ScaleUp)
			within = append(within, reason)
		}
	}
	current := s.Service.Replicas.Current
	reasons := append(append(append(append(up, doubt...), within...), down...), ignored...)
	switch {
	case len(up) > 0:
		confidence := min(1, 0.5*upShare+0.3*worst+0.2*s.History.SuccessRate)
		priority := engine.Medium
		if confidence >= 0.7 || worst >= 0.5 {
			priority = engine.High
		}
		return engine.Recommendation{Action: engine.ScaleUp, Replicas: current + p.ScaleUpBy, Confidence: confidence, Priority: priority, Reasons: reasons}
	case current > 0 && len(down) > 0 && len(within)+len(doubt) == 0:
		confidence := min(1, 0.5*downShare+0.3*mildest+0.2*s.History.SuccessRate)
		return engine.Recommendation{Action: engine.ScaleDown, Replicas: max(0, current-p.ScaleDownBy), Confidence: confidence, Priority: engine.Low, Reasons: reasons}
	}
	return engine.Recommendation{Action: engine.Hold, Replicas: current, Confidence: min(1, readShare), Priority: engine.Low, Reasons: reasons}
}

func howFar(past, bound float64) float64 {
	if bound == 0 {
		return 1
	}
	return max(1, math.Ceil(1e4*min(1, past/math.Abs(bound)))) / 1e4
}

func plain(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
