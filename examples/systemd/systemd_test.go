// Package systemd_test holds the unit to what systemd itself says of it.
package systemd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

// At most 2.0 of the 10 that a service without any hardening has.
const threshold = "20"

func TestTheUnitIsHardened(t *testing.T) {
	analyze(t, "security", "--offline=true", "--threshold="+threshold, "--no-pager", "flyball.service")
}

// systemd knows every setting of the unit. What it starts must be there, so it gets something else to start.
func TestSystemdKnowsTheUnit(t *testing.T) {
	text, err := os.ReadFile("flyball.service")
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "flyball.service")
	there := strings.Replace(string(text), "/usr/local/bin/flyball", "/bin/true", 1)
	if err := os.WriteFile(unit, []byte(there), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := analyze(t, "verify", "--man=no", unit); said != "" {
		t.Errorf("systemd-analyze verify says\n%s", said)
	}
}

func analyze(t *testing.T, args ...string) string {
	t.Helper()
	text, err := exec.Command(metricstest.Program(t, "systemd-analyze", "systemd"), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("systemd-analyze %q: %v\n%s", args, err, text)
	}
	return string(text)
}
