package rego

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// comparisons are OPA's names of the operators that authors write.
func comparison(name string) string {
	switch name {
	case "gt":
		return ">"
	case "gte":
		return ">="
	case "lt":
		return "<"
	case "lte":
		return "<="
	case "equal", "eq":
		return "=="
	case "neq":
		return "!="
	}
	return ""
}

// held is the values that an expression was true with.
func (t *tracer) held(e topdown.Event, b *branch, expr *ast.Expr) string {
	if b.heavy || expr.Negated || !expr.IsCall() {
		return ""
	}
	if sign := comparison(expr.Operator().String()); sign != "" && len(expr.Operands()) == 2 {
		left, right := expr.Operand(0), expr.Operand(1)
		if name := t.named(left); name != "" && sign == "==" {
			return name + " = " + show(resolve(e, left), 1)
		}
		if name := t.named(right); name != "" && sign == "==" {
			return name + " = " + show(resolve(e, right), 1)
		}
		x, y := resolve(e, left), resolve(e, right)
		if known(x) && known(y) {
			return show(x, 1) + " " + sign + " " + show(y, 1)
		}
		return ""
	}
	var parts []string
	for _, operand := range expr.Operands() {
		if name := t.named(operand); name != "" {
			parts = append(parts, name+" = "+show(resolve(e, operand), 1))
		}
	}
	return strings.Join(parts, ", ")
}

// failed is why an expression was not true. One that is only a part of what the author wrote had no value.
func (t *tracer) failed(e topdown.Event, b *branch, expr, written *ast.Expr) string {
	if len(expr.Location.Text) < len(written.Location.Text) {
		return fmt.Sprintf("%s is undefined", cut(string(expr.Location.Text)))
	}
	if b.heavy || expr.Negated || !expr.IsCall() {
		return ""
	}
	sign := comparison(expr.Operator().String())
	if sign == "" || len(expr.Operands()) != 2 {
		return t.held(e, b, expr)
	}
	left, right := resolve(e, expr.Operand(0)), resolve(e, expr.Operand(1))
	switch {
	case left == nil || right == nil:
		return "undefined"
	case known(left) && known(right):
		return show(left, 1) + " " + sign + " " + show(right, 1)
	}
	return ""
}

// named is the author's name of a variable; empty for one that the compiler made, and for anything else.
func (t *tracer) named(term *ast.Term) string {
	v, is := term.Value.(ast.Var)
	if !is {
		return ""
	}
	if name, found := t.rules.compiler.RewrittenVars[v]; found && !name.IsGenerated() && !name.IsWildcard() && !strings.HasPrefix(string(name), "__local") {
		return string(name)
	}
	return ""
}

// heavy says whether a variable of a body may hold more than a person reads: each may hold another one twice, and so on.
// OPA writes such a value out in full where it is asked for it, so it is not.
func heavy(body ast.Body) bool {
	const most = 1000
	weights := map[ast.Var]int{}
	for _, expr := range body {
		if !expr.IsEquality() {
			continue
		}
		for i, side := range expr.Operands() {
			v, is := side.Value.(ast.Var)
			if !is {
				continue
			}
			weight := 0
			ast.WalkVars(expr.Operand(1-i), func(held ast.Var) bool {
				weight += max(1, weights[held])
				return false
			})
			if weight > most {
				return true
			}
			weights[v] = max(weights[v], weight)
		}
	}
	return false
}

// resolve is the value of a term where an event happens: nil where it reads what is not in input.
func resolve(e topdown.Event, term *ast.Term) ast.Value {
	plugged := e.Plug(term)
	ref, is := plugged.Value.(ast.Ref)
	if !is || !ref.HasPrefix(ast.InputRootRef) || !ref.IsGround() || e.Input() == nil {
		return plugged.Value
	}
	value, err := e.Input().Value.Find(ref[1:])
	if err != nil {
		return nil
	}
	return value
}

// known says whether a term has come to a value. It looks at no more than the outside: a value can be endless inside.
func known(v ast.Value) bool {
	switch v.(type) {
	case nil, ast.Null, ast.Boolean, ast.Number, ast.String, *ast.Array, ast.Object, ast.Set:
		return true
	}
	return false
}

// answered is what a rule came to. What the recommendation is stands elsewhere, and that a rule is true goes without saying.
func answered(e topdown.Event, b *branch) string {
	term := b.rule.Head.Value
	if b.rule.Head.RuleKind() == ast.MultiValue {
		term = b.rule.Head.Key
	}
	if term == nil || b.heavy || strings.HasSuffix(b.name, ".recommendation") {
		return ""
	}
	if yes, is := term.Value.(ast.Boolean); is && bool(yes) {
		return ""
	}
	return show(resolve(e, term), 2)
}

// show writes a value shortly. It never writes out what it has not counted.
func show(v ast.Value, depth int) string {
	const most = 4
	var parts []string
	open, end := "[", "]"
	add := func(length int, text func() string) bool {
		if len(parts) == most {
			parts = append(parts, fmt.Sprintf("… %d more", length-most))
		}
		if len(parts) > most {
			return false
		}
		parts = append(parts, text())
		return true
	}
	switch v := v.(type) {
	case nil:
		return "undefined"
	case ast.Number:
		if f, ok := v.Float64(); ok {
			return fmt.Sprintf("%.6g", f)
		}
		return cut(string(v))
	case ast.String:
		return fmt.Sprintf("%.40q", string(v))
	case ast.Boolean, ast.Null:
		return v.String()
	case *ast.Array:
		if depth == 0 {
			return fmt.Sprintf("a list of %d", v.Len())
		}
		v.Until(func(t *ast.Term) bool { return !add(v.Len(), func() string { return show(t.Value, depth-1) }) })
	case ast.Set:
		if depth == 0 {
			return fmt.Sprintf("a set of %d", v.Len())
		}
		open, end = "{", "}"
		_ = v.Iter(func(t *ast.Term) error {
			add(v.Len(), func() string { return show(t.Value, depth-1) })
			return nil
		})
	case ast.Object:
		if depth == 0 {
			return fmt.Sprintf("an object of %d", v.Len())
		}
		open, end = "{", "}"
		v.Until(func(k, t *ast.Term) bool {
			return !add(v.Len(), func() string { return show(k.Value, 0) + ": " + show(t.Value, depth-1) })
		})
	default:
		return "an " + ast.ValueName(v)
	}
	return open + strings.Join(parts, ", ") + end
}

// phrase is an expression as its author wrote it, on one line.
func phrase(expr *ast.Expr) string { return cut(string(expr.Location.Text)) }

// headline is a rule, or a branch of it, without its body, and with the beginning of what it answers.
func headline(rule *ast.Rule) string {
	if rule.Default {
		return "default " + strings.TrimPrefix(rule.Ref().String(), rule.Module.Package.Path.String()+".")
	}
	text := string(rule.Location.Text)
	if at := strings.Index(text, " if "); at >= 0 {
		text = text[:at]
	}
	if at := strings.Index(text, " {"); at >= 0 {
		if comma := strings.IndexByte(text[at:], ','); comma >= 0 {
			return cut(text[:at]+" {"+strings.TrimSpace(text[at+2:at+comma])) + ", …}"
		}
	}
	return cut(text)
}

// cut brings what was written over several lines to one, of a bearable length.
func cut(text string) string {
	const most = 100 // runes
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

func inside(part, whole *ast.Location) bool {
	return part != nil && whole != nil && part.File == whole.File && part.Offset >= whole.Offset &&
		part.Offset+len(part.Text) <= whole.Offset+len(whole.Text)
}

func place(at *ast.Location) string { return fmt.Sprintf("%s:%d:%d", at.File, at.Row, at.Col) }
