package engine

import "fmt"

// Gone is the error of a target that does not have a policy's service, in words that say what there is instead.
type Gone string

func (g Gone) Error() string { return string(g) }

// Problem is something wrong with what an author wrote, at its place.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`   // from 1; 0: the file as a whole
	Column  int    `json:"column"` // from 1
	Warning bool   `json:"warning"`
	Policy  string `json:"policy,omitempty"`
	Path    string `json:"path,omitempty"` // the field, such as thresholds[0].scaleDown
	Rule    string `json:"rule,omitempty"` // of a warning: the lint rule that it comes of, such as flap-hazard
	Message string `json:"message"`        // what was found, what is allowed, and the mend
}

// String is the problem on one line, as compilers print it.
func (p Problem) String() string {
	said := "error: " + p.Message
	if p.Warning {
		said = "warning: " + p.Message
	}
	if p.Rule != "" {
		said += " [" + p.Rule + "]"
	}
	switch {
	case p.File == "":
		return said
	case p.Line == 0:
		return p.File + ": " + said
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, said)
}
