package app

import (
	"testing"

	"github.com/flyball-dev/flyball/engine/api"
)

// The API is looked at where the daemon that runs has it, else where the options have it.
func TestCheckAPI(t *testing.T) {
	tests := []struct {
		name    string
		listen  string
		running *api.Daemon
		result  string
		detail  string
	}{
		{"no daemon runs", "127.0.0.1:5001", nil, "ok", "at 127.0.0.1:5001, which this machine alone reaches"},
		{"no daemon runs, none is to listen", "none", nil, "ok", "at the socket alone"},
		{"one runs elsewhere", "127.0.0.1:5001", &api.Daemon{Listens: "http://127.0.0.1:5131"}, "ok", "at 127.0.0.1:5131, which this machine alone reaches"},
		{"one runs at the socket alone", "127.0.0.1:5001", &api.Daemon{}, "ok", "at the socket alone"},
		{"one runs with TLS", "127.0.0.1:5001", &api.Daemon{Listens: "https://[::]:5131"}, "ok", "at [::]:5131, with TLS"},
		{"one runs for all, without TLS", "none", &api.Daemon{Listens: "http://[::]:5131"}, "warning",
			"at [::]:5131, without TLS: tokens and passwords go over the network as they are"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if c := checkAPI(Options{Listen: tt.listen}, tt.running); c.Result != tt.result || c.Detail != tt.detail {
				t.Errorf("got %s %q, want %s %q", c.Result, c.Detail, tt.result, tt.detail)
			}
		})
	}
}
