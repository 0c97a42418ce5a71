package main

import (
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
	"github.com/flyball-dev/flyball/engine/store"
)

// Behind an nginx that has nothing set for it, events come at once, a stream that was cut goes on where it was, and a browser
// logs in.
func TestLiveNginx(t *testing.T) {
	t.Parallel()
	metricstest.Program(t, "nginx", "nginx")
	s := simulated(t, strings.Replace(calmPolicy, `"1s"`, `"10m"`, 1)) // so that nothing else pushes on what is held back
	s.run()
	front := metricstest.Nginx(t, s.door())
	token := s.token("dashboard", "viewer")

	st := follow(t, nil, front, token, "")
	st.until("the status", func(m heard) bool { return m.name == "status" })
	s.flyball("pause", "--for", "1h", "--reason", "lunch")
	e := st.entry(store.OfPause, "lunch")
	t.Logf("the entry came after %s", time.Since(e.At))
	last := st.last()
	st.hangUp()
	s.flyball("resume")
	s.flyball("disable")
	s.flyball("enable")

	st = follow(t, nil, front, token, last)
	st.entry(store.OfSwitch, "on")
	var missed []string
	for _, e := range s.audited() {
		if n, _ := strconv.ParseInt(last, 10, 64); e.Number > n && e.Kind != store.OfAccess {
			missed = append(missed, strconv.FormatInt(e.Number, 10))
		}
	}
	if len(missed) < 3 || !slices.Equal(st.entries, missed) {
		t.Errorf("after entry %s came %v, want %v", last, st.entries, missed)
	}

	const password = "correct horse battery staple"
	s.write("password", password)
	s.flyball("user", "add", "anna@example.org", "--role", "operator", "--password-file", "password")
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Transport: originOf(front)}
	login := `{"email": "anna@example.org", "password": "` + password + `"}`
	if status := fetch(t, browser, http.MethodPost, front+"/api/auth/login", "", login, nil); status != http.StatusOK {
		t.Fatalf("the login is answered with %d", status)
	}
	var me struct{ Kind, Name string }
	if status := fetch(t, browser, http.MethodGet, front+"/api/auth/me", "", "", &me); status != http.StatusOK || me.Kind != "session" || me.Name != "anna@example.org" {
		t.Errorf("with the cookie it is %+v who asks, %d", me, status)
	}
	if status := fetch(t, browser, http.MethodPost, front+"/api/autoscaling/test/web", "", `{"replicas": 2}`, nil); status >= 300 {
		t.Errorf("with the cookie scaling is answered with %d", status)
	}
	// By HTTP alone a browser says just which page asks, and nginx does not say by which name it was asked.
	var problem struct{ Detail string }
	plain := &http.Client{Jar: jar, Transport: originOf("")}
	if status := fetch(t, plain, http.MethodPost, front+"/api/auth/logout", "", "", &problem); status != http.StatusForbidden {
		t.Errorf("a page of which nobody can say that it is flyball's is answered with %d", status)
	}
	s.mentions(problem.Detail, "pass the header Host on")
	foreign := &http.Client{Jar: jar, Transport: originOf("http://elsewhere.example")}
	if status := fetch(t, foreign, http.MethodPost, front+"/api/auth/logout", "", "", nil); status != http.StatusForbidden {
		t.Errorf("a page of elsewhere is answered with %d", status)
	}
	if status := fetch(t, browser, http.MethodPost, front+"/api/auth/logout", "", "", nil); status != http.StatusOK {
		t.Errorf("the logout is answered with %d", status)
	}
	if status := fetch(t, browser, http.MethodGet, front+"/api/auth/me", "", "", nil); status != http.StatusUnauthorized {
		t.Errorf("after the logout it is %d", status)
	}
}

// originOf sends what a browser does in the name of a page; empty: of the one that is asked, over HTTP from afar.
type originOf string

func (page originOf) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	at := r.URL.Scheme + "://" + r.URL.Host
	switch page {
	case "":
		page = originOf(at)
	case originOf(at):
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	default:
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	}
	r.Header.Set("Origin", string(page))
	return http.DefaultTransport.RoundTrip(r)
}
