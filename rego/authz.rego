# METADATA
# scope: package
# title: Who may do what
# description: |
#   Decides on each request to the API, but for those over the Unix socket: whoever may open that may write the store too.
#   What a token's scopes leave out is refused before anybody asks here. To replace these rules, name a file of the same
#   package in the config, under api: authz. No decision, and one that is not {allow, reason}, is a refusal.
# schemas:
#   - input: schema.access.input
package flyball.authz

# METADATA
# title: What each role may do
roles := {
	"viewer": {"read"},
	"operator": {"read", "audit", "push", "scale", "pause", "switch"},
	"admin": {"read", "audit", "push", "scale", "pause", "switch", "policies", "accounts", "store", "notify"},
}

# METADATA
# title: Decision
# entrypoint: true
default decision := {"allow": false, "reason": "a valid token or a login is needed"}

decision := {"allow": true, "reason": sprintf("role %s", [input.actor.role])} if {
	input.action in roles[input.actor.role]
} else := {"allow": false, "reason": sprintf("role %s does not include %s", [input.actor.role, input.action])} if {
	input.actor.kind != "anonymous"
}
