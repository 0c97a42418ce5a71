package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"log/slog"
	"net/http"
	"os"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write openapi.json anew")

// The document that is committed is the one that the code makes.
func TestCommittedOpenAPI(t *testing.T) {
	s := build(Server{Flyball: &paper{}, Healthy: &paper{}, Drafts: &paper{}, Log: slog.New(slog.DiscardHandler), Clock: time.Now}, http.NewServeMux())
	text, err := json.Marshal(s.api.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := json.Indent(&want, text, "", "\t"); err != nil {
		t.Fatal(err)
	}
	want.WriteByte('\n')
	if *update {
		if err := os.WriteFile("openapi.json", want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(openAPI, want.Bytes()) {
		t.Error("openapi.json is not what the code says; run make generate, and look at the difference")
	}
}
