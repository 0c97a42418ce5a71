package convert

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/schema"
)

var nomadBlock = regexp.MustCompile(`(?m)^(job|scaling)(\s+"[^"\n]*")?\s*\{`)

// looksHCL says whether a text begins a job or a scaling policy as Nomad has them.
func looksHCL(text []byte) bool { return nomadBlock.Match(text) }

// mostOperators are those of a file, of which each may be inside another: the parser of HCL recurses without a limit of its
// own, and takes the square of the time.
const mostOperators = 1000

// nested is an operator too many, or nil.
func nested(name string, text []byte) *node {
	tokens, _ := hclsyntax.LexConfig(text, name, hcl.InitialPos) // the parser reports what the scanner finds
	count := 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenQuestion, hclsyntax.TokenTemplateControl:
			if count++; count > mostOperators {
				return fromRange(t.Range)
			}
		}
	}
	return nil
}

// readHCL is a file of HCL as one document: a block is a field, and its labels are those of the value.
func (c *conversion) readHCL(text []byte) []*node {
	if p := schema.Screen(c.file, text); p != nil {
		c.problems = append(c.problems, *p)
		return nil
	}
	if at := nested(c.file, text); at != nil {
		c.refuse(at, "more than %d of the operators ! - ? and %%{; split the file", mostOperators)
		return nil
	}
	parsed, wrong := hclsyntax.ParseConfig(text, c.file, hcl.InitialPos)
	for _, d := range wrong {
		if d.Severity == hcl.DiagError && d.Subject != nil {
			c.refuse(fromRange(*d.Subject), "not HCL: %s: %s", d.Summary, d.Detail)
		}
	}
	if wrong.HasErrors() {
		if len(c.problems) == 0 {
			c.problems = append(c.problems, engine.Problem{File: c.file, Message: plain("not HCL: " + wrong.Error())})
		}
		return nil
	}
	body, ok := parsed.Body.(*hclsyntax.Body)
	if !ok {
		return nil
	}
	return []*node{fromBody(body, hcl.Range{Start: hcl.InitialPos})}
}

func fromRange(r hcl.Range) *node { return &node{line: r.Start.Line, column: r.Start.Column} }

func fromBody(body *hclsyntax.Body, at hcl.Range) *node {
	n := fromRange(at)
	n.kind = object
	for name, a := range body.Attributes {
		n.fields = append(n.fields, field{name: name, at: fromRange(a.NameRange), value: fromHCL(a.Expr)})
	}
	for _, b := range body.Blocks {
		value := fromBody(b.Body, b.TypeRange)
		value.labels = b.Labels
		n.fields = append(n.fields, field{name: b.Type, at: fromRange(b.TypeRange), value: value})
	}
	slices.SortFunc(n.fields, func(a, b field) int { return cmp.Or(a.at.line-b.at.line, a.at.column-b.at.column) })
	return n
}

// fromHCL takes what is written out. What has to be evaluated stays open: a policy can't depend on variables.
func fromHCL(expr hclsyntax.Expression) *node {
	n := fromRange(expr.Range())
	n.kind = open
	switch x := expr.(type) {
	case *hclsyntax.LiteralValueExpr:
		n.literal(x.Val)
	case *hclsyntax.TemplateExpr:
		var all string
		for _, part := range x.Parts {
			l, ok := part.(*hclsyntax.LiteralValueExpr)
			if !ok || l.Val.Type() != cty.String {
				return n
			}
			all += l.Val.AsString()
		}
		n.kind, n.text = text, all
	case *hclsyntax.UnaryOpExpr:
		if of := fromHCL(x.Val); x.Op == hclsyntax.OpNegate && of.kind == number {
			n.kind, n.text = number, "-"+of.text
		}
	case *hclsyntax.TupleConsExpr:
		n.kind = list
		for _, e := range x.Exprs {
			n.items = append(n.items, fromHCL(e))
		}
	case *hclsyntax.ObjectConsExpr:
		n.kind = object
		for _, item := range x.Items {
			if name := hcl.ExprAsKeyword(item.KeyExpr); name != "" {
				n.fields = append(n.fields, field{name: name, at: fromRange(item.KeyExpr.Range()), value: fromHCL(item.ValueExpr)})
			}
		}
	}
	return n
}

func (n *node) literal(v cty.Value) {
	switch {
	case v.IsNull():
		n.kind = null
	case v.Type() == cty.Bool:
		n.kind, n.text = boolean, strconv.FormatBool(v.True())
	case v.Type() == cty.Number:
		n.kind, n.text = number, v.AsBigFloat().Text('g', 17)
	}
}
