package dockertest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLiveEngineOfOurOwn(t *testing.T) {
	e := Start(t)
	e.Build(t, "flyball-test/service", Program, Plain)

	dir := t.TempDir()
	file := "services:\n  web:\n    image: flyball-test/service\n"
	if err := os.WriteFile(filepath.Join(dir, "compose.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	e.Compose(t, dir, "-p", "flyball-own", "up", "-d")
	t.Cleanup(func() { e.TryCompose(t, dir, "-p", "flyball-own", "down", "-t", "0") })
	id := strings.TrimSpace(e.Compose(t, dir, "-p", "flyball-own", "ps", "-q"))

	name, err := e.Exec(t.Context(), id, "/service", "get", "http://web:8080/")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(name); got != id[:12] {
		t.Errorf("the service answers %q, want its host name %s", got, id[:12])
	}
	if _, err := e.Exec(t.Context(), id, "/service", "get", "http://web:1/"); err == nil {
		t.Error("a command that exits 1 gives no error")
	}
}

func TestLiveKilledEngineComesBack(t *testing.T) {
	e := Start(t)
	e.Kill(t)
	if _, err := e.Client().Ping(t.Context()); err == nil {
		t.Error("a killed engine answers")
	}
	e.Revive(t)
	if _, err := e.Client().Ping(t.Context()); err != nil {
		t.Error(err)
	}
}
