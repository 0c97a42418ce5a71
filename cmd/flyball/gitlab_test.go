package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine"
)

// A problem that only moves is the same to GitLab, and two that read alike are two.
func TestQualityFingerprints(t *testing.T) {
	prints := func(problems ...engine.Problem) []string {
		t.Helper()
		var out strings.Builder
		if err := printQuality(&out, problems, "policies"); err != nil {
			t.Fatal(err)
		}
		var issues []qualityIssue
		if err := json.Unmarshal([]byte(out.String()), &issues); err != nil {
			t.Fatal(err)
		}
		all := []string{}
		for _, i := range issues {
			if i.Location.Path == "" || i.Location.Lines.Begin < 1 {
				t.Errorf("GitLab refuses an issue without a place: %+v", i)
			}
			all = append(all, i.Fingerprint)
		}
		return all
	}
	at := func(line int) engine.Problem { return engine.Problem{File: "web.cue", Line: line, Message: "wrong"} }
	if a, b := prints(at(3)), prints(at(9)); a[0] != b[0] {
		t.Error("moved, it is another one")
	}
	if a := prints(at(3), at(4)); a[0] == a[1] {
		t.Error("two are taken for one")
	}
	if a := prints(at(3), engine.Problem{Message: "no policies"}); a[0] == a[1] {
		t.Error("others are taken for one")
	}
	if a := prints(); len(a) != 0 {
		t.Errorf("nothing is wrong, and there is %q", a)
	}
}
