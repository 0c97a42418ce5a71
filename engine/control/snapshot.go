package control

import (
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/guard"
)

// NewSnapshot is what a policy sees of a service with these readings. A shadow policy sees its own count instead of the
// real one, all ready, with the load of the real replicas spread over that many.
func NewSnapshot(p engine.Policy, s engine.Service, readings map[string]engine.Reading, st engine.State, at time.Time) engine.Snapshot {
	current, ready := len(s.Replicas), s.Ready()
	snapshot := engine.Snapshot{
		At: at, Policy: p.Name,
		Service: engine.ServiceView{
			Name: p.Service, Rollout: s.Rollout, NoRoom: s.NoRoom, Version: s.Version, Touched: s.Touched,
			Replicas: engine.Replicas{Current: current, Ready: ready, Starting: current - ready},
		},
		Metrics:  readings,
		History:  guard.History(st, at),
		Schedule: Scheduled(p.Schedule, at),
	}
	if imagines(p, st, at) && current > 0 {
		snapshot.Service.Replicas = engine.Replicas{Current: st.Virtual, Ready: st.Virtual}
		snapshot.Service.Real = current
		snapshot.Metrics = spread(p, readings, current, ready, st.Virtual)
	}
	return snapshot
}

// imagines says that a shadow has a count of its own. It begins at the real one, and begins anew once nobody has looked
// for a while, the machine has started again, or the service was stopped: then a live policy goes on from what is there.
func imagines(p engine.Policy, st engine.State, at time.Time) bool {
	return p.Mode == engine.Shadow && st.Virtual > 0 && at.Sub(st.Known.At) <= engine.Unseen(p.EvaluationInterval)
}

// imagined is the count that a shadow goes on from after a look: what it saw. While autoscaling is off it has none: what
// runs then is what somebody wants.
func imagined(s engine.Snapshot, st engine.State) int {
	if !st.Enabled {
		return 0
	}
	return s.Service.Replicas.Current
}

// spread is what perReplica metrics would read with the load on so many imagined replicas. All real ones that carry it
// are counted: those that are ready, and those that report before they are. Readings over a window of another imagined
// count are as good, because the load is real; that the real count did not change in it is the window's to see to.
func spread(p engine.Policy, readings map[string]engine.Reading, current, ready, virtual int) map[string]engine.Reading {
	out := make(map[string]engine.Reading, len(readings))
	for name, r := range readings {
		m, _ := p.Metric(name)
		if m.Service != p.Service {
			out[name] = r
			continue
		}
		carrying := max(ready, r.Reporting)
		if carrying == 0 {
			carrying = current
		}
		if p.Shares(m) {
			ratio := float64(carrying) / float64(virtual)
			if falls(p, name) {
				ratio = 1 / ratio
			}
			scale(&r, ratio)
		}
		if r.Reporting >= ready && r.Reporting > 0 { // all of them, so all of the imagined ones
			r.Reporting = virtual
		} else {
			r.Reporting = min(r.Reporting, virtual-1) // some are silent, so some of the imagined ones
		}
		out[name] = r
	}
	return out
}

// falls says that a metric falls under load.
func falls(p engine.Policy, metric string) bool {
	for _, t := range p.Thresholds {
		if t.Metric == metric && t.Comparison == engine.LessThan {
			return true
		}
	}
	return false
}

func scale(r *engine.Reading, ratio float64) {
	for _, v := range []**float64{&r.Value, &r.Previous, &r.SlopePerMinute, &r.Forecast, &r.Expected} {
		if *v != nil {
			x := **v * ratio
			*v = &x
		}
	}
}
