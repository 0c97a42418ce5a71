package redis

// Keys begin with {prefix}, which puts them all on one node of a Cluster, so that scripts and transactions work there. All
// but three carry the generation of the store: what is put in its place is written beside it, and then the core names another.

// coreKey is the hash of all that decisions stand on:
//
//	version             of this layout
//	generation          in the names of all keys but the core and the lease
//	epoch               of who leads, or led last
//	epoch_seq           seq as it was when that one came to lead
//	seq                 counts what leaders wrote; turns counts what people turned
//	rebuilt             when the store was begun anew, in nanoseconds
//	rebuilt_epoch       of who did that, or replaced the store
//	rebuilt_seq         seq as it was then: what was written up to it is doubted
//	nonce               of what was turned, or noted, last
//	switch              JSON of store.Switch
//	audit, row, event   the numbers given last; message, too
//	posted              the number of the audit entry up to which messages were made
//	pause:<place>       JSON of engine.Pause
//	token:<id>          JSON of store.Token
//	user:<email>        JSON of store.User
//	document:<name>     store.Document, packed
//	state:<subject>     JSON of engine.State
//	written:<subject>   seq of its write
//	nonce:<subject>     of the write: whose it is, and how many that had written then
//	open:<id>           an intent: number, when it began, JSON of store.Intent
//	tip:<mode>/<policy> the newest row of decisions: its number, first, last, count, and what further holds must be like
func (s *Store) coreKey() string { return "{" + s.prefix + "}:core" }

// leaseKey is the hash of who leads, which expires.
func (s *Store) leaseKey() string { return "{" + s.prefix + "}:lease" }

// leftKey names the generation that a move has still to drop: see sweep.
func (s *Store) leftKey() string { return "{" + s.prefix + "}:left" }

// key is a name in a generation.
func (s *Store) key(generation, name string) string {
	return "{" + s.prefix + "}:" + generation + ":" + name
}
