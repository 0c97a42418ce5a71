package auth

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

// serviceForm is how services of Compose and Swarm are named, with their project or target before.
var serviceForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$`)

// CheckScope says what is wrong with a scope: it is ACTION, or ACTION:SERVICE.
func CheckScope(scope string) error {
	action, service, one := strings.Cut(scope, ":")
	if !slices.Contains(Actions(), action) {
		hint := ""
		if near := engine.Nearest(action, Actions()); near != "" {
			hint = fmt.Sprintf("; did you mean %q?", near)
		}
		return fmt.Errorf("scope %.100q has no action %.50q; there are %s%s", scope, action, strings.Join(Actions(), ", "), hint)
	}
	if one && !serviceForm.MatchString(service) {
		return fmt.Errorf("scope %.100q names no service; write it as %s:web, or %s for all services", scope, action, action)
	}
	return nil
}

// covers says whether scopes leave an action on a service. One of a single service does not reach what is about none.
func covers(scopes []string, action, service string) bool {
	return len(scopes) == 0 || slices.Contains(scopes, action) || service != "" && slices.Contains(scopes, action+":"+service)
}

// MayGive says why somebody of a role, with a token of such scopes, can't give somebody else a role and scopes: they would have
// what the giver has not. A role that is empty is the least.
func MayGive(role string, scopes []string, given string, narrowed []string) error {
	if slices.Index(Roles(), given) > slices.Index(Roles(), role) {
		return fmt.Errorf("role %s is above %s, that of whoever asks", given, role)
	}
	if len(scopes) == 0 {
		return nil
	}
	if len(narrowed) == 0 {
		return fmt.Errorf("whoever asks has a token for %s alone, and this would be for everything", strings.Join(scopes, " "))
	}
	for _, s := range narrowed {
		if action, service, _ := strings.Cut(s, ":"); !covers(scopes, action, service) {
			return fmt.Errorf("whoever asks has a token for %s alone, which does not include %.100s", strings.Join(scopes, " "), s)
		}
	}
	return nil
}
