package app

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Nothing of what lets people in, or of whom flyball tells, gets into the log, the metrics or an answer of the API: with receivers
// that fail and repeat what they were sent, right and wrong logins, and tokens that end.
func TestSecretsOfTheAPIStaySecret(t *testing.T) {
	key := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(canary, 3)[:32]))
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, "who are you? %s %v", r.URL, r.Header)
	}))
	t.Cleanup(echo.Close)
	for _, format := range Formats {
		t.Run(format, func(t *testing.T) {
			o, _ := place(t)
			log, f := new(record), new(Format)
			if err := f.Set(format); err != nil {
				t.Fatal(err)
			}
			o.Log, o.Enabled, o.Listen = NewLog(log, slog.LevelDebug, f), true, "127.0.0.1:0"
			admin := canary + "-abcdefghijklmnopqrstuvwxyz-0123456789"
			env := map[string]string{"HOOK": echo.URL + "/" + canary + "?key=" + canary, "KEY": "whsec_" + key, "ADMIN": admin}
			o.Env = func(name string) string { return env[name] }
			o.Webhook = echo.URL + "/services/" + canary
			say(t, o, `config: notify: {allow: ["127.0.0.1"], heartbeat: {urlFrom: env: "HOOK", every: "5s"}, receivers: {
	own: {urlFrom: env: "HOOK", secret: env: "KEY"}, team: {urlFrom: env: "HOOK", format: "slack"}}}
config: api: adminToken: env: "ADMIN"
`+web)
			a := begin(t, o)
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- a.Run(ctx, nil) }()
			said := asksAll(t, a, admin)
			stop()
			if err := <-done; err != nil {
				t.Error(err)
			}
			for what, text := range map[string]string{"the log": log.String(), "an answer": said} {
				for _, secret := range []string{canary, key} {
					if strings.Contains(text, secret) {
						t.Errorf("%s has %s:\n%s", what, secret, lines(text))
					}
				}
			}
		})
	}
}

// asksAll has a daemon make and use every kind of secret, and gives all that it answers but for the secrets that it is asked to make.
func asksAll(t *testing.T, a *App, admin string) string {
	t.Helper()
	var all strings.Builder
	ask := func(token, method, path, body string) []byte {
		t.Helper()
		a.mu.Lock()
		base := a.listens
		a.mu.Unlock()
		req, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	for listens := ""; listens == ""; {
		a.mu.Lock()
		listens = a.listens
		a.mu.Unlock()
		<-time.After(10 * time.Millisecond)
	}
	ask(admin, "POST", "/api/autoscaling/users", `{"email": "ana@example.com", "password": "`+canary+`", "role": "admin"}`)
	for _, login := range []string{canary, canary + "x"} {
		var made struct{ Token string }
		_ = json.Unmarshal(ask("", "POST", "/api/auth/login", `{"email": "ana@example.com", "password": "`+login+`"}`), &made)
		all.Write(ask(made.Token, "GET", "/api/auth/me", ""))
		all.Write(ask(made.Token, "POST", "/api/auth/logout", ""))
	}
	all.Write(ask("", "POST", "/api/auth/login", `{"email": "ana@example.com", "password": ["`+canary+`"]}`))
	all.Write(ask("", "POST", "/api/auth/login", `{"email": "ana@example.com", "password": "`+canary))
	all.Write(ask("flyball_"+canary, "GET", "/api/autoscaling/status", ""))
	all.Write(ask(admin, "POST", "/api/autoscaling/notifications/test", ""))
	for _, path := range []string{
		"/metrics", "/healthz", "/readyz", "/api/autoscaling/status", "/api/autoscaling/audit?limit=1000", "/api/autoscaling/history", "/api/autoscaling/tokens",
		"/api/autoscaling/users", "/api/autoscaling/policies", "/api/autoscaling/notifications", "/api/autoscaling/decisions",
	} {
		all.Write(ask(admin, "GET", path, ""))
	}
	return all.String()
}
