package schema

import (
	"fmt"

	"cuelang.org/go/cue"
)

// setting is one value of the author's config, and where it stands.
type setting struct {
	value any
	spot  string
}

// readConfig checks one `config` and adds what it sets. Files may share the work, not disagree.
func (l *loading) readConfig(v cue.Value) {
	var w walk
	w.value(v, l.configShape, "config")
	l.readSources(v.LookupPath(pathOf("sources")), &w)
	for _, section := range l.configShape.names {
		for _, name := range l.configShape.fields[section].names {
			path := join(section, name)
			field := v.LookupPath(pathOf(path))
			if !field.Exists() || !w.sound(join("config", path)) {
				continue
			}
			at := valuePlace(field)
			s := setting{scalar(field), fmt.Sprintf("%s:%d:%d", at.Filename, at.Line, at.Column)}
			if earlier, ok := l.config[path]; ok && earlier.value != s.value {
				w.report(at, join("config", path), "config.%s is %v, and %v at %s; write it once", path, s.value, earlier.value, earlier.spot)
				continue
			}
			l.config[path] = s
		}
	}
	l.set.Problems = append(l.set.Problems, w.problems...)
}

func (l *loading) settings() Config {
	text := func(path string) string {
		s, _ := l.config[path].value.(string)
		return s
	}
	whole := func(path string) int {
		n, _ := l.config[path].value.(float64)
		return int(n)
	}
	var memory *int
	if _, written := l.config["limits.minAvailableMemoryMB"]; written {
		n := whole("limits.minAvailableMemoryMB")
		memory = &n
	}
	return Config{
		MaxTotalReplicas:     whole("limits.maxTotalReplicas"),
		MinAvailableMemoryMB: memory,
		DockerHost:           text("docker.host"),
		StorePath:            text("store.path"),
		SocketPath:           text("socket.path"),
		LogLevel:             text("log.level"),
		SampleDays:           whole("store.sampleDays"),
		RollupDays:           whole("store.rollupDays"),
		Sources:              l.sourcesWritten(),
	}
}
