package main

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/app"
)

// The format that CI systems read, as far as they agree on it: https://github.com/testmoapp/junitxml
type junitSuites struct {
	XMLName xml.Name `xml:"testsuites"`
	Name    string   `xml:"name,attr"`
	junitCounts
	Suites []*junitSuite `xml:"testsuite"`
}

// junitSuite is the tests of one file.
type junitSuite struct {
	Name string `xml:"name,attr"`
	junitCounts
	Cases []junitCase `xml:"testcase"`
}

type junitCounts struct {
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"` // tests that could not be run
	Skipped  int          `xml:"skipped,attr"`
	Time     junitSeconds `xml:"time,attr"`
}

type junitCase struct {
	Name    string       `xml:"name,attr"`
	Class   string       `xml:"classname,attr"`
	File    string       `xml:"file,attr,omitempty"`
	Line    int          `xml:"line,attr,omitempty"`
	Time    junitSeconds `xml:"time,attr"`
	Skipped *struct{}    `xml:"skipped"`
	Failure *junitFault  `xml:"failure"`
	Error   *junitFault  `xml:"error"`
	Output  string       `xml:"system-out,omitempty"`
}

type junitFault struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// junitSeconds are written without an exponent, which not every reader understands.
type junitSeconds float64

func (s junitSeconds) MarshalXMLAttr(name xml.Name) (xml.Attr, error) {
	return xml.Attr{Name: name, Value: fmt.Sprintf("%.6f", float64(s))}, nil
}

func (c *junitCounts) count(t junitCase) {
	c.Tests++
	c.Time += t.Time
	switch {
	case t.Failure != nil:
		c.Failures++
	case t.Error != nil:
		c.Errors++
	case t.Skipped != nil:
		c.Skipped++
	}
}

// printJUnit writes cases, each in the suite of its class. What XML has no way to write, such as a control character, is
// replaced.
func printJUnit(out io.Writer, name string, cases []junitCase) error {
	all := junitSuites{Name: name}
	suites := map[string]*junitSuite{}
	for _, c := range cases {
		s := suites[c.Class]
		if s == nil {
			s = &junitSuite{Name: c.Class}
			suites[c.Class] = s
			all.Suites = append(all.Suites, s)
		}
		s.Cases = append(s.Cases, c)
		s.count(c)
		all.count(c)
	}
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(out)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n")
	return err
}

// testsRun is a case a test, and one a problem that kept tests from being run.
func testsRun(v app.Verdicts) []junitCase {
	var cases []junitCase
	for _, t := range v.Tests {
		c := junitCase{Name: t.Name, Class: t.File, File: atTop(t.File), Line: t.Line, Time: junitSeconds(t.Seconds)}
		if c.Output = t.Output; t.About != "" {
			c.Output = t.About + "\n\n" + t.Output
		}
		if t.Skipped {
			c.Skipped = &struct{}{}
		}
		if len(t.Failures) > 0 {
			c.Failure = &junitFault{t.Failures[0], strings.Join(t.Failures, "\n")}
		}
		cases = append(cases, c)
	}
	for _, p := range v.Problems {
		cases = append(cases, junitCase{Name: "can be run", Class: cmp.Or(p.File, "flyball"), File: atTop(p.File), Line: p.Line, Error: &junitFault{p.Message, p.String()}})
	}
	return cases
}

// filesChecked is a case a file, which fails where it has an error. What is of no file that was read is a case of its own.
func filesChecked(files []string, problems []engine.Problem) []junitCase {
	var cases []junitCase
	at := map[string]int{}
	of := func(file string) *junitCase {
		i, known := at[file]
		if !known {
			i, at[file] = len(cases), len(cases)
			cases = append(cases, junitCase{Name: cmp.Or(file, "policies"), Class: "validate", File: atTop(file)})
		}
		return &cases[i]
	}
	for _, file := range files {
		of(file)
	}
	for _, p := range problems {
		c := of(p.File)
		switch {
		case p.Warning:
			c.Output += p.String() + "\n"
		case c.Failure == nil:
			c.Failure = &junitFault{p.Message, p.String()}
		default:
			c.Failure.Text += "\n" + p.String()
		}
	}
	return cases
}
