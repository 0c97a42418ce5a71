package app

import (
	"slices"
	"testing"

	"github.com/flyball-dev/flyball/engine/api/auth"
	"github.com/flyball-dev/flyball/rego"
)

// The shipped rules know just the roles and the actions that there are, and give each role what it is said to have.
func TestRolesOfTheShippedRules(t *testing.T) {
	rules, problems := rego.NewAuthorizer(t.Context(), rego.File{})
	if rules == nil {
		t.Fatal(problems)
	}
	may := map[string][]string{
		auth.Viewer:   {auth.Read},
		auth.Operator: {auth.Read, auth.Audit, auth.Push, auth.Scale, auth.Pause, auth.Switch},
		auth.Admin:    auth.Actions(),
		"":            nil,
	}
	for _, role := range append(auth.Roles(), "") {
		for _, action := range auth.Actions() {
			who := auth.Identity{Kind: auth.ByToken, Name: "ci", Role: role}
			allowed, _, err := authorizer{func() *rego.Authorizer { return rules }}.Authorize(t.Context(), who, auth.Ask{Action: action})
			if want := slices.Contains(may[role], action); err != nil || allowed != want {
				t.Errorf("role %q may %s: %v, %v, want %v", role, action, allowed, err, want)
			}
		}
	}
}
