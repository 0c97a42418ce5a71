package main

import (
	"cmp"
	"io"
	"net/url"
	"path/filepath"
	"slices"

	"github.com/flyball-dev/flyball/engine"
)

// printSARIF writes problems in the Static Analysis Results Interchange Format, version 2.1.0:
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
func printSARIF(out io.Writer, problems []engine.Problem) error {
	type rule struct {
		ID string `json:"id"`
	}
	rules, results := []rule{}, []any{}
	for _, p := range problems {
		// What is wrong, rather than unwise, comes of no lint rule.
		id, level := cmp.Or(p.Rule, "invalid"), "error"
		if p.Warning {
			level = "warning"
		}
		if !slices.Contains(rules, rule{id}) {
			rules = append(rules, rule{id})
		}
		result := map[string]any{"ruleId": id, "level": level, "message": map[string]any{"text": p.Message}}
		if p.File != "" {
			result["locations"] = []any{map[string]any{"physicalLocation": physical(p)}}
		}
		results = append(results, result)
	}
	driver := map[string]any{"name": "flyball", "informationUri": "https://github.com/flyball-dev/flyball", "rules": rules}
	return printJSON(out, map[string]any{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json",
		"version": "2.1.0",
		"runs":    []any{map[string]any{"tool": map[string]any{"driver": driver}, "results": results}},
	})
}

func physical(p engine.Problem) map[string]any {
	file := atTop(p.File)
	at := url.URL{Path: file}
	if filepath.IsAbs(file) {
		at.Scheme = "file"
	}
	where := map[string]any{"artifactLocation": map[string]any{"uri": at.String()}}
	if p.Line > 0 {
		where["region"] = map[string]any{"startLine": p.Line, "startColumn": max(1, p.Column)}
	}
	return where
}
