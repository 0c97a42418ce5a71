package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// RestoreAsk asks for what a backup has in the place of everything in the store.
type RestoreAsk struct {
	File  string `json:"file"`          // where flyball runs: an absolute path
	Try   bool   `json:"try,omitempty"` // only look what would be replaced
	Actor string `json:"actor,omitempty"`
}

// Restored is what a restore has replaced, or would.
type Restored struct {
	Store  string          `json:"store"` // where it is
	Before []store.CountOf `json:"before"`
	File   string          `json:"file"`
	After  []store.CountOf `json:"after"`
	Was    bool            `json:"was"`             // whether autoscaling is on, before the restore
	Will   bool            `json:"will"`            // and after it
	Newest time.Time       `json:"newest,omitzero"` // when the last entry of the backup's audit log was made; zero: it has none
}

// OnOff is the global switch in a word.
func OnOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

type restoredAnswer struct {
	Success bool `json:"success"`
	Restored
}

// serveRestore adds the path of restoring.
func serveRestore(f Flyball, handle func(pattern string, answer func(r *http.Request) (any, error))) {
	handle(restorePath, func(r *http.Request) (any, error) {
		var ask RestoreAsk
		if err := decode(r, &ask); err != nil {
			return nil, Refusal{http.StatusBadRequest, fmt.Sprintf(`the body is not like {"file": "/var/backups/flyball.db"}: %v`, err)}
		}
		ask.Actor = cmp.Or(ask.Actor, "api")
		restored, err := f.Restore(r.Context(), ask)
		return restoredAnswer{Success: true, Restored: restored}, err
	})
}

const restorePath = "POST /api/autoscaling/store/restore"

// Restore asks for it, and waits as long as it takes: a change may be under way that is finished first.
func (c *Client) Restore(ctx context.Context, ask RestoreAsk) (Restored, error) {
	patient := *c.http
	patient.Timeout = 0
	var a restoredAnswer
	err := (&Client{&patient}).do(ctx, http.MethodPost, "store/restore", ask, &a)
	return a.Restored, err
}
