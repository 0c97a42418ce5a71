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
	Message string `json:"message"`        // what was found, what is allowed, and the mend
}

// String is the problem on one line, as compilers print it.
func (p Problem) String() string {
	severity := "error"
	if p.Warning {
		severity = "warning"
	}
	switch {
	case p.File == "":
		return fmt.Sprintf("%s: %s", severity, p.Message)
	case p.Line == 0:
		return fmt.Sprintf("%s: %s: %s", p.File, severity, p.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s: %s", p.File, p.Line, p.Column, severity, p.Message)
}
