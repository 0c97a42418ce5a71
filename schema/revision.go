package schema

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

// RulesOf are the author's rules that a policy is answered by: all of them where it asks a package of the author's, as that
// may import any other; none where it asks what flyball ships alone. Copies of flyball's own library are not the author's.
func (s Set) RulesOf(p engine.Policy) []RegoFile {
	if !asksAuthor(p) {
		return nil
	}
	var own []RegoFile
	for _, f := range s.Rules {
		if !vendored(f) {
			own = append(own, f)
		}
	}
	return own
}

// packageClause is the line of a Rego file that names its package: the first one but for comments.
var packageClause = regexp.MustCompile(`(?m)^\s*package\s+(\w+)`)

// vendored says whether a file is a copy of the library, such as flyball init --rules lays down.
func vendored(f RegoFile) bool {
	found := packageClause.FindSubmatch(f.Text)
	return found != nil && string(found[1]) == "flyball"
}

// asksAuthor says whether a policy asks a Rego package of the author's, which has a dot in its name.
func asksAuthor(p engine.Policy) bool {
	return slices.ContainsFunc(p.Strategies, func(name string) bool {
		return strings.Contains(name, ".") && !strings.HasPrefix(name, "flyball.")
	}) || slices.ContainsFunc(p.Metrics, func(m engine.Metric) bool { return m.Rule != "" })
}

// revision is a short hash of what a policy and the author's rules behind it say, wherever they are written.
func revision(p engine.Policy, rules []RegoFile) string {
	p.File, p.Revision = "", ""
	text, err := json.Marshal(p)
	if err != nil {
		return "" // a number that is not finite: the policy has problems, and is not used
	}
	sum := sha256.New()
	sum.Write(text)
	rules = slices.Clone(rules)
	slices.SortFunc(rules, func(a, b RegoFile) int { return bytes.Compare(a.Text, b.Text) })
	for _, f := range rules {
		of := sha256.Sum256(f.Text)
		sum.Write(of[:])
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}
