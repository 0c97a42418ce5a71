package flyball.authz_test

import data.flyball.authz

asks(kind, role, action) := {
	"actor": {"name": "anna", "kind": kind, "role": role, "scopes": []},
	"action": action,
}

all := {"read", "audit", "push", "scale", "pause", "switch", "policies", "accounts", "store", "notify"}

test_roles[name] if {
	some name, c in {
		"viewer": {"read"},
		"operator": {"read", "audit", "push", "scale", "pause", "switch"},
		"admin": all,
		"root": set(),
		"": set(),
	}
	every kind in {"token", "session"} {
		allowed := {action |
			some action in (all | {"anything", ""})
			decision := authz.decision with input as asks(kind, name, action)
			decision.allow
		}
		allowed == c
	}
}

test_reason_allowed if {
	decision := authz.decision with input as asks("token", "operator", "scale")
	decision == {"allow": true, "reason": "role operator"}
}

test_reason_refused if {
	decision := authz.decision with input as asks("session", "viewer", "scale")
	decision == {"allow": false, "reason": "role viewer does not include scale"}
}

test_anonymous if {
	decision := authz.decision with input as asks("anonymous", "", "read")
	decision == {"allow": false, "reason": "a valid token or a login is needed"}
}

test_nothing_known if {
	decision := authz.decision with input as {}
	decision == {"allow": false, "reason": "a valid token or a login is needed"}
}
