package main

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/flyball-dev/flyball/engine"
)

// qualityIssue is what GitLab reads of a report on code quality: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
type qualityIssue struct {
	Description string `json:"description"`
	Check       string `json:"check_name"`
	Fingerprint string `json:"fingerprint"`
	Severity    string `json:"severity"`
	Location    struct {
		Path  string `json:"path"`
		Lines struct {
			Begin int `json:"begin"`
		} `json:"lines"`
	} `json:"location"`
}

// printQuality writes problems as GitLab's report on code quality. What is of no file is said of path, where the policies are.
func printQuality(out io.Writer, problems []engine.Problem, path string) error {
	issues := []qualityIssue{}
	seen := map[string]int{}
	for _, p := range problems {
		i := qualityIssue{Description: p.Message, Check: cmp.Or(p.Rule, "invalid"), Severity: "major"}
		if p.Warning {
			i.Severity = "minor"
		}
		i.Location.Path = atTop(cmp.Or(p.File, path))
		i.Location.Lines.Begin = max(1, p.Line)
		// GitLab takes issues of the same fingerprint for one, before the change and after it. So the line, which moves, is not in it.
		about := fmt.Sprintf("%s\n%s\n%s", i.Check, i.Location.Path, i.Description)
		i.Fingerprint = fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s\n%d", about, seen[about])))
		seen[about]++
		issues = append(issues, i)
	}
	return printJSON(out, issues)
}
