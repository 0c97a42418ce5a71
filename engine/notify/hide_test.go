package notify

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A receiver that is not there is often another program that says what was asked for, and who asked.
func TestAnAnswerDoesNotTellTheAddress(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, "Cannot POST %s for %s, in %v of %s", r.URL, r.Header.Get("Authorization"), strings.Split(r.URL.Path, "/"), r.URL.Query().Get("token"))
	}))
	defer s.Close()
	address := strings.Replace(s.URL, "http://", "http://anna:canary-pass@", 1) + "/services/T0CANARY/canary%20and?token=canary%2Fsecret"
	a := calling(t, address, time.Second, "127.0.0.1").post(t.Context(), "1", hello())
	if a.Status != 404 || strings.Contains(strings.ToLower(a.Body+a.Problem()), "canary") || !strings.HasPrefix(a.Problem(), "answered 404: Cannot POST … for Basic …") {
		t.Errorf("%d %q, %q", a.Status, a.Body, a.Problem())
	}
}

func TestAnErrorDoesNotTellTheAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			heard := make([]byte, 4096)
			n, _ := c.Read(heard)
			_, _ = c.Write(append([]byte("unheard: "), heard[:n]...))
			_ = c.Close()
		}
	}()
	a := calling(t, "http://"+l.Addr().String()+"/services/T0CANARY", 2*time.Second, "127.0.0.1").post(t.Context(), "1", hello())
	if a.Err == nil || strings.Contains(a.Problem(), "CANARY") {
		t.Errorf("%q", a.Problem())
	}
}
