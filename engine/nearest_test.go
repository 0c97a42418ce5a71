package engine_test

import (
	"testing"

	"github.com/flyball-dev/flyball/engine"
)

func TestNearest(t *testing.T) {
	tests := map[string]struct {
		word string
		want string
	}{
		"a letter left out":        {"RuleFaild", "RuleFailed"},
		"two letters exchanged":    {"CooldwonActive", "CooldownActive"},
		"another case":             {"atmaximum", "AtMaximum"},
		"nothing like it":          {"Sunday", ""},
		"the nearer of two":        {"AtMinimun", "AtMinimum"},
		"longer than any field is": {string(make([]byte, 100)), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := engine.Nearest(tt.word, []string{"RuleFailed", "CooldownActive", "AtMaximum", "AtMinimum"}); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
