package rego

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
)

// Coverage is how much of an author's rules the tests ran.
type Coverage struct {
	Percent float64   `json:"percent"` // of the lines that can be run; 100 where there are none
	Files   []Covered `json:"files"`   // sorted by name
}

// Covered is how much of one file was run.
type Covered struct {
	File    string  `json:"file"`
	Percent float64 `json:"percent"`
	Missed  []Lines `json:"missed"` // in order
}

// Lines are those of a file from one to another, both included.
type Lines struct {
	From int `json:"from"`
	To   int `json:"to"`
}

func coverage(lines *cover.Cover, modules map[string]*ast.Module, own []File) Coverage {
	rules := map[string]*ast.Module{}
	for _, f := range own {
		if m := modules[f.Path]; m != nil {
			rules[f.Path] = m
		}
	}
	found := lines.Report(rules)
	c := Coverage{Files: []Covered{}}
	ran, all := 0, 0
	for file := range rules {
		f := found.Files[file]
		if f == nil {
			continue // nothing in it can be run
		}
		ran += f.CoveredLines
		all += f.CoveredLines + f.NotCoveredLines
		c.Files = append(c.Files, Covered{file, percent(f.CoveredLines, f.CoveredLines+f.NotCoveredLines), missed(f.NotCovered)})
	}
	slices.SortFunc(c.Files, func(a, b Covered) int { return strings.Compare(a.File, b.File) })
	c.Percent = percent(ran, all)
	return c
}

func percent(part, whole int) float64 {
	if whole == 0 {
		return 100
	}
	return 100 * float64(part) / float64(whole)
}

// missed joins what lies line by line.
func missed(ranges []cover.Range) []Lines {
	all := []Lines{}
	for _, r := range ranges {
		all = append(all, Lines{r.Start.Row, r.End.Row})
	}
	slices.SortFunc(all, func(a, b Lines) int { return a.From - b.From })
	joined := all[:0]
	for _, l := range all {
		if last := len(joined) - 1; last >= 0 && l.From <= joined[last].To+1 {
			joined[last].To = max(joined[last].To, l.To)
			continue
		}
		joined = append(joined, l)
	}
	return joined
}
