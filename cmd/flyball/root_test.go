package main

import (
	"strings"
	"testing"
)

// Each verb says in words what it takes, and its help is written as people type.
func TestEveryVerbSpeaksPlainly(t *testing.T) {
	verbs := newRoot().Commands()
	if len(verbs) < 10 {
		t.Fatalf("%d verbs", len(verbs))
	}
	for _, verb := range verbs {
		t.Run(verb.Name(), func(t *testing.T) {
			var out, errs strings.Builder
			if code := execute(t.Context(), []string{verb.Name(), "--help"}, strings.NewReader(""), &out, &errs); code != exitFine {
				t.Fatalf("--help ends with %d: %s", code, errs.String())
			}
			if !strings.Contains(out.String(), "-h, --help") || strings.Contains(out.String(), "true|false") {
				t.Errorf("the help reads\n%s", out.String())
			}
			for _, args := range [][]string{nil, strings.Fields("a b c d e f g h i")} {
				if err := verb.ValidateArgs(args); err != nil && strings.Contains(err.Error(), "arg(s)") {
					t.Errorf("with %d arguments it says: %v", len(args), err)
				}
			}
		})
	}
}

func TestTakes(t *testing.T) {
	for name, c := range map[string]struct {
		verb string
		args []string
		want string // the error; empty: it will do
	}{
		"one too few":           {"scale", []string{"web"}, "scale takes a service and a number of replicas, such as flyball scale web 4"},
		"as many as it takes":   {"scale", []string{"web", "4"}, ""},
		"one too many":          {"scale", []string{"web", "4", "5"}, "scale takes a service and a number of replicas, such as flyball scale web 4; here are 3: web 4 5"},
		"none, where one may":   {"history", nil, ""},
		"none, where one must":  {"diff", nil, "diff takes one or two files, folders or git revisions, such as flyball diff main"},
		"any number, and many":  {"push", strings.Fields("web a=1 b=2 c=3 d=4"), ""},
		"any number, and a few": {"push", []string{"web"}, "push takes a service and values of metrics, such as flyball push backend jobs=12"},
	} {
		t.Run(name, func(t *testing.T) {
			verb, _, err := newRoot().Find([]string{c.verb})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if err := verb.ValidateArgs(c.args); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("it says %q, want %q", got, c.want)
			}
		})
	}
}
