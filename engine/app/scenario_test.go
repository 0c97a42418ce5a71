package app

import (
	"slices"
	"testing"
)

// Every story that is shipped holds, and every folder of policies that is shipped is free of errors.
func TestShippedFolders(t *testing.T) {
	tests := []struct {
		folder  string
		stories int // at least
	}{
		{"../../testdata/scenario", 11},
		{"../../policies", 2},
		{"../../examples/quickstart/policies", 1},
		{"../../examples/prometheus/policies", 1},
		{"../../examples/swarm/policies", 1},
		{"starter", 1},
	}
	for _, tt := range tests {
		t.Run(tt.folder, func(t *testing.T) {
			loaded, err := Load(t.Context(), Here, tt.folder)
			if err != nil {
				t.Fatal(err)
			}
			if errs := loaded.Errors(); len(errs) > 0 {
				t.Fatal(Invalid{errs})
			}
			if len(loaded.Scenarios) < tt.stories {
				t.Errorf("has %d stories, want %d", len(loaded.Scenarios), tt.stories)
			}
			v := Test(t.Context(), Here, loaded)
			for _, p := range v.Problems {
				t.Error(p)
			}
			for _, c := range v.Tests {
				for _, f := range c.Failures {
					t.Errorf("%s:%d: %s: %s", c.File, c.Line, c.Name, f)
				}
			}
		})
	}
}

// The default policies are off.
func TestDefaultPoliciesAreOff(t *testing.T) {
	loaded, err := Load(t.Context(), Here, "../../policies")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range loaded.Policies {
		names = append(names, p.Service)
		if p.Enabled {
			t.Errorf("%s is on", p.Name)
		}
	}
	if !slices.Equal(names, []string{"backend", "ml"}) {
		t.Errorf("the default policies scale %v", names)
	}
}
