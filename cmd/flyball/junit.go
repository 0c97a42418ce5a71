package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

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

// printJUnit writes the verdicts as XML. What XML has no way to write, such as a control character, is replaced.
func printJUnit(out io.Writer, v app.Verdicts) error {
	all := junitSuites{Name: "flyball test"}
	suites := map[string]*junitSuite{}
	add := func(file string, c junitCase) {
		s := suites[file]
		if s == nil {
			s = &junitSuite{Name: file}
			suites[file] = s
			all.Suites = append(all.Suites, s)
		}
		s.Cases = append(s.Cases, c)
		s.count(c)
		all.count(c)
	}
	for _, t := range v.Tests {
		c := junitCase{Name: t.Name, Class: t.File, File: t.File, Line: t.Line, Time: junitSeconds(t.Seconds)}
		if c.Output = t.Output; t.About != "" {
			c.Output = t.About + "\n\n" + t.Output
		}
		if t.Skipped {
			c.Skipped = &struct{}{}
		}
		if len(t.Failures) > 0 {
			c.Failure = &junitFault{t.Failures[0], strings.Join(t.Failures, "\n")}
		}
		add(t.File, c)
	}
	for _, p := range v.Problems {
		file := p.File
		if file == "" {
			file = "flyball"
		}
		add(file, junitCase{Name: "can be run", Class: file, File: p.File, Line: p.Line, Error: &junitFault{p.Message, p.String()}})
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
