package schema

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSharedStore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "flyball.cue")
	text := `config: store: {
	url:       "rediss+sentinel://one:26379,two:26379/main?prefix=shop"
	username:  "flyball"
	password:  file: "/run/secrets/redis"
	lease:     "30s"
	auditDays: 90
}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := Load(file, nil)
	if err != nil || len(set.Problems) > 0 {
		t.Fatal(set.Problems, err)
	}
	want := SharedStore{
		URL: "rediss+sentinel://one:26379,two:26379/main?prefix=shop", Username: "flyball",
		Password: Secret{File: "/run/secrets/redis"}, Lease: 30 * time.Second,
	}
	if set.Config.Store != want || set.Config.AuditDays != 90 || set.Config.StorePath != "" {
		t.Errorf("got %+v, audit for %d days, path %q; want %+v, 90 and none", set.Config.Store, set.Config.AuditDays, set.Config.StorePath, want)
	}
}
