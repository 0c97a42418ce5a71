package rego

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// allowed lists the builtins that rules may call. It is a list of what is let in, so that a builtin that a later OPA
// brings stays out until somebody reads what it does. Left out are those that
//   - see more than input, or answer differently the next time: http.send, net.*, opa.runtime, time.now_ns, rand.*, uuid.*
//   - can't be interrupted, and make much out of little: array.flatten, bits.lsh, product, replace, regex.replace,
//     strings.replace_n, to_number, json.unmarshal, graph.*, net.cidr_expand
//   - hold secrets, or have no use in scaling: crypto.*, io.jwt.*, graphql.*, rego.*, yaml.*, semver.*
func allowed() []string {
	return []string{
		// what the language itself is made of
		"eq", "assign", "equal", "neq", "gt", "gte", "lt", "lte",
		"internal.member_2", "internal.member_3", "internal.print", "internal.template_string", "internal.test_case", "print",

		"plus", "minus", "mul", "div", "rem", "abs", "ceil", "floor", "round", "numbers.range", "numbers.range_step",
		"count", "max", "min", "sum", "sort",

		"and", "or", "union", "intersection",
		"array.concat", "array.reverse", "array.slice",
		"object.filter", "object.get", "object.keys", "object.remove", "object.subset", "object.union", "object.union_n",
		"walk",

		"is_array", "is_boolean", "is_null", "is_number", "is_object", "is_set", "is_string", "type_name",

		"concat", "contains", "endswith", "format_int", "indexof", "lower", "regex.match", "split", "sprintf",
		"startswith", "strings.any_prefix_match", "strings.any_suffix_match", "strings.count", "substring",
		"trim", "trim_left", "trim_prefix", "trim_right", "trim_space", "trim_suffix", "upper",

		// pure functions of a time that is given, such as input.at
		"time.add_date", "time.clock", "time.date", "time.diff", "time.format", "time.parse_duration_ns",
		"time.parse_ns", "time.parse_rfc3339_ns", "time.weekday",
	}
}

// capabilities is OPA's language with the allowed builtins only. The network is closed to the compiler too, which
// would otherwise fetch the schemas that a schema refers to.
func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	names := allowed()
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool { return !slices.Contains(names, b.Name) })
	c.AllowNet = []string{}
	return c
}

// refusal says why a builtin is not among the allowed ones, and what to do instead.
func refusal(builtin string) string {
	family, _, _ := strings.Cut(builtin, ".")
	switch {
	case builtin == "time.now_ns":
		return "the same snapshot must always give the same answer; use time.parse_rfc3339_ns(input.at)"
	case family == "rand" || family == "uuid":
		return "the same snapshot must always give the same answer; leave chance out"
	case family == "http" || family == "net":
		return "a rule sees input and nothing else; declare a metric in the policy and read input.metrics"
	case builtin == "opa.runtime":
		return "a rule sees input and nothing else, so no environment; declare what it needs in the policy"
	case builtin == "array.flatten":
		return "flattening can't be interrupted; write [x | some list in lists; some x in list]"
	case builtin == "to_number":
		return "the numbers in input are numbers already"
	}
	return "a rule may call " + strings.Join(callable(), ", ")
}

// callable is the allowed builtins that have a name to call them by.
func callable() []string {
	var names []string
	for _, b := range capabilities().Builtins {
		if b.Infix == "" && !strings.HasPrefix(b.Name, "internal.") {
			names = append(names, b.Name)
		}
	}
	return names
}
