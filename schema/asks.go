package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cuelang.org/go/cue/token"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/formula"
)

// scraped are the types of metrics that a scrape source knows how to ask for by itself.
var scraped = []string{"request_rate", "error_rate", "response_time", "queue_length"}

// measured are the types of metrics that Docker gives.
var measured = []string{"cpu", "memory", "network", "restarts", "throttling"}

// asks holds what a policy's metrics ask to the sources that there are.
func (l *loading) asks(w *written) {
	for i := range w.policy.Metrics {
		m := &w.policy.Metrics[i]
		if s := l.sources[m.Source]; s != nil && s.sound {
			m.Origin = s.source.origin()
		}
	}
	w.policy.Revision = revision(w.policy, l.set.RulesOf(w.policy))
	for i, m := range w.policy.Metrics {
		path := fmt.Sprintf("metrics[%d]", i)
		if !w.sound(path+".name", path+".type", path+".source", path+".query", path+".expr", path+".rule") {
			continue
		}
		switch m.Source {
		case "custom":
			w.computed(i, m, path)
			w.idle(m, path)
		case "system":
			if m.Query != "" {
				w.warn("no-effect", w.place(path+".query"), path+".query", "%s.query has no effect: system is Docker, which is asked by type; remove it", path)
			}
			if !slices.Contains(measured, m.Type) {
				w.warn("unread-metric", w.place(path+".source"), path+".source", "%s.source is system, which gives no %s; it gives %s", path, m.Type, strings.Join(measured, ", "))
			}
		default:
			l.asked(w, m, path)
		}
	}
}

// asked holds a metric to the source that it names.
func (l *loading) asked(w *written, m engine.Metric, path string) {
	at := w.place(path + ".source")
	source, found := l.sources[m.Source]
	kind := "scrape" // what business is unless it is set up
	switch {
	case found && !source.sound:
		return
	case found:
		kind = source.source.Type
	case m.Source == "database":
		w.warn("unread-metric", at, path+".source", `source database is not set up, so %s reads as missing; write config: sources: database: {type: "sql", driver: "postgres", dsn: {env: "DATABASE_DSN"}}`, m.Name)
		return
	case m.Source == "prometheus":
		w.warn("unread-metric", at, path+".source", `source prometheus is not set up, so %s reads as missing; write config: sources: prometheus: {type: "prometheus", url: "http://prometheus:9090"}`, m.Name)
		return
	case m.Source != "business":
		l.stranger(w, m, path)
		return
	}
	switch {
	case m.Query != "":
		if check := l.queries[kind]; check != nil {
			if err := check(m.Query); err != nil {
				w.report(w.place(path+".query"), path+".query", "%s.query, asked of a %s source: %v", path, kind, err)
			}
		}
	case kind == "scrape" && !slices.Contains(scraped, m.Type):
		w.warn("unread-metric", at, path+".query", "%s.query is missing, so %s reads as missing; %s is scraped, which by itself gives %s", path, m.Name, m.Source, strings.Join(scraped, ", "))
	case kind != "scrape" && kind != "push":
		w.report(w.place(path), path+".query", "%s.query is missing; %s is of type %s: write %s", path, m.Source, kind, examples[kind])
	}
}

// examples are queries of the sources that can't do without.
var examples = map[string]string{
	"prometheus": "PromQL, such as query: \"sum(rate(http_requests_total[1m])) * 60\"",
	"redis":      "a command, such as query: \"LLEN jobs\"",
	"sql":        "a query of one value, such as query: \"SELECT count(*) FROM jobs\"",
	"http":       "a JSONPath, such as query: \"$.queue.length\"",
}

// stranger reports a source that is not set up. A file on its own may be set up by another.
func (l *loading) stranger(w *written, m engine.Metric, path string) {
	say := func(at token.Position, path, format string, args ...any) {
		w.warn("unread-metric", at, path, format, args...)
	}
	if l.folder {
		say = w.report
	}
	names := append([]string{"system", "business", "custom"}, slices.Sorted(maps.Keys(l.sources))...)
	mend := "allowed: " + strings.Join(names, ", ") + ", or set it up under config: sources"
	if near := engine.Nearest(m.Source, names); m.Source == "docker" {
		mend = `did you mean "system"?`
	} else if near != "" {
		mend = fmt.Sprintf("did you mean %q?", near)
	}
	say(w.place(path+".source"), path+".source", "%s.source is %q, which is not set up; %s", path, m.Source, mend)
}

// idle warns of settings that have no effect on a metric that is computed.
func (w *written) idle(m engine.Metric, path string) {
	if !m.Computed() {
		return
	}
	for _, field := range []string{"service", "aggregation", "window"} {
		if w.value.LookupPath(pathOf(path + "." + field)).Exists() {
			w.warn("no-effect", w.place(path+"."+field), path+"."+field, "%s.%s has no effect: %s is computed from what the others read; remove it", path, field, m.Name)
		}
	}
}

// computed holds a custom metric to one way of computing it, and a formula to the metrics above it.
func (w *written) computed(i int, m engine.Metric, path string) {
	switch {
	case m.Expr == "" && m.Rule == "":
		w.warn("unread-metric", w.place(path+".source"), path+".source", "%s.source is custom, and says not how, so %s reads as missing; write expr: \"…\" or rule: \"…\"", path, m.Name)
		return
	case m.Rule != "":
		return
	}
	f, err := formula.Parse(m.Expr)
	if err != nil {
		w.report(w.place(path+".expr"), path+".expr", "%s.expr: %v", path, err)
		return
	}
	var above []string
	for _, other := range w.policy.Metrics[:i] {
		above = append(above, other.Name)
	}
	for _, name := range f.Metrics() {
		if slices.Contains(above, name) {
			continue
		}
		mend := "declare it above " + m.Name
		if dashed := slices.IndexFunc(above, func(other string) bool { return strings.HasPrefix(other, name+"-") }); dashed >= 0 {
			mend = fmt.Sprintf("%s can't be used here, as a dash subtracts: call it %s", above[dashed], strings.ReplaceAll(above[dashed], "-", "_"))
		} else if near := engine.Nearest(name, above); near != "" {
			mend = fmt.Sprintf("did you mean %q?", near)
		} else if len(above) > 0 {
			mend = "allowed: " + strings.Join(above, ", ")
		}
		w.report(w.place(path+".expr"), path+".expr", "%s.expr names %q, which is no metric above it; %s", path, name, mend)
	}
}

// oneWay holds a metric to being computed, or asked for, and that in one way.
func (w *written) oneWay(path string) {
	wrote := func(field string) bool { return w.value.LookupPath(pathOf(path + field)).Exists() }
	for _, field := range []string{".expr", ".rule"} {
		if !wrote(field) || !w.sound(path+field, path+".source") {
			continue
		}
		if source, _ := w.value.LookupPath(pathOf(path + ".source")).String(); source != "custom" {
			w.report(w.place(path+field), path+field, "%s%s stands in a metric of source %s; a metric that is computed has source: \"custom\"", path, field, source)
		}
		if wrote(".query") {
			w.report(w.place(path+".query"), path+".query", "%s.query stands beside %s; a metric that is computed is asked of nobody: remove one of them", path, field[1:])
		}
	}
	if wrote(".expr") && wrote(".rule") {
		w.report(w.place(path+".rule"), path+".rule", "%s.rule stands beside expr; a metric is computed in one way: remove one of them", path)
	}
}
