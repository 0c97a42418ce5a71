// Package store holds what every ledger answers beside the engine's own nouns. Each subfolder is one ledger; storetest
// is what all of them must hold to.
package store

import (
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Row is a decision as it is kept. A row of holds stands for all of them, with the record of the first: those have the
// same reason, count, wish and terms, and no gap between them. What else the record says is of the first alone.
type Row struct {
	ID     int64         `json:"id"` // rises with every row
	First  time.Time     `json:"first"`
	Last   time.Time     `json:"last"`
	Count  int           `json:"count"`
	Record engine.Record `json:"record"`
}

// Intent is an event that has not ended.
type Intent struct {
	Mode  engine.Mode  `json:"mode"` // of the policy that opened it
	Event engine.Event `json:"event"`
}
