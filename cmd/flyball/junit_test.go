package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/app"
)

// Whatever tests print, their XML is read again, with nothing lost but what XML can't hold.
func TestJUnit(t *testing.T) {
	loud := "a < b && c > d ]]> \"quoted\" 'so'\nsecond line\t\x1b[31mred\x00\xff\ufffe end"
	v := app.Verdicts{
		Tests: []app.Checked{
			{Name: "web at 0s", File: "a.scenario.yaml", Line: 3, Seconds: 0.25, Output: loud},
			{Name: loud, File: "a.scenario.yaml", Line: 5, Seconds: 0.00000025, About: "A story.", Failures: []string{loud, "more"}},
			{Name: "todo_test_x", File: "b_test.rego", Skipped: true},
		},
		Problems: []engine.Problem{{File: "a.scenario.yaml", Line: 9, Column: 2, Message: loud}, {Message: "of no file"}},
	}
	var out bytes.Buffer
	if err := printJUnit(&out, "flyball test", testsRun(v)); err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(out.Bytes())); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, out.String())
		}
	}
	var read junitRead
	if err := xml.Unmarshal(out.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	if read.Tests != 5 || read.Failures != 1 || read.Errors != 2 || read.Skipped != 1 || read.Time != "0.250000" {
		t.Errorf("counts are %+v", read)
	}
	var cases []string
	for _, s := range read.Suites {
		cases = append(cases, s.Name)
		for _, c := range s.Cases {
			cases = append(cases, c.Class)
		}
	}
	want := "a.scenario.yaml a.scenario.yaml a.scenario.yaml a.scenario.yaml b_test.rego b_test.rego flyball flyball"
	if got := strings.Join(cases, " "); got != want {
		t.Errorf("suites and cases are %s, want %s", got, want)
	}
	kept := strings.NewReplacer("\x1b", "\ufffd", "\x00", "\ufffd", "\xff", "\ufffd", "\ufffe", "\ufffd").Replace(loud)
	first, second, third := read.Suites[0].Cases[0], read.Suites[0].Cases[1], read.Suites[0].Cases[2]
	if first.Output != kept || second.Name != kept || second.Failure != kept+"\nmore" || second.Output != "A story.\n\n" {
		t.Errorf("read %q, %q, %q, %q", first.Output, second.Name, second.Failure, second.Output)
	}
	if third.Error != "a.scenario.yaml:9:2: error: "+kept || second.Time != "0.000000" {
		t.Errorf("read %q, %q", third.Error, second.Time)
	}
}

// junitRead is what a CI system makes of the XML.
type junitRead struct {
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Skipped  int    `xml:"skipped,attr"`
	Time     string `xml:"time,attr"`
	Suites   []struct {
		Name  string `xml:"name,attr"`
		Cases []struct {
			Name    string `xml:"name,attr"`
			Class   string `xml:"classname,attr"`
			Time    string `xml:"time,attr"`
			Failure string `xml:"failure"`
			Error   string `xml:"error"`
			Output  string `xml:"system-out"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}
