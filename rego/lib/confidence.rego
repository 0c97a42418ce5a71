# METADATA
# scope: package
# title: flyball's library
# description: |
#   What strategies share: what each threshold says, and how sure an answer is. Rules of any package may import it
#   with `import data.flyball.lib`.
# schemas:
#   - input: schema.input
package flyball.lib

# METADATA
# title: Confidence of a change, 0..1
# description: |
#   confidence = 0.5 share + 0.3 severity + 0.2 success, in tenths because OPA is quicker and more exact with whole numbers
#
#   share     how much of what is watched agrees: the weights of the crossed thresholds over all weights. It has half
#             of the say, because several signals that agree are the best guard against a bad one.
#   severity  how far past its bound a threshold is: 0 at the bound, 1 at twice it or further. On the way up the worst
#             one counts, since one melting signal is enough; on the way down the mildest, since all must be calm.
#   success   how many of the service's latest changes succeeded. The smallest say: failures make flyball careful, and
#             never block a service on their own.
#
#   One of three equal thresholds, just crossed, after good changes only: 0.37. All of them, far past: 1.
confidence(share, severity, success) := max([0, min([1, sum([5 * share, 3 * severity, 2 * success]) / 10])])

# METADATA
# title: Priority of a raise
# description: |
#   When the budget is short, a sure raise goes first, and so does one with a signal at one and a half times its bound.
priority(confidence, severity) := "high" if {
	confidence >= 0.7
} else := "high" if {
	severity >= 0.5
} else := "medium"

# METADATA
# title: Confidence of holding, 0..1
# description: The share of the weights that could be read. Who sees nothing is sure of nothing.
confidence_of_holding := min([1, sum([t.share | some t in input.thresholds; t.observed])])
