package guard_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine/guard"
)

// The list of codes has each that a stage writes, and no other. Those of conditions and of requests are no reasons of a
// decision that the rules led to.
func TestCodes(t *testing.T) {
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	camel := regexp.MustCompile(`^[A-Z][a-z]+[A-Z]?[A-Za-z]*$`)
	var written []string
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") || slices.Contains([]string{"codes.go", "conditions.go", "request.go", "veto.go"}, path) {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if text, _ := strconv.Unquote(literal.Value); camel.MatchString(text) {
					written = append(written, text)
				}
			}
			return true
		})
	}
	slices.Sort(written)
	listed := slices.Sorted(slices.Values(guard.Codes()))
	if written = slices.Compact(written); !slices.Equal(written, listed) {
		t.Errorf("the stages write\n%s\nCodes lists\n%s", strings.Join(written, " "), strings.Join(listed, " "))
	}
}
