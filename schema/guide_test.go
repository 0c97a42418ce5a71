package schema

import (
	"os"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
)

// The authoring guide has every field of a policy, and no other, each with the default that the schema gives it.
func TestGuideHasEveryField(t *testing.T) {
	guide, err := os.ReadFile("../policies/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for caption, of := range map[string]struct{ definition, within string }{
		"of a policy":               {"#PolicyShape", ""},
		"of a metric":               {"#Metric", ""},
		"of a threshold":            {"#ThresholdShape", ""},
		"of a window in `schedule`": {"#Window", ""},
		"of a rate":                 {"#Rate", ""},
	} {
		t.Run(caption, func(t *testing.T) {
			want := map[string]string{}
			fieldsOf(t, definition(t, of.definition), "", want)
			told := guideTable(t, string(guide), caption)
			for name, value := range want {
				text, is := told[name]
				switch {
				case !is:
					t.Errorf("the guide does not have %s", name)
				case value != "" && !strings.Contains(text, "`"+strings.Trim(value, `"`)+"`"):
					t.Errorf("the guide says that the default of %s is %s; it is %s", name, text, value)
				case value == "" && strings.HasPrefix(text, "`") && !inWords[name]:
					t.Errorf("the guide says that the default of %s is %s; the schema has none", name, text)
				}
			}
			for name := range told {
				if _, is := want[name]; !is {
					t.Errorf("the guide has %s, which is no field", name)
				}
			}
		})
	}
}

// inWords are defaults that the schema has in words alone, or by other fields.
var inWords = map[string]bool{
	"strategy": true, "cooldown.up": true, "cooldown.down": true, "comparison": true, "tolerance": true,
}

func definition(t *testing.T, name string) cue.Value {
	t.Helper()
	all, err := definitions(cuecontext.New())
	if err != nil {
		t.Fatal(err)
	}
	return all.LookupPath(cue.ParsePath(name))
}

// fieldsOf collects the fields of a struct, those of structs in it as a.b, with their defaults as JSON; "" where there is none.
func fieldsOf(t *testing.T, v cue.Value, prefix string, into map[string]string) {
	t.Helper()
	fields, err := v.Fields(cue.Optional(true))
	if err != nil {
		t.Fatal(prefix, err)
	}
	for fields.Next() {
		name := prefix + strings.TrimRight(fields.Selector().String(), "?!")
		f := fields.Value()
		if f.IncompleteKind() == cue.StructKind && name != "lint" {
			if name == "rollout.drain.http" {
				into[name] = ""
			}
			fieldsOf(t, f, name+".", into)
			continue
		}
		into[name] = ""
		if d, is := f.Default(); is && f.IncompleteKind() != cue.ListKind {
			if text, err := d.MarshalJSON(); err == nil {
				into[name] = string(text)
			}
		}
	}
}

// guideTable reads a table of the guide by its caption: the default in words, by the field. A row may have several fields.
func guideTable(t *testing.T, guide, caption string) map[string]string {
	t.Helper()
	_, rest, found := strings.Cut(guide, "\n| "+caption+" | default | what |\n|---|---|---|\n")
	if !found {
		t.Fatalf("the guide has no table %q", caption)
	}
	table := map[string]string{}
	for line := range strings.Lines(rest) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			break
		}
		for name := range strings.SplitSeq(cells[1], ",") {
			table[strings.Trim(strings.TrimSpace(name), "`")] = strings.TrimSpace(cells[2])
		}
	}
	return table
}
