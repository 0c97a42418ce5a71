package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Documents are the policies that came by the API. Those in files are not here.
type Documents interface {
	// Documents lists all, by name.
	Documents(ctx context.Context) ([]Document, error)
	// PutDocument keeps a policy in the place of the one of its name whose version is was; was "": there is none. Where that is
	// not so it is ErrChanged, and nothing is written. The entry goes into the audit log in the same step.
	PutDocument(ctx context.Context, d Document, was string, e Entry) error
	// RemoveDocument forgets the one of a name and version; else it is ErrChanged, and nothing is written.
	RemoveDocument(ctx context.Context, name, was string, e Entry) error
}

// Document is a policy as somebody posted it.
type Document struct {
	Name    string          `json:"name"`
	Body    json.RawMessage `json:"body"`    // byte for byte
	Version string          `json:"version"` // another one for another body
	At      time.Time       `json:"at"`
	Actor   string          `json:"actor"`
}

// ErrChanged says that what was to be replaced is not there as it was: nothing was written.
var ErrChanged = errors.New("it has been changed since, or is there already: nothing was written")
