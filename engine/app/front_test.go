package app

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/api/auth"
)

// A token for service shop is for it alone, although a policy of another service is called so.
func TestAScopeIsOfAService(t *testing.T) {
	o, _ := place(t)
	say(t, o, strings.NewReplacer(`web: {`, `shop: {`, `service: "web"`, `service: "db"`).Replace(web))
	a := begin(t, o)
	made, err := a.CreateToken(t.Context(), api.TokenAsk{Name: "ci", Role: auth.Operator, Scopes: []string{"scale:shop", "pause:shop", "read:shop"}, Actor: "ana"})
	if err != nil {
		t.Fatal(err)
	}
	front := a.front(a.gate())
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second) // nobody carries out what gets past the gate
	defer stop()
	for _, c := range []struct{ method, path, body, want string }{
		{"POST", "test/shop", `{"replicas": 4}`, "do not include scale of db"},
		{"POST", "pause", `{"service": "shop", "reason": "a sale"}`, "do not include pause of db"},
		{"GET", "metrics/shop", "", "do not include read of db"},
		{"GET", "explain/shop", "", "do not include read of db"},
	} {
		r := httptest.NewRequestWithContext(ctx, c.method, "/api/autoscaling/"+c.path, strings.NewReader(c.body))
		r.Header.Set("Authorization", "Bearer "+made.Secret)
		w := httptest.NewRecorder()
		front.ServeHTTP(w, r)
		if w.Code != 403 || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %d %s, want %s", c.path, w.Code, w.Body, c.want)
		}
	}
}
