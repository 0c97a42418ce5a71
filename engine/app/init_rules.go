package app

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/rego"
	"github.com/flyball-dev/flyball/schema"
)

//go:embed ownrules
var ownRules embed.FS

// Scaffold is what InitRules laid down.
type Scaffold struct {
	Package string   // of the rule
	Written []string // paths
	Named   bool     // a policy names the package already
}

// InitRules lays a rule of the author's own down in the folder rules below a folder of policies, with its test, and in
// rules/flyball what plain OPA needs for it: copies of the library and the strategies, and JSON Schemas of input and output. What the
// author may have changed is never overwritten; the copies and the schemas are flyball's, and always replaced. Without a policy
// there, the starter of Init comes first.
//
// An empty pkg is the package that a policy names already, or else one that is called after the service.
func InitRules(ctx context.Context, read Reader, dir, pkg string) (Scaffold, error) {
	var s Scaffold
	if pkg != "" && !packageName.MatchString(pkg) || strings.HasPrefix(pkg, "flyball.") {
		return s, fmt.Errorf("package %q; allowed: names of letters, digits and underscores with dots between them, such as shop.web, that do not begin with flyball", pkg)
	}
	set, err := read(ctx, dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	if errs := set.Errors(); len(errs) > 0 {
		return s, Invalid{errs}
	}
	if len(set.Policies) == 0 {
		if s.Written, err = lay(dir, named(pkg, "web")); err != nil {
			return s, err
		}
		if set, err = read(ctx, dir); err != nil {
			return s, err
		}
		if errs := set.Errors(); len(errs) > 0 {
			return s, Invalid{errs}
		}
	}
	policy := decider(set.Policies, pkg)
	s.Package = named(cmp.Or(pkg, ownPackage(policy)), policy.Service)
	s.Named = slices.Contains(policy.Strategies, s.Package)
	rules := filepath.Join(dir, "rules")
	if !declared(set, s.Package) {
		if err := s.rule(rules, policy); err != nil {
			return s, err
		}
	}
	return s, s.vendor(rules, set.Policies)
}

// named is a package, or one that is called after a service.
func named(pkg, service string) string {
	if pkg != "" {
		return pkg
	}
	name := notWord.ReplaceAllString(service, "_")
	if slices.Contains(reserved, name) || name[0] >= '0' && name[0] <= '9' {
		name = "service_" + name
	}
	return "shop." + name
}

// reserved are the words that end no package in Rego, or can't be imported.
var reserved = []string{"as", "contains", "data", "default", "else", "every", "false", "if", "import", "in", "input", "not", "null", "package", "some", "true", "with"}

var (
	packageName = regexp.MustCompile(`^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$`)
	notWord     = regexp.MustCompile(`\W`)
)

// decider is the policy that a rule is for: one that names the package, or any package of the author's, or else the first.
func decider(policies []engine.Policy, pkg string) engine.Policy {
	for _, p := range policies {
		if own := ownPackage(p); own != "" && (pkg == "" || slices.Contains(p.Strategies, pkg)) {
			return p
		}
	}
	return policies[0]
}

// ownPackage is the package of the author's own that a policy names, or "".
func ownPackage(p engine.Policy) string {
	for _, s := range p.Strategies {
		if strings.Contains(s, ".") {
			return s
		}
	}
	return ""
}

// declared says whether a file of the author's is of a package already.
func declared(set schema.Set, pkg string) bool {
	line := regexp.MustCompile(`(?m)^package\s+` + regexp.QuoteMeta(pkg) + `\s*$`)
	return slices.ContainsFunc(set.Rules, func(f schema.RegoFile) bool { return line.Match(f.Text) })
}

// rule writes the rule and its test, unless they are there.
func (s *Scaffold) rule(rules string, p engine.Policy) error {
	name := s.Package[strings.LastIndex(s.Package, ".")+1:]
	var metrics []string
	for _, m := range p.Metrics {
		metrics = append(metrics, m.Name)
	}
	fill := strings.NewReplacer("PACKAGE", s.Package, "NAME", name, "SERVICE", p.Service, "STRATEGY", beneath(p), "METRICS", strings.Join(metrics, ", "))
	for _, ending := range []string{".rego", "_test.rego"} {
		text, err := ownRules.ReadFile("ownrules/rule" + ending)
		if err != nil {
			return err
		}
		path := filepath.Join(rules, name+ending)
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := s.write(path, []byte(fill.Replace(string(text)))); err != nil {
			return err
		}
	}
	return nil
}

// beneath is the strategy that the new rule goes by: the policy's, or the one that its thresholds are for.
func beneath(p engine.Policy) string {
	switch first := p.Strategies[0]; {
	case !strings.Contains(first, "."):
		return first
	case len(p.Thresholds) == 0 && len(p.Targets) > 0:
		return "target_tracking"
	case len(p.Thresholds) == 0 && len(p.Bands) > 0:
		return "step"
	}
	return "threshold"
}

// vendor writes what is flyball's. The schema of the input has the metrics of the policies that name the package, or of all as long
// as none does.
func (s *Scaffold) vendor(rules string, policies []engine.Policy) error {
	readme, err := ownRules.ReadFile("ownrules/README.md")
	if err != nil {
		return err
	}
	var all engine.Policy
	for _, p := range policies {
		if !s.Named || slices.Contains(p.Strategies, s.Package) {
			all.Metrics = append(all.Metrics, p.Metrics...)
		}
	}
	input, err := schema.InputSchema(all)
	if err != nil {
		return err
	}
	output, err := schema.RecommendationJSONSchema()
	if err != nil {
		return err
	}
	files := append(rego.Library(),
		rego.File{Path: "flyball/README.md", Text: readme},
		rego.File{Path: "flyball/schema/input.json", Text: input},
		rego.File{Path: "flyball/schema/output/recommendation.json", Text: output})
	for _, f := range files {
		if err := s.write(filepath.Join(rules, filepath.FromSlash(f.Path)), f.Text); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scaffold) write(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return err
	}
	s.Written = append(s.Written, path)
	return nil
}
