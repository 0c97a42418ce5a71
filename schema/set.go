// Package schema loads what authors write, holds it to the CUE definitions beside it, and answers with plain Go
// values. It is the only importer of cuelang.org/go; no CUE value outlives a call.
//
// Checking goes in layers: the text of a file, the author's value field by field, the rules between fields, and last
// the CUE definitions as a whole, which are the authority. All that is found is reported at its place in the author's
// file; a rule that depends on a field that is already wrong stays silent.
package schema

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Set is everything that was read from a file or a folder.
type Set struct {
	Policies  []engine.Policy  // those without an error, sorted by name
	Config    Config           // what the author wrote
	Problems  []engine.Problem // sorted by place; warnings too
	Rules     []RegoFile       // the author's rules
	Tests     []RegoFile       // the author's *_test.rego
	Authz     Authz            // the author's rules of access
	Scenarios []string         // paths of *.scenario.yaml
	Files     []string         // every file that was read, for watching
	Written   map[string]Body  // what the author wrote of each policy, by its name
	Asks      map[string][]Ask // where each policy, by its name, names its strategies; in their order
	Posted    []string         // names of the policies that were posted, sorted
	Left      []Left           // posted ones that are not among them, sorted
}

// Ask is where a policy names a strategy or rules. A default one is named nowhere, and has no line.
type Ask struct {
	Field  string // strategy, rules
	File   string
	Line   int
	Column int
}

// Body is a policy as its author wrote it, without defaults, in JSON.
type Body = json.RawMessage

// Authz are rules of access and their tests, which stand beside them; without a path there are none.
type Authz struct {
	File  RegoFile
	Tests []RegoFile
}

// RegoFile is a file of the author's rules, not compiled.
type RegoFile struct {
	Path string
	Text []byte
}

// Config is how the author sets flyball up. A zero value was not written; its default is in config.cue.
type Config struct {
	MaxTotalReplicas     int
	MinAvailableMemoryMB *int // 0 is a value: nothing is kept free
	DockerHost           string
	StorePath            string
	Store                SharedStore // URL "": the file at StorePath
	SocketPath           string
	LogLevel             string
	LogFormat            string
	SampleDays           int
	RollupDays           int
	AuditDays            int
	API                  API
	Sources              []Source // sorted by name
	Notify               Notify
}

// API is how flyball is spoken to, beside the Unix socket.
type API struct {
	Listen          string // an address, or none; "": not written
	TLSCert, TLSKey string // paths, both or none
	Authz           string // path of the rules of access from the folder of policies; "": those that are shipped
	AdminToken      Secret
	OpenMetrics     bool
	Session         time.Duration // 0: not written
}

// SharedStore is a Redis that several daemons may share.
type SharedStore struct {
	URL      string // without a user
	Username string
	Password Secret
	Lease    time.Duration // 0: not written
}

// Source is where samples come from, as the author set it up.
type Source struct {
	Name     string
	Type     string // prometheus, scrape, redis, sql, http, push
	URL      string
	Driver   string // postgres, mysql, sqlite
	DSN      Secret
	Port     int // 0: the only one that a replica exposes
	Path     string
	Username string
	Password Secret
	Token    Secret
	Timeout  time.Duration
	AtOnce   int
}

// Secret says where a secret is: in an environment variable, or in a file. The zero value is none.
type Secret struct{ Env, File string }

// Queries checks what metrics ask a source, by the type of the source: an error says what is wrong with a query. Types
// that are not there go unchecked.
type Queries map[string]func(query string) error

// Errors are the problems that make the set unusable.
func (s Set) Errors() []engine.Problem { return s.problems(false) }

// Doubts are the errors that are of no one policy: a file that can't be read, or a wrong setting. With one of them,
// Config may lack what the author wrote.
func (s Set) Doubts() []engine.Problem {
	var found []engine.Problem
	for _, p := range s.Errors() {
		if p.Policy == "" {
			found = append(found, p)
		}
	}
	return found
}

// Warnings are the problems that do not.
func (s Set) Warnings() []engine.Problem { return s.problems(true) }

func (s Set) problems(warning bool) []engine.Problem {
	var found []engine.Problem
	for _, p := range s.Problems {
		if p.Warning == warning {
			found = append(found, p)
		}
	}
	return found
}

// arrange sorts problems by place and drops those that say the same at the same place.
func arrange(problems []engine.Problem) []engine.Problem {
	slices.SortStableFunc(problems, func(a, b engine.Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(problems, func(a, b engine.Problem) bool {
		return a.File == b.File && a.Line == b.Line && a.Column == b.Column && a.Message == b.Message
	})
}
