package socketproxy_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"testing"

	"github.com/flyball-dev/flyball/engine/target/docker"
)

// An engine does nothing of what it is asked by a try, and says so.
func TestLiveATryIsRefusedByTheEngine(t *testing.T) {
	t.Parallel()
	e := shared.Engine(t)
	dial := e.Client().Dialer()
	var status int
	server := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", "engine" },
		Transport:      &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }},
		ModifyResponse: func(r *http.Response) error { status = r.StatusCode; return nil },
	})
	defer server.Close()
	by, err := docker.Dial("tcp://" + server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer by.Close()
	if err := by.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, n := range docker.Needs() {
		if err := by.Try(t.Context(), "try", n.Call); err != nil {
			t.Error(err)
		}
		if method, _ := n.Call.Parts(); method != http.MethodGet && method != http.MethodHead && status < http.StatusBadRequest {
			t.Errorf("%s: the engine takes what is only a try, and answers %d", n.Call, status)
		}
	}
}
