package api

import (
	"context"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// endlessLog is an audit log that takes a second a page, and has no end.
type endlessLog struct {
	paper
	pages int
	tell  func(page int)
}

func (l *endlessLog) Audit(ctx context.Context, f store.Filter) ([]store.Entry, error) {
	if f.Limit == 1 {
		return []store.Entry{{Number: 1 << 40}}, nil
	}
	time.Sleep(time.Second)
	l.pages++
	l.tell(l.pages)
	found := make([]store.Entry, f.Limit)
	for i := range found {
		found[i] = store.Entry{Number: max(0, f.After) + int64(i) + 1, Kind: store.OfAccess}
	}
	return found, ctx.Err()
}

// Who listens when their token is revoked is let go, also while they are told what they have missed.
func TestEventsEndWithTheToken(t *testing.T) {
	for name, query := range map[string]string{"while nothing happens": "", "while they catch up": "?after=1"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &endlessLog{}
				h, tokens, accounts := gatedBy(t, l)
				revoke := func() {
					accounts.mu.Lock()
					defer accounts.mu.Unlock()
					clear(accounts.tokens)
				}
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				l.tell = func(page int) {
					if page == 2 {
						revoke()
					}
					if page == 100 {
						t.Error("they still listen")
						stop()
					}
				}
				began := time.Now()
				if query == "" {
					time.AfterFunc(2*time.Second, revoke)
					time.AfterFunc(100*time.Second, stop)
				}
				r := httptest.NewRequest("GET", root+"events"+query, nil).WithContext(ctx)
				r.Header.Set("Authorization", "Bearer "+tokens["viewer"])
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if took := time.Since(began); w.Code != 200 || took > 2*stillThere {
					t.Errorf("%d, for %s", w.Code, took)
				}
			})
		})
	}
}

func TestNobodyListensInThePlaceOfAll(t *testing.T) {
	hub := &Hub{}
	for range mostOfOne {
		if _, err := hub.listen("token dashboard"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := hub.listen("token dashboard"); err != errMany {
		t.Errorf("got %v", err)
	}
	for _, who := range []string{"ana@example.com", ""} {
		if _, err := hub.listen(who); err != nil {
			t.Errorf("%q: %v", who, err)
		}
	}
}
