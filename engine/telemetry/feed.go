package telemetry

import (
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/guard"
)

// mostCodes is how many different reasons the rules of a policy may give: a rule of an author's could make up a new one each
// time.
const mostCodes = 32

// other is the reason of all beyond.
const other = "Other"

var camelCase = regexp.MustCompile(`^[A-Z][A-Za-z0-9]{0,63}$`)

// ends are how changes usually end.
var ends = []engine.Event{
	{Action: engine.ScaleUp, Result: engine.Succeeded}, {Action: engine.ScaleDown, Result: engine.Succeeded},
	{Action: engine.ScaleUp, Result: engine.Failed}, {Action: engine.ScaleDown, Result: engine.Failed},
	{Action: engine.ScaleUp, Result: engine.Partial}, {Action: engine.ScaleUp, Result: engine.RolledBack},
}

// Keep makes policies and sources those that are counted, and drops the series of others.
func (m *Metrics) Keep(policies []engine.Policy, sources []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := map[who]map[string]bool{}
	for _, p := range policies {
		w := whose(p)
		if known[w] = m.known[w]; known[w] == nil {
			known[w] = map[string]bool{}
		}
		m.failures.WithLabelValues(w.labels()...) // at 0, so that the first one is a rise
		for _, e := range ends {
			m.events.WithLabelValues(w.labels(string(e.Action), string(e.Result))...)
		}
	}
	for w := range m.known {
		if known[w] != nil {
			continue
		}
		m.decisions.DeletePartialMatch(w.match())
		m.clamps.DeletePartialMatch(w.match())
		m.events.DeletePartialMatch(w.match())
		m.failures.DeletePartialMatch(w.match())
	}
	m.known = known
	for source := range m.sources {
		if !slices.Contains(sources, source) {
			m.samplings.DeleteLabelValues(source)
			m.unread.DeleteLabelValues(source)
		}
	}
	m.sources = map[string]bool{}
	for _, source := range sources {
		m.sources[source] = true
		m.samplings.WithLabelValues(source)
		m.unread.WithLabelValues(source)
	}
}

// Decided counts a decision that is on record, and how long it took to come to it.
func (m *Metrics) Decided(p engine.Policy, d engine.Decision, took time.Duration) {
	m.evaluations.Observe(took.Seconds())
	m.mu.Lock() // a policy that goes meanwhile takes its series along
	defer m.mu.Unlock()
	w := whose(p)
	codes, loaded := m.known[w]
	if !loaded {
		return
	}
	m.decisions.WithLabelValues(w.policy, w.service, w.mode, string(d.Action), code(codes, d.Reason)).Inc()
	for _, step := range d.Trace {
		if step.From != step.To {
			m.clamps.WithLabelValues(w.policy, w.service, w.mode, step.Stage).Inc()
		}
	}
}

// code is a reason as it is counted.
func code(seen map[string]bool, reason string) string {
	switch {
	case seen[reason]:
		return reason
	case slices.Contains(guard.Codes(), reason):
	case len(seen) >= mostCodes+len(guard.Codes()) || !camelCase.MatchString(reason):
		return other
	}
	seen[reason] = true
	return reason
}

// Ended counts an event that has ended.
func (m *Metrics) Ended(p engine.Policy, e engine.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w := whose(p); m.known[w] != nil {
		m.events.WithLabelValues(w.labels(string(e.Action), string(e.Result))...).Inc()
	}
}

// Ran counts an evaluation that decided nothing.
func (m *Metrics) Ran(p engine.Policy, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w := whose(p); err != nil && m.known[w] != nil {
		m.failures.WithLabelValues(w.labels()...).Inc()
	}
}

// Sampled counts that a source was asked, and whether all could be read.
func (m *Metrics) Sampled(source string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.sources[source] {
		return
	}
	m.samplings.WithLabelValues(source).Inc()
	if err != nil {
		m.unread.WithLabelValues(source).Inc()
	}
}

// Observed counts a look at a service.
func (m *Metrics) Observed(driver string, took time.Duration, err error) {
	result := "ok"
	if err != nil {
		result = "error"
	}
	m.looks.WithLabelValues(driver, result).Observe(took.Seconds())
}

// Scaled counts a change of a service.
func (m *Metrics) Scaled(driver string, action engine.Action, result engine.Result, took time.Duration) {
	m.scalings.WithLabelValues(driver, string(action), string(result)).Observe(took.Seconds())
}

// Reloaded counts that the policies were read anew, and whether they could be used.
func (m *Metrics) Reloaded(used bool) {
	result := "failure"
	if used {
		result = "success"
	}
	m.reloads.WithLabelValues(result).Inc()
}

// StoreFailed counts a call of the store that failed; operation is one of StoreOperations.
func (m *Metrics) StoreFailed(operation string) { m.storeErrors.WithLabelValues(operation).Inc() }

// Answered counts a request that was answered. operation is one of the API, not a path that somebody asked for.
func (m *Metrics) Answered(operation string, status int, took time.Duration) {
	m.requests.WithLabelValues(operation, statusCode(status)).Inc()
	m.answers.WithLabelValues(operation).Observe(took.Seconds())
}

func statusCode(status int) string {
	if status < 100 || status > 599 { // who asked had gone
		return "none"
	}
	return strconv.Itoa(status)
}
