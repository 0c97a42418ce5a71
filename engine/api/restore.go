package api

import (
	"context"
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

// serveRestore adds restoring.
func (s *server) serveRestore() {
	add(s, operation{id: "restore", method: "POST", path: "store/restore", action: "store", local: true, endless: true, tag: "store",
		refuses: []int{http.StatusNotFound, http.StatusConflict}, summary: "Put what a backup has in the place of everything in the store"},
		func(ctx context.Context, in *struct {
			Caller
			Body RestoreAsk
		}) (*answer[restoredAnswer], error) {
			in.Body.Actor = in.actor(in.Body.Actor)
			restored, err := s.Flyball.Restore(ctx, in.Body)
			return &answer[restoredAnswer]{restoredAnswer{true, restored}}, err
		})
}

// Restore asks for it, and waits as long as it takes: a change may be under way that is finished first.
func (c *Client) Restore(ctx context.Context, ask RestoreAsk) (Restored, error) {
	patient := *c
	without := *c.http
	without.Timeout, patient.http = 0, &without
	var a restoredAnswer
	err := patient.do(ctx, http.MethodPost, "store/restore", ask, &a)
	return a.Restored, err
}
