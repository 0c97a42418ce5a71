package schema

import "github.com/flyball-dev/flyball/engine"

// drain holds what a replica is told before it is stopped to what its target can do.
func (w *written) drain() {
	const exec, http, delay = "rollout.drain.exec", "rollout.drain.http", "rollout.drainDelay"
	d := w.policy.Rollout.Drain
	wrote := func(path string) bool { return w.value.LookupPath(pathOf(path)).Exists() }
	if wrote(exec) && w.sound(exec) && d.Exec[0] == "" {
		w.report(w.place(exec), exec, "%s names no command; allowed: %s", exec, w.shape.find(exec).words())
	}
	if wrote(exec) && wrote(http) {
		w.report(w.place(http), http, "%s stands beside exec; a replica is told in one way: remove one of them", http)
	}
	if !w.sound("target.driver") {
		return
	}
	driver := w.policy.Target.Driver
	why := map[string]string{
		"swarm": "which chooses the replica that goes, and stops it, by itself; remove it, and let the service finish its work in its stop_grace_period",
		"sim":   "whose replicas can't be told anything; remove it",
	}[driver]
	if why == "" {
		return
	}
	for _, path := range []string{exec, http} {
		if wrote(path) {
			w.report(w.place(path), path, "%s does not work with target.driver %s, %s", path, driver, why)
		}
	}
	if driver == "swarm" && w.sound(delay) && w.policy.Rollout.DrainDelay > 0 {
		w.report(w.place(delay), delay, "%s %s does not work with target.driver %s, %s", delay, engine.Short(w.policy.Rollout.DrainDelay), driver, why)
	}
}
