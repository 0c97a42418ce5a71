package main

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

func TestHealthSaysHowADaemonIs(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		answer string
		code   int
		out    string
		errs   string
	}{
		"well": {
			200, `{"ok":true,"checks":[{"name":"loop","ok":true,"detail":"2 policies at work"}]}`,
			exitFine, "well: loop: 2 policies at work\n", "",
		},
		"well, and nobody may know more": {
			200, `{"ok":true,"checks":[{"name":"loop","ok":true}]}`,
			exitFine, "well: loop\n", "",
		},
		"unwell": {
			503, `{"ok":false,"checks":[{"name":"loop","ok":false,"detail":"no evaluation of web for 2m31s"},{"name":"other","ok":true}]}`,
			exitNo, "unwell: loop: no evaluation of web for 2m31s\n", "",
		},
		"what steers a terminal": {
			503, `{"ok":false,"checks":[{"name":"loop","ok":false,"detail":"no evaluation\nof \u001b[2J"}]}`,
			exitNo, "unwell: loop: no evaluation of [2J\n", "",
		},
		"another program":                {200, `{"status":"up"}`, exitUnreachable, "", "flyball: the daemon answered 200 OK, and not as flyball does"},
		"another program, of few words":  {503, ``, exitUnreachable, "", "is there another program at http"},
		"what says that all is well not": {404, `{"ok":true,"checks":[{"name":"loop","ok":true}]}`, exitUnreachable, "", "404 Not Found"},
	} {
		serve := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/healthz" {
				t.Errorf("asked %s", r.URL)
			}
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.answer))
		})
		check := func(t *testing.T, args ...string) {
			t.Chdir(t.TempDir())
			var out, errs bytes.Buffer
			code := execute(t.Context(), append([]string{"health"}, args...), nil, &out, &errs)
			if code != c.code || out.String() != c.out || !strings.Contains(errs.String(), c.errs) {
				t.Errorf("exit code %d, printed %q and %q; want %d, %q and %q", code, &out, &errs, c.code, c.out, c.errs)
			}
		}
		t.Run(name, func(t *testing.T) {
			socket := filepath.Join(t.TempDir(), "sock")
			listener, err := net.Listen("unix", socket)
			if err != nil {
				t.Fatal(err)
			}
			s := httptest.NewUnstartedServer(serve)
			s.Listener = listener
			s.Start()
			defer s.Close()
			check(t, "--socket", socket)
		})
		t.Run(name+", at a URL", func(t *testing.T) {
			s := httptest.NewServer(serve)
			defer s.Close()
			check(t, "--url", s.URL)
		})
	}
}
