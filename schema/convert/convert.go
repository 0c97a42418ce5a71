// Package convert turns what people have elsewhere into flyball policies: the brief's policies.json, the Kubernetes
// HorizontalPodAutoscaler, KEDA's ScaledObject and Nomad's scaling policies. What has no equal is told, at its place and
// beside the policy. It is pure: text in, CUE and remarks out.
package convert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Options say what the text itself does not.
type Options struct {
	From string        // brief, hpa, keda, nomad; empty: what the text looks like
	Unit time.Duration // of the bare numbers in the brief's form: a minute or a second; 0: nobody said
}

// Converted is what became of a file.
type Converted struct {
	CUE      string           // the policies; empty where none could be converted
	Remarks  []Remark         // what has no equal, or means something else here
	Problems []engine.Problem // what could not be converted at all
}

// Remark is something that a person should look at, at its place.
type Remark struct {
	File    string `json:"file"`
	Line    int    `json:"line"` // from 1
	Column  int    `json:"column"`
	Policy  string `json:"policy"`
	Kind    string `json:"kind"` // see NoEqual and Differs
	Message string `json:"message"`
}

// The kinds of remarks.
const (
	NoEqual = "no equal" // left out
	Differs = "differs"  // converted to what is nearest
)

// String is the remark on one line, as compilers print it.
func (r Remark) String() string {
	return fmt.Sprintf("%s:%d:%d: %s: %s", r.File, r.Line, r.Column, r.Kind, r.Message)
}

// File converts a text. name stands for it in remarks and problems. The error says what is wrong with the options: a NoUnit,
// or a format that there is not.
func File(name string, text []byte, o Options) (Converted, error) {
	if formats := []string{"", "brief", "hpa", "keda", "nomad"}; !slices.Contains(formats, o.From) {
		return Converted{}, fmt.Errorf("--from is %q; allowed is %s", o.From, strings.Join(formats[1:], ", "))
	}
	c := &conversion{file: name, unit: o.Unit, taken: map[string]int{}}
	read := c.read
	if looksHCL(text) && (o.From == "" || o.From == "nomad") {
		read = c.readHCL
	}
	for _, d := range read(text) {
		c.document(d, o.From)
	}
	if len(c.unitless) > 0 {
		return Converted{}, NoUnit{File: name, Found: c.unitless}
	}
	if len(c.policies) == 0 && len(c.problems) == 0 {
		c.problems = append(c.problems, engine.Problem{File: name, Message: "no scaling policy in here; allowed: " + known})
	}
	out := c.print()
	slices.SortStableFunc(c.remarks, func(a, b Remark) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	slices.SortStableFunc(c.problems, func(a, b engine.Problem) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	return Converted{CUE: out, Remarks: c.remarks, Problems: c.problems}, nil
}

const known = "the brief's policies.json, a HorizontalPodAutoscaler (autoscaling/v2), a ScaledObject (keda.sh/v1alpha1), " +
	"a Nomad job or scaling policy"

// conversion is one run over a text.
type conversion struct {
	file     string
	unit     time.Duration
	unitless []Bare
	taken    map[string]int // how many policies wanted a name
	policies []*policy
	sources  []source
	remarks  []Remark
	problems []engine.Problem
}

// document converts one document of a file, as what it looks like, or as what the user says it is.
func (c *conversion) document(d *node, from string) {
	kind, version := d.get("kind"), d.get("apiVersion")
	is := ""
	switch {
	case d.kind == null:
		return
	case d.kind != object:
		c.refuse(d, "%s is not a policy; allowed: %s", d, known)
		return
	case kind.is("HorizontalPodAutoscaler"):
		is = "hpa"
	case kind.is("ScaledObject"):
		is = "keda"
	case version != nil && kind != nil && strings.HasSuffix(kind.text, "List") && d.get("items") != nil:
		for _, item := range d.get("items").items {
			c.document(item, from)
		}
		return
	case version != nil && kind != nil:
		c.remark("", kind, NoEqual, "a %s is not a scaling policy; left out", short(kind.text))
		return
	case d.get("policies") != nil, d.get("service") != nil:
		is = "brief"
	case d.get("Job") != nil, d.get("TaskGroups") != nil, d.get("job") != nil, d.get("scaling") != nil:
		is = "nomad"
	}
	switch {
	case is == "":
		is = from
	case from != "" && is != from:
		c.refuse(d, "this looks like %s, and --from says %s; leave --from out", is, from)
		return
	}
	switch is {
	case "hpa":
		c.hpa(d)
	case "keda":
		c.keda(d)
	case "brief":
		c.brief(d)
	case "nomad":
		c.nomad(d)
	default:
		c.refuse(d, "this is not a form that import knows; allowed: %s", known)
	}
}

// version holds a manifest to the version that is known here.
func (c *conversion) version(d *node, allowed, mend string) bool {
	found := d.get("apiVersion")
	switch {
	case found.is(allowed):
		return true
	case found == nil:
		c.refuse(d, "apiVersion is missing; allowed: %s%s", allowed, mend)
	default:
		c.refuse(found, "apiVersion is %s; allowed: %s%s", found, allowed, mend)
	}
	return false
}

// refuse says what could not be converted at all.
func (c *conversion) refuse(at *node, format string, args ...any) {
	c.problems = append(c.problems, engine.Problem{File: c.file, Line: at.line, Column: at.column, Message: plain(fmt.Sprintf(format, args...))})
}

func (c *conversion) remark(policy string, at *node, kind, format string, args ...any) string {
	said := plain(fmt.Sprintf(format, args...))
	c.remarks = append(c.remarks, Remark{File: c.file, Line: at.line, Column: at.column, Policy: policy, Kind: kind, Message: said})
	return kind + ": " + said
}

// Bare is a number that is a duration, without its unit.
type Bare struct {
	Line, Column int
	Field        string
	Number       float64
}

// NoUnit says that a file has durations without a unit, and that nobody said which it is.
type NoUnit struct {
	File  string
	Found []Bare
}

func (n NoUnit) Error() string {
	var b strings.Builder
	b.WriteString("durations without a unit; say --minutes or --seconds:")
	for _, f := range n.Found {
		fmt.Fprintf(&b, "\n  %s:%d:%d: %s %v is %s with --minutes, %s with --seconds", n.File, f.Line, f.Column, f.Field, f.Number,
			duration(f.Number, time.Minute), duration(f.Number, time.Second))
	}
	return b.String()
}
