package store

import (
	"context"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Mover takes everything out of a store, and puts it into one.
type Mover interface {
	// Export gives everything in parts, as it is at one instant. It ends with the first error that take answers.
	Export(ctx context.Context, take func(Part) error) error
	// Replace puts what from gives in the place of everything that is there, in one step: an error leaves it as it was.
	// The numbers of the audit log go on after the last entry, and what has been told of it ends there at the latest.
	// Where lost is not zero, some of what was there since is not in it: as in a store begun anew, every policy waits a full
	// cooldown from then on.
	Replace(ctx context.Context, from func(take func(Part) error) error, lost time.Time) error
	// Empty says that nobody has ever used it.
	Empty(ctx context.Context) (bool, error)
	// Check reads everything and says what is wrong with it, each in one line.
	Check(ctx context.Context) (Findings, error)
}

// Part is a piece of all that a store has, small enough for memory.
type Part struct {
	Switch    *Switch
	Rebuilt   time.Time               // when the store was begun anew; zero: it was not
	Pauses    map[string]engine.Pause // by place
	Subjects  []Subject
	Rows      []Row
	Events    []Intent // ended ones too, the oldest first
	Chunks    []Chunk
	Entries   []Entry
	Revisions []Revision
	Messages  []Message
	Posted    int64 // up to which audit entry messages were made; 0: none ever were
	Tokens    []Token
	Users     []User
	Documents []Document
}

// Switch is the global switch as somebody has set it.
type Switch struct {
	On    bool      `json:"on"`
	Actor string    `json:"actor"`
	At    time.Time `json:"at"`
}

// Subject is what is remembered of a service, or of a policy in shadow mode.
type Subject struct {
	Subject string         `json:"subject"`
	State   engine.State   `json:"state"`
	Record  *engine.Record `json:"record,omitempty"` // the newest; nil: none was made
	Lost    bool           `json:"lost,omitempty"`   // not written since the store was begun anew: see Delayed
}

// Chunk is packed samples of a series, or a day of their rollups (package chunk).
type Chunk struct {
	Subject, Metric, Signal, Replica string

	Kind  ChunkKind
	First int64 // milliseconds since 1970: of the first point, or when the day begins
	Last  int64 // of the last point; of a day 0
	Data  []byte
}

// ChunkKind tells chunks apart.
type ChunkKind string

const (
	FullChunk ChunkKind = "full" // its rollups are in those of its day
	OpenChunk ChunkKind = "open" // the one that the series fills
	DayChunk  ChunkKind = "day"  // rollups
)

// Findings are what a check has found.
type Findings struct {
	Problems []string `json:"problems"`
	Settings []string `json:"settings,omitempty"` // of the server, that put what is kept at risk
}

// CountOf is how many there are of something.
type CountOf struct {
	What  string `json:"what"`
	Count int64  `json:"count"`
}
